// @ts-check
// The charts of the experiment on the bench, with one cursor and one zoom for all.

/** @import {Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
import { BenchCurve } from "./benchcurve.js";
import { Chart, View } from "./chart.js";
import { byId, el } from "./dom.js";
import { drawHeat } from "./heat.js";
import { plans } from "./scale.js";
import { HZ } from "./series.js";
import { both, label } from "./words.js";

export class Charts {
  #box = byId("ui-charts");
  view = new View();
  /** @type {Chart[]} */
  #charts = [];
  /** @type {HTMLCanvasElement|null} */
  #heat = null;
  /** @type {BenchCurve|null} of a sweep, in the place of everything else */
  #curve = null;
  #moved;

  /** @param {() => void} moved the cursor or the zoom has changed */
  constructor(moved) {
    this.#moved = moved;
    new ResizeObserver(() => moved()).observe(this.#box);
    document.addEventListener("marked", (e) => { this.view.proof = /** @type {CustomEvent<[number, number]|null>} */ (e).detail; moved(); });
    document.addEventListener("look", () => { for (const c of this.#charts) c.redraw(); });
  }

  /** @param {Experiment} x */
  build(x) {
    for (const c of this.#charts) c.destroy();
    this.#curve?.destroy();
    this.#curve = x.sweep ? new BenchCurve(x) : null;
    Object.assign(this.view, { zoom: null, row: null, warmup: x.warmup, total: x.warmup + x.seconds, marks: [] });
    this.#charts = (x.sweep ? [] : plans(x)).map((p) => new Chart(p, this.view, this.#moved));
    this.#box.replaceChildren(...this.#charts.map((c) => c.root));
    if (this.#charts.length % 2) this.#charts[this.#charts.length - 1].root.classList.add("run-chart-wide");
    this.#heat = null;
    if (this.#curve) this.#box.append(this.#curve.root);
    else if (x.load) this.#box.append(this.#heatmap());
  }

  #heatmap() {
    this.#heat = el("canvas", { role: "img" });
    label(this.#heat, "run.heat.label");
    const key = el("span", { class: "heat-key", "aria-hidden": "true" }, "1", el("i"), el("i"), el("i"), el("i"), "10k");
    return el("div", { class: "run-chart run-chart-wide" },
      el("header", {}, el("h3", {}, both("run.heat"), " ", el("small", {}, both("run.heat.column"))), key),
      el("div", { class: "heat" }, this.#heat));
  }

  /**
   * @param {Run|null} run
   * @param {Run|null} before
   * @param {number} upTo the last row that is shown
   * @param {View["marks"]} marks
   */
  draw(run, before, upTo, marks) {
    this.view.marks = marks;
    if (run) Object.assign(this.view, { warmup: run.series.warmup, total: run.series.total });
    for (const c of this.#charts) c.draw(run, before, upTo);
    this.#curve?.draw(run);
  }

  /** @param {Run|null} run @param {number} upTo */
  digits(run, upTo) {
    const row = this.view.row ?? upTo;
    for (const c of this.#charts) c.digits(run, Math.min(row, upTo));
  }

  /** @param {Run|null} run @param {number} upTo */
  heat(run, upTo) {
    if (this.#heat) drawHeat(this.#heat, run?.heat ?? null, { total: this.view.total, warmup: this.view.warmup, upTo: upTo / HZ });
  }

  /** @param {number|null} t seconds since load began */
  point(t) {
    for (const c of this.#charts) c.point(t);
    this.view.row = t === null ? null : Math.round(t * HZ);
  }
}
