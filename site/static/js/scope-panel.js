// @ts-check
// One trace on the page: its title, what it came to, its drawing, and the same
// as a list. Arrow keys walk from event to event.

/** @import {Mark, Row, Trace} from "./scope-data.js" */
/** @import {Axis} from "./scope-time.js" */
import { el, hit } from "./dom.js";
import { duration, figure, fixed } from "./format.js";
import { outcome, rowsOf, marksOf } from "./scope-data.js";
import { draw, nameOf } from "./scope-draw.js";
import { both, label } from "./words.js";

export class Panel {
  /** @type {Row[]} */
  rows = [];
  /** @type {Mark[]} */
  marks = [];
  #at = -1;
  #names = el("div", { class: "scope-names", "aria-hidden": "true" });
  #scroll = el("div", { class: "scope-scroll", tabindex: 0, role: "group", "aria-describedby": "ui-scope-hint" });
  #body = el("tbody");
  #count = el("summary");
  root;

  /**
   * @param {Trace} trace
   * @param {string} title key of what it shows; empty: only the command
   * @param {(panel: Panel, mark: Mark, go: boolean) => void} chosen go: to its details
   * @param {(from: Panel, left: number) => void} scrolled
   */
  constructor(trace, title, chosen, scrolled) {
    this.trace = trace;
    this.chosen = chosen;
    const knobs = Object.entries(trace.knobs ?? {}).map(([k, v]) => ` -${k}=${v}`).join("");
    const id = `ui-scope-${trace.id}`;
    const head = el("h2", { id }, ...(title ? [both(title), " "] : []), el("code", {}, trace.lab, ...Object.entries(trace.knobs ?? {}).flatMap(([k, v]) => [" ", el("span", {}, `-${k}=${v}`)])));
    const sums = el("ul", { class: "scope-sums" }, ...trace.conns.map((c) => el("li", { "data-stall": c.stalls.some((x) => !x.held) ? "true" : "false" }, both(...sum(c)))));
    label(this.#scroll, "scope.drawing", { lab: `${trace.lab}${knobs}` });
    const table = el("table", {}, el("thead", {}, el("tr", {}, ...["time", "lane", "call", "result", "took"].map((k) => el("th", { scope: "col" }, both(`scope.col.${k}`))))), this.#body);
    const region = el("div", { class: "scope-table", tabindex: 0, role: "region", "aria-labelledby": id }, table);
    this.root = el("section", { class: "scope-panel", "aria-labelledby": id }, head, sums, el("div", { class: "scope-body" }, this.#names, this.#scroll),
      el("details", { class: "scope-list" }, this.#count, region));
    this.#scroll.addEventListener("keydown", (e) => this.#key(e));
    this.#scroll.addEventListener("click", (e) => { const g = hit(e, "[data-i]"); if (g) this.choose(Number(g.dataset.i), false); });
    this.#scroll.addEventListener("scroll", () => scrolled(this, this.#scroll.scrollLeft));
    this.#body.addEventListener("click", (e) => { const b = hit(e, "button[data-i]"); if (b) this.choose(Number(b.dataset.i), true); });
  }

  /** @param {boolean} all what is left out at first too */
  sort(all) {
    const was = this.marks[this.#at]?.call ?? this.marks[this.#at]?.packet;
    this.rows = rowsOf(this.trace, all);
    this.marks = marksOf(this.trace, this.rows, all);
    this.#at = was ? this.marks.findIndex((m) => (m.call ?? m.packet) === was) : -1;
    this.#names.replaceChildren(...this.rows.map(nameOf));
    this.#count.replaceChildren(both("scope.list", { n: this.marks.length }));
    this.#body.replaceChildren(...this.marks.map((m, i) => this.#line(m, i)));
  }

  /** @param {Axis} axis @param {number} most */
  draw(axis, most) {
    this.axis = axis;
    this.#scroll.replaceChildren(draw(this.trace, this.rows, this.marks, axis, most));
    this.#mark();
  }

  get room() { return this.#scroll.clientWidth; }
  get left() { return this.#scroll.scrollLeft; }
  set left(x) { if (Math.abs(this.#scroll.scrollLeft - x) > 1) this.#scroll.scrollLeft = x; }

  /** @param {number} i @param {boolean} go to the details */
  choose(i, go) {
    if (!this.marks[i]) return;
    this.#at = i;
    this.#mark();
    const x = this.axis?.at(this.marks[i].t) ?? 0, left = this.#scroll.scrollLeft;
    if (x < left + 20 || x > left + this.room - 60) this.#scroll.scrollLeft = x - this.room / 3;
    this.chosen(this, this.marks[i], go);
  }

  unmark() {
    this.#at = -1;
    this.#mark();
  }

  #mark() {
    for (const g of this.#scroll.querySelectorAll(".is-on")) g.classList.remove("is-on");
    this.#scroll.querySelector(`[data-i="${this.#at}"]`)?.classList.add("is-on");
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const last = this.marks.length - 1, at = this.#at;
    const to = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last, ArrowDown: this.#beside(1), ArrowUp: this.#beside(-1), Enter: Math.max(at, 0) }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    e.stopPropagation(); // the arrows turn pages elsewhere
    this.choose(to, e.key === "Enter");
  }

  /** The nearest mark in the next row that has any. @param {1|-1} way */
  #beside(way) {
    const from = this.marks[this.#at];
    if (!from) return 0;
    for (let row = from.row + way; row >= 0 && row < this.rows.length; row += way) {
      let best = -1;
      this.marks.forEach((m, i) => { if (m.row === row && (best < 0 || Math.abs(m.t - from.t) < Math.abs(this.marks[best].t - from.t))) best = i; });
      if (best >= 0) return best;
    }
    return this.#at;
  }

  /** @param {Mark} m @param {number} i */
  #line(m, i) {
    const c = m.call, p = m.packet;
    const said = c ? `${c.call}(${c.args})` : `${p?.from === "client" ? "→" : "←"} ${p?.flags} seq ${p?.seq} len ${p?.len}`;
    const took = !c ? "" : c.took === null ? both("scope.never") : duration(c.took);
    return el("tr", { "data-kind": m.kind }, el("td", { class: "right" }, fixed(m.t * 1e3, 2)), el("td", {}, nameOf(this.rows[m.row])),
      el("td", {}, el("button", { type: "button", "data-i": i }, said)), el("td", {}, c ? outcome(c) : ""), el("td", { class: "right" }, took));
  }
}

/** What a connection came to. @param {import("./scope-data.js").Conn} c @returns {[string, import("./words.js").Args]} */
function sum(c) {
  const args = { n: c.n, sent: figure(c.sent), got: figure(c.got), reads: c.reads, again: c.again, wakeups: c.wakeups, left: figure(c.sent - c.read) };
  if (!c.known) return ["scope.sum.unknown", args];
  const stall = c.stalls.find((x) => !x.held) ?? c.stalls[0];
  if (stall) return [stall.held ? "scope.sum.held" : "scope.sum.stall", { ...args, waited: figure(stall.bytes), time: duration(stall.to - stall.from) }];
  return [c.sent > c.read ? "scope.sum.left" : "scope.sum", args];
}
