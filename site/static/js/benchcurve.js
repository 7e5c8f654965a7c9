// @ts-check
// A sweep on the bench: its curve in the place of charts over time. It asks again
// whenever a block has ended.

/** @import {Capacity, Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
import { get } from "./api.js";
import { Chart } from "./curves.js";
import { remark, sentences, table } from "./curvetext.js";
import { el } from "./dom.js";
import { page } from "./page.js";
import { both, language } from "./words.js";

const GOAL = 0.01; // seconds, as the page of capacity begins with

export class BenchCurve {
  #x;
  #body = el("div", { class: "curve-bench" });
  #link = el("a", { class: "button button-bare" }, both("capacity.card"));
  #shown = "";
  /** @type {Chart[]} */
  #charts = [];
  root;

  /** @param {Experiment} x */
  constructor(x) {
    this.#x = x;
    this.#nothing();
    this.#link.hidden = page.offline === true;
    this.root = el("div", { class: "run-chart run-chart-wide" }, this.#body, this.#link);
  }

  destroy() { for (const c of this.#charts) c.destroy(); }

  /** What there will be. */
  #nothing() {
    const { setting = "", values = [] } = this.#x.sweep ?? {};
    this.#body.replaceChildren(el("p", { class: "run-empty" }, both("capacity.steps"), " ", el("code", {}, setting), `: ${values.join(", ")}.`));
    this.#link.href = `/${language()}/capacity?experiment=${this.#x.name}&setting=${setting}&values=${values.join(",")}`;
  }

  /** @param {Run|null} run */
  draw(run) {
    const ended = run?.blocks.filter((b) => b?.trust).length ?? 0, key = run ? `${run.id} ${ended} ${run.over}` : "";
    if (key === this.#shown) return;
    this.#shown = key;
    if (run && (ended > 0 || run.author)) this.#ask(run, key);
    else this.#nothing();
  }

  /** @param {Run} run @param {string} key */
  async #ask(run, key) {
    const path = run.author ? `/api/experiments/${this.#x.name}/author/capacity` : `/api/runs/${run.id}/capacity`;
    try {
      const { capacity } = /** @type {{capacity: Capacity}} */ (await get(path));
      if (this.#shown !== key) return;
      for (const c of this.#charts) c.destroy();
      this.#charts = [new Chart({ curves: capacity.curves, from: 0, setting: capacity.setting, goal: GOAL, remark })];
      this.#body.replaceChildren(this.#charts[0].root, ...capacity.curves.flatMap((c) => [sentences(c, capacity.setting), table(c, capacity.setting, null)]));
      if (run.id) this.#link.href = `/${language()}/capacity?run=${run.id}`;
    } catch { /* what was seen stays */ }
  }
}
