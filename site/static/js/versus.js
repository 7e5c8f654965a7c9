// @ts-check
// What would be compared: the lesson's comparison on the bench, or the knobs as
// they stand against what was before. The panel, and the button beside Run.

/** @import {Experiment, LessonComparison, Summary} from "./events.js" */
/** @import {Run} from "./run.js" */
import { comparisonOf, partner, provisional, rows, sentence, strip, voided } from "./compare.js";
import { byId, el, every } from "./dom.js";
import { comparisons, page } from "./page.js";
import { both, plain, text } from "./words.js";

/**
 * @typedef {object} Order
 * @property {Record<string, unknown>} body of POST /api/comparisons
 * @property {number} seconds that it takes
 */

/** @typedef {{start: () => void, block: (n: number) => void, under: (n: number) => void}} Acts */

export class Versus {
  #panel = byId("ui-compare");
  #button = /** @type {HTMLButtonElement} */ (byId("ui-versus"));
  #x = /** @type {Experiment|null} */ (null);
  /** @type {LessonComparison|null} the one of the lesson that is on the bench */
  posed = null;
  #said = "";
  #acts;

  /** @param {Acts} acts */
  constructor(acts) {
    this.#acts = acts;
    this.#button.addEventListener("click", () => acts.start());
  }

  /** @param {Experiment} x @param {LessonComparison|null} c */
  build(x, c) {
    this.#x = x;
    this.posed = c;
    this.#said = "";
    for (const card of every(document, "[data-compare-card]")) {
      const on = card.dataset.compareCard === c?.id;
      card.classList.toggle("is-on", on);
      card.querySelector("[data-act=compare]")?.setAttribute("aria-pressed", String(on));
    }
  }

  /**
   * What the button would start; null: there is nothing to compare with.
   * @param {Run|null} run on the bench
   * @param {Summary|undefined} before the last run that was measured
   * @param {Record<string, string>} settings of the knobs now, where they differ from the experiment
   * @param {(r: Summary) => boolean} alike whether the knobs stand as in that run
   * @returns {Order|null}
   */
  order(run, before, settings, alike) {
    const x = this.#x;
    if (!x || x.sweep || (run && !run.over && run.id)) return null; // the blocks of a sweep differ already
    if (this.posed) return { body: { lesson: page.lesson, comparison: this.posed.id }, seconds: this.posed.seconds };
    const body = { lesson: page.lesson, experiment: x.id, settings };
    if (before && !alike(before)) return { body: { ...body, before: { run: before.id } }, seconds: x.inTurns };
    if (Object.keys(settings).length > 0) return { body: { ...body, before: { settings: {} } }, seconds: x.inTurns };
    return null;
  }

  /** @param {Run|null} run @param {Run|null} under what lies underneath @param {Order|null} order @param {boolean} may whether it could be started now */
  draw(run, under, order, may) {
    this.#offer(order, may);
    const shown = run?.begin?.kind === "comparison" ? run : null;
    this.#panel.hidden = !shown && !this.posed;
    const key = JSON.stringify([this.posed?.id, shown?.id, shown?.phase, shown?.block, shown?.blocks.map((b) => [b.trust, b.retry]), order?.seconds, may, under?.id, under?.block]);
    if (key === this.#said || this.#panel.hidden) return;
    this.#said = key;
    const kept = this.#panel.contains(document.activeElement);
    this.#panel.replaceChildren(this.#head(), ...(shown ? this.#result(shown, under) : [el("p", { class: "run-empty" }, both("compare.empty"))]), ...(order ? [this.#again(order, may, shown)] : []));
    if (kept) this.#panel.querySelector("button")?.focus();
  }

  /** @param {Order|null} order @param {boolean} may */
  #offer(order, may) {
    this.#button.hidden = order === null || this.posed !== null; // Run starts what is on the bench
    this.#button.disabled = !may;
    const key = String(order?.seconds);
    if (!order || this.#button.dataset.said === key) return;
    this.#button.dataset.said = key;
    this.#button.replaceChildren(both("compare.before"), " · ", both("compare.seconds", { n: Math.round(order.seconds) }), el("kbd", { class: "key", "aria-hidden": "true" }, "c"));
  }

  #head() {
    return el("header", {}, el("h3", {}, both(this.posed ? this.posed.title : "compare.before")), el("span", { class: "aside" }, both("compare.interval")));
  }

  /** The block that was measured beside the one that is shown, to be laid underneath. @param {Run} run @param {Run|null} under */
  #pair(run, under) {
    const n = run.over && run.id ? partner(run) : -1, on = under?.id === run.id && under.block === n;
    if (n < 0) return [];
    const b = el("button", { class: "button button-bare", type: "button", "aria-pressed": String(on) }, both("compare.pair", { n: n + 1, name: "AB"[run.blocks[n].arm] ?? "?" }));
    b.addEventListener("click", () => this.#acts.under(n));
    return [b];
  }

  /** @param {Run} run @param {Run|null} under */
  #result(run, under) {
    const c = comparisonOf(run.end), of = comparisons.find((k) => k.name === run.begin?.experiment), arms = run.begin?.arms ?? [];
    const named = of ? [of.aTitle, of.bTitle] : arms.map((a) => plain(a.label));
    const legend = el("p", { class: "compare-legend" }, ...named.map((t, i) => el("span", {}, el("b", {}, "AB"[i] ?? ""), " ", both(t))), strip(run, run.over && run.id ? this.#acts.block : null));
    const bad = voided(run, c);
    legend.append(...this.#pair(run, under));
    if (bad) legend.append(el("span", {}, both(bad)));
    if (c) return [legend, rows(c.metrics), sentence(c)];
    const key = run.over ? "compare.cut" : "compare.going";
    return [legend, ...provisional(run), el("p", { class: "run-empty", role: "status" }, both(key, { n: run.blocks.length, total: run.begin?.plan?.order.length ?? 0 }))];
  }

  /** @param {Order} order @param {boolean} may @param {Run|null} shown */
  #again(order, may, shown) {
    const go = el("button", { class: "button", type: "button", disabled: !may }, both(shown ? "compare.again" : "compare.start"), " · ", both("compare.seconds", { n: Math.round(order.seconds) }));
    go.addEventListener("click", () => this.#acts.start());
    const x = this.#x, rounds = this.posed?.rounds ?? 3;
    return el("p", { class: "compare-do" }, go, el("span", {}, both(text(x?.warmup ? "compare.plan" : "compare.plan.cold", { blocks: 4 * rounds, seconds: x?.seconds ?? 0, warmup: x?.warmup ?? 0 }))));
  }
}
