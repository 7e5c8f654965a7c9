// @ts-check
// The line of one metric of the run on the bench, and the time on it that is marked
// as proof: drawn over with mouse or finger, or set by its two ends with keys.

/** @import {Run} from "./run.js" */
import { axes } from "./curve.js";
import { el, svg } from "./dom.js";
import { figure } from "./format.js";
import { metricOf } from "./page.js";
import { above, Plot } from "./plot.js";
import { scaleOf } from "./scale.js";
import { HZ } from "./series.js";
import { both, label, say } from "./words.js";

const HEIGHT = 150;
/** The shortest time that counts, and the grid of samples, in seconds. */
const LEAST = 0.5, STEP = 1 / HZ;
/** How near a finger must come to an end to take hold of it. */
const REACH = 18;

const KEYS = /** @type {Record<string, number>} */ ({ ArrowRight: STEP, ArrowUp: STEP, ArrowLeft: -STEP, ArrowDown: -STEP, PageUp: 1, PageDown: -1, Home: -Infinity, End: Infinity });

/** @param {number} t */
const grid = (t) => Number((Math.round(t / STEP) * STEP).toFixed(1));

export class Marked {
  #seconds;
  #changed;
  #metric = "";
  /** @type {Run|null} */
  #run = null;
  /** @type {[number, number]|null} */
  #span = null;
  #locked = false;
  #told = "null";
  #plot = new Plot({ points: 1, seconds: 1, range: [0, 1], width: 600, height: HEIGHT });
  #title = el("p", { class: "curve-title" });
  #paper = svg("svg", { "aria-hidden": "true", height: HEIGHT });
  #none = el("p", { class: "marked-none" });
  #ends = [this.#end(0), this.#end(1)];
  #pad = el("div", { class: "curve-pad marked-pad" }, this.#paper, this.#none, ...this.#ends);
  #said = el("p", { class: "marked-said", role: "status" });

  /**
   * @param {HTMLElement} box
   * @param {number} seconds that are measured
   * @param {(from: number, to: number) => void} changed something else was marked
   */
  constructor(box, seconds, changed) {
    this.#seconds = seconds;
    this.#changed = changed;
    box.replaceChildren(this.#title, this.#pad, this.#said);
    this.#listen();
    document.addEventListener("onbench", (e) => this.#put(/** @type {CustomEvent<{run: Run|null}>} */ (e).detail.run));
    for (const name of ["over", "look"]) document.addEventListener(name, () => this.#draw());
    setInterval(() => { if (this.#run && !this.#run.over) this.#draw(); }, 250);
    new ResizeObserver(() => this.#draw()).observe(this.#pad);
  }

  /** @param {Run|null} run */
  #put(run) {
    this.#run = run;
    this.#draw();
  }

  /** @param {string} metric "" for none */
  show(metric) {
    this.#metric = metric;
    this.#draw();
  }

  /** What was typed or found elsewhere; numbers that are no time unmark it. @param {number} from @param {number} to */
  set(from, to) {
    this.#span = from >= 0 && to > from && to <= this.#seconds + 1 ? [from, to] : null;
    this.#draw();
  }

  get locked() { return this.#locked; }

  /** The answer was given. */
  lock() {
    this.#locked = true;
    this.#draw();
  }

  /** @param {0|1} i */
  #end(i) {
    const end = el("div", { class: "marked-end", role: "slider", tabindex: 0, "data-end": i ? "to" : "from", "aria-valuemin": 0 });
    label(end, i ? "mystery.mark.to" : "mystery.mark.from");
    end.addEventListener("keydown", (e) => {
      const by = KEYS[e.key];
      if (by === undefined || this.#locked) return;
      e.preventDefault();
      const [from, to] = this.#span ?? [0, this.#seconds];
      this.#mark(i, (i ? to : from) + by);
    });
    return end;
  }

  /** Moves one end; the other stays, and keeps its distance. @param {0|1} i @param {number} t */
  #mark(i, t) {
    const [from, to] = this.#span ?? [0, this.#seconds];
    this.#take(i ? [from, Math.min(this.#seconds, Math.max(from + LEAST, t))] : [Math.max(0, Math.min(to - LEAST, t)), to]);
  }

  /** @param {[number, number]|null} span */
  #take(span) {
    this.#span = span && [grid(span[0]), grid(span[1])];
    this.#draw();
    this.#changed(this.#span?.[0] ?? NaN, this.#span?.[1] ?? NaN);
  }

  #listen() {
    /** @type {[number, number]|null} */
    let before = null;
    let anchor = 0, end = /** @type {0|1|null} */ (null);
    const at = (/** @type {PointerEvent} */ e) => Math.max(0, Math.min(this.#seconds, this.#plot.t(e.clientX - this.#pad.getBoundingClientRect().left)));
    this.#pad.addEventListener("pointerdown", (e) => {
      if (this.#locked || e.button > 0) return;
      this.#pad.setPointerCapture(e.pointerId);
      before = this.#span;
      anchor = at(e);
      end = this.#near(anchor);
      if (end !== null) this.#ends[end].focus({ preventScroll: true });
    });
    this.#pad.addEventListener("pointermove", (e) => {
      if (!this.#pad.hasPointerCapture(e.pointerId)) return;
      const t = at(e);
      if (end !== null) this.#mark(end, t);
      else if (Math.abs(t - anchor) >= STEP / 2) this.#take(this.#wide(anchor, t));
    });
    // a finger that went up or down scrolls the page and has marked nothing
    this.#pad.addEventListener("pointercancel", () => this.#take(before));
  }

  /** From where it was begun to where it is now, as long as it must be. @param {number} a @param {number} b @returns {[number, number]} */
  #wide(a, b) {
    const from = Math.min(a, b, this.#seconds - LEAST), to = Math.max(a, b);
    return b < a && to - from < LEAST ? [Math.max(0, to - LEAST), Math.max(to, LEAST)] : [from, Math.max(to, from + LEAST)];
  }

  /** The end that is within reach of a time, if any. @param {number} t @returns {0|1|null} */
  #near(t) {
    if (!this.#span) return null;
    const far = this.#span.map((s) => Math.abs(this.#plot.x(s) - this.#plot.x(t))), i = far[0] < far[1] || (far[0] === far[1] && t < this.#span[0]) ? 0 : 1;
    return far[i] <= REACH ? i : null;
  }

  /** What there is to be drawn, in the units of the chart; null: nothing. */
  #line() {
    const { by } = scaleOf(this.#metric, ""), values = this.#run?.series.line(this.#metric, by, this.#run.series.last) ?? [];
    return values.some((v) => v !== null) ? values : null;
  }

  #draw() {
    const line = this.#metric ? this.#line() : null, name = metricOf(this.#metric).label, scale = scaleOf(this.#metric, "");
    const why = !this.#metric ? "mystery.mark.metric" : !this.#run ? "mystery.mark.run" : line ? "" : "mystery.mark.absent";
    this.#none.hidden = why === "";
    this.#none.replaceChildren(...(why ? [both(why)] : []));
    this.#title.replaceChildren(...(this.#metric ? [both(name), " ", el("small", {}, both(scale.unit))] : []));
    const known = line?.flatMap((v) => (v === null || (scale.log && v <= 0) ? [] : [v])) ?? [], top = above(Math.max(1e-9, ...known));
    const range = /** @type {[number, number]} */ (scale.log && known.length ? [10 ** Math.floor(Math.log10(Math.min(...known))), 10 ** Math.ceil(Math.log10(Math.max(...known) * 1.001))] : [0, top]);
    const p = (this.#plot = new Plot({ points: 1, seconds: this.#seconds, range, width: this.#pad.clientWidth, height: HEIGHT }));
    this.#paper.setAttribute("width", String(p.right + 10));
    this.#paper.replaceChildren(...(line ? axes(p, figure) : []), ...this.#band(p), ...(line ? [svg("path", { class: "curve-fact", d: path(p, line) })] : []));
    this.#place(p, line !== null);
    label(this.#pad, "mystery.mark.label", { metric: name });
    this.#pad.setAttribute("role", "group");
    this.#tell();
  }

  /** The charts of the bench shade the same time. */
  #tell() {
    const key = String(this.#span);
    if (key === this.#told) return;
    this.#told = key;
    document.dispatchEvent(new CustomEvent("marked", { detail: this.#span }));
  }

  /** @param {Plot} p */
  #band(p) {
    if (!this.#span) return [];
    const [from, to] = this.#span.map((t) => p.x(Math.min(t, this.#seconds)));
    return [svg("rect", { class: "marked-band", x: from, width: Math.max(1, to - from), y: p.top, height: p.bottom - p.top })];
  }

  /** Where the ends stand, and what is said of them. @param {Plot} p @param {boolean} drawn */
  #place(p, drawn) {
    const span = this.#span ?? [0, this.#seconds], said = this.#span ? "mystery.mark.at" : "mystery.mark.open";
    this.#ends.forEach((end, i) => {
      end.hidden = !drawn;
      end.style.left = `${p.x(Math.min(span[i], this.#seconds))}px`;
      end.classList.toggle("is-open", !this.#span);
      end.setAttribute("aria-valuemax", String(this.#seconds));
      end.setAttribute("aria-valuenow", String(span[i]));
      end.setAttribute("aria-valuetext", say(said, { t: span[i] }));
      end.setAttribute("aria-disabled", String(this.#locked));
    });
    this.#pad.setAttribute("aria-disabled", String(this.#locked));
    const v = this.#extent(), key = JSON.stringify([this.#span, v]);
    if (this.#said.dataset.said === key) return;
    this.#said.dataset.said = key;
    this.#said.replaceChildren(...(this.#span && v ? [both("mystery.mark.said", { from: span[0], to: span[1], low: figure(v[0]), high: figure(v[1]) })] : [both("mystery.mark.how")]));
  }

  /** The smallest and the largest value of what is marked. @returns {[number, number]|null} */
  #extent() {
    if (!this.#span || !this.#metric) return null;
    const [from, to] = this.#span, values = this.#line()?.slice(Math.round(from * HZ), Math.round(to * HZ) + 1).flatMap((v) => (v === null ? [] : [v])) ?? [];
    return values.length ? [Math.min(...values), Math.max(...values)] : null;
  }
}

/** @param {Plot} p @param {(number|null)[]} line a value for each step of the grid */
function path(p, line) {
  let pen = "M";
  return line.flatMap((v, row) => {
    if (v === null) return [];
    const out = `${pen}${p.x(row / HZ).toFixed(1)},${p.y(v).toFixed(1)}`;
    pen = "L";
    return [out];
  }).join("");
}
