// @ts-check
// What a sweep says: one chart for the servers that share a load, and below it each
// server in words and numbers.

/** @import {Capacity, LoadCurve as Curve} from "./events.js" */
import { Chart, nameOf } from "./curves.js";
import { remark, sentences, table } from "./curvetext.js";
import { el } from "./dom.js";
import { both } from "./words.js";

/** @param {Curve} c @param {string} setting @param {string|null} now the label of the block that is measured */
function detail(c, setting, now) {
  const lab = c.server ? [" ", el("small", {}, `labs/${c.lab}`)] : [];
  return el("section", { class: "curve-detail" }, el("h3", {}, both(nameOf(c)), ...lab), sentences(c, setting), table(c, setting, now));
}

export class Result {
  /** @type {Chart[]} */
  #charts = [];
  /** @type {Node[]} */
  nodes = [];

  /** @param {Capacity} c @param {number} goal seconds @param {string|null} now */
  constructor(c, goal, now) {
    const clients = [...new Set(c.curves.map((x) => x.client))];
    let from = 0;
    for (const client of clients) {
      const curves = c.curves.filter((x) => x.client === client), chart = new Chart({ curves, from, setting: c.setting, goal, remark });
      from += curves.length;
      this.#charts.push(chart);
      if (clients.length > 1 && client === "file") this.nodes.push(el("p", { class: "curve-other" }, both("capacity.file")));
      this.nodes.push(chart.root, ...curves.map((x) => detail(x, c.setting, now)));
    }
  }

  destroy() { for (const c of this.#charts) c.destroy(); }
}
