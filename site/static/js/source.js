// @ts-check
// The program speaks in its own margin: beside each line that counts, the total
// and how often it counts now.

/** @import {Run} from "./run.js" */
import { el, every, put, svg } from "./dom.js";
import { bytes, figure, short } from "./format.js";
import { metricOf } from "./page.js";
import { both } from "./words.js";

/** @typedef {{e: HTMLDataElement, lab: string, metric: string, total: HTMLElement, rate: HTMLElement, bar: SVGRectElement}} Count */

/** @param {HTMLElement} e @returns {Count|null} */
function count(e) {
  if (!(e instanceof HTMLDataElement)) return null;
  const name = e.dataset.metric ?? "", metric = name.startsWith("lab.") ? name : `lab.${name}`;
  const total = el("span"), rate = el("span"), bar = svg("rect", { height: 1, width: 0 });
  e.title = metric;
  e.append(total, el("span", { class: "count-rate" }, rate, svg("svg", { "aria-hidden": "true", viewBox: "0 0 100 1", preserveAspectRatio: "none" }, bar)));
  return { e, lab: e.dataset.lab ?? "", metric, total, rate, bar };
}

export class Source {
  #counts = every(document, ".count[data-metric]").map(count).filter((c) => c !== null);

  /** @param {string} lab whose run is on the bench @param {Run|null} run @param {number} row */
  draw(lab, run, row) {
    const begun = run !== null && run.series.begun && row >= 0;
    for (const c of this.#counts) this.#one(c, begun && c.lab === lab ? run : null, row);
    for (const s of every(document, "[data-source-of]")) this.#from(s, begun && s.dataset.sourceOf === lab ? run : null);
  }

  /** @param {Count} c @param {Run|null} run @param {number} row */
  #one(c, run, row) {
    const n = run?.series.count(c.metric, row) ?? NaN, known = Number.isFinite(n);
    const live = run !== null && run.phase === "running", rate = live ? run.series.rate(c.metric, row) : NaN;
    c.e.toggleAttribute("data-idle", !(n >= 1));
    c.e.value = known ? String(n) : "";
    put(c.total, known ? (metricOf(c.metric).unit === "bytes" ? bytes(n) : figure(n)) : "");
    put(c.rate, rate > 0 ? `${short(Math.round(rate))}/s` : "");
    c.bar.setAttribute("width", String(rate > 1 ? Math.min(100, 14 * Math.log10(rate)) : 0));
  }

  /** @param {HTMLElement} section @param {Run|null} run */
  #from(section, run) {
    const from = section.querySelector(".source-from");
    if (!(from instanceof HTMLElement)) return;
    const key = run === null ? "" : run.author ? "lesson.source.author" : "lesson.source.run";
    if (from.dataset.key === key) return;
    from.dataset.key = key;
    from.hidden = key === "";
    from.replaceChildren(key ? both(key) : "");
  }
}
