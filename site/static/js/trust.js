// @ts-check
// The badge that says whether a run can be trusted, and why.

/** @import {Doubt} from "./events.js" */
/** @import {Run} from "./run.js" */
import { byId, el, icon } from "./dom.js";
import { duration, figure } from "./format.js";
import { both, known } from "./words.js";

/** @param {Doubt} d @param {number} v */
function amount(d, v) {
  if (d.code === "late") return duration(v);
  return d.code === "steal" ? `${figure(v * 100)}%` : figure(v);
}

/** @param {Doubt} d */
const name = (d) => (known(`doubt.${d.code}`) ? `doubt.${d.code}` : "doubt.unknown");

export class Trust {
  #badge = byId("ui-trust");
  #why = byId("ui-trust-why");
  /** @type {Run|null} */
  #of = null;
  #level = "";

  constructor() {
    this.#badge.addEventListener("click", () => this.#open(this.#why.hidden === true));
  }

  /** @param {boolean} on */
  #open(on) {
    this.#why.hidden = !on;
    this.#badge.setAttribute("aria-expanded", String(on));
  }

  /** @param {Run|null} run */
  draw(run) {
    const level = run?.end && run.phase === "finished" ? run.end.trust : "", doubts = run?.end?.doubts ?? [];
    if (run === this.#of && level === this.#level) return;
    this.#of = run;
    this.#level = level;
    this.#badge.hidden = level === "";
    this.#open(level === "void");
    if (!level) {
      this.#open(false);
      return;
    }
    this.#badge.dataset.level = level;
    const first = doubts.find((d) => d.void) ?? doubts[0];
    this.#badge.replaceChildren(...(level === "green" ? [icon("check")] : []), el("span", {}, both(`trust.${level}`), ...(first ? [": ", both(name(first), { code: first.code })] : [])));
    this.#why.replaceChildren(el("b", {}, both("trust.why")), doubts.length ? this.#list(doubts) : el("p", {}, both("trust.green.why")));
    const how = run?.begin?.host.isolation;
    if (how) this.#why.append(el("p", { class: "run-held" }, both("run.isolation", { how })));
  }

  /** @param {Doubt[]} doubts */
  #list(doubts) {
    const dl = el("dl");
    for (const d of doubts) {
      dl.append(el("dt", {}, both(name(d), { code: d.code })), el("dd", { class: "num" }, amount(d, d.value)), el("dd", {}, both("trust.bound", { bound: amount(d, d.bound) })),
        el("dd", { class: "run-trust-why" }, both(`${name(d)}.why`)));
    }
    return dl;
  }
}
