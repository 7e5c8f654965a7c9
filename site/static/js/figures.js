// @ts-check
// The watched values over the measured time so far, as the judge says them.

/** @import {Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
import { byId, el, put } from "./dom.js";
import { figure, quantity, short } from "./format.js";
import { metricOf, page } from "./page.js";
import { both } from "./words.js";

/** @param {string} expression @param {number|undefined} v */
export function figureText(expression, v) {
  const { unit } = metricOf(expression);
  if (v === undefined || !Number.isFinite(v)) return "–";
  return unit ? quantity(v, unit) : Number.isInteger(v) && Math.abs(v) >= 1e7 ? short(v) : figure(v);
}

/** The name of a watched expression. @param {string} expression */
export function figureName(expression) {
  const labelled = page.metrics?.[expression]?.label.ko || /^[a-z_.]+$/.test(expression);
  return labelled ? both(metricOf(expression).label) : el("code", {}, expression);
}

export class Figures {
  #box = byId("ui-figures");
  /** @type {[string, HTMLElement][]} */
  #cells = [];

  /** @param {Experiment} x */
  build(x) {
    this.#cells = x.watch.map((expression) => [expression, el("dd", {}, "–")]);
    this.#box.replaceChildren(...this.#cells.map(([expression, dd]) => el("div", {}, el("dt", {}, figureName(expression)), dd)));
    this.#box.hidden = x.watch.length === 0;
  }

  /** @param {Run|null} run @param {number|null} [at] the moment that is shown, in seconds since load began; null: the latest */
  draw(run, at = null) {
    const figures = run?.moment(at).figures ?? {};
    for (const [expression, dd] of this.#cells) put(dd, figureText(expression, figures[expression]));
  }
}
