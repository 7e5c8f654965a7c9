// @ts-check
// A curve over time that is drawn before the run, with mouse, finger or keys;
// afterwards what was measured lies over it.

/** @import {Curve as Asked, Guess} from "./events.js" */
import { el, svg } from "./dom.js";
import { figure } from "./format.js";
import { metricOf } from "./page.js";
import { Plot, whole } from "./plot.js";
import { scaleOf } from "./scale.js";
import { both, label, say } from "./words.js";

const HEIGHT = 200;

export class Curve {
  #asked;
  #seconds;
  #scale;
  #plot;
  /** @type {(number|null)[]} the points that were set */
  #set;
  #at = 0;
  #locked = false;
  /** @type {Guess|null} */
  #guess = null;
  #pad = el("div", { class: "curve-pad", role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 100 });
  #paper = svg("svg", { "aria-hidden": "true", height: HEIGHT });
  #clear = el("button", { class: "button", type: "button" }, both("predict.curve.clear"));
  #how = el("p", { class: "curve-how js" }, both("predict.curve.how"), this.#clear);
  #legend = el("ul", { class: "readout", hidden: true });

  /** @param {HTMLElement} box @param {Asked} asked @param {number} seconds measured */
  constructor(box, asked, seconds) {
    this.#asked = asked;
    this.#seconds = seconds;
    this.#scale = scaleOf(asked.metric, "");
    this.#set = new Array(asked.points).fill(null);
    this.#plot = this.#planned(600);
    const name = metricOf(asked.metric).label;
    label(this.#pad, "predict.curve.label", { metric: name });
    this.#pad.append(this.#paper);
    const key = (/** @type {string} */ s) => svg("svg", { "aria-hidden": "true" }, svg("line", { x2: 11, y1: 4, y2: 4, class: `curve-${s}` }));
    this.#legend.append(...["mine", "fact", "band"].map((s) => el("li", {}, key(s), both(`predict.curve.${s}`))));
    const unit = this.#scale.key === "ms" ? { ko: "ms", en: "ms" } : this.#scale.unit;
    box.replaceChildren(el("p", { class: "curve-title" }, both(name), " ", el("small", {}, both(unit))), this.#legend, this.#pad, this.#how);
    this.#listen();
  }

  /** @param {number} width */
  #planned(width) { return new Plot({ ...this.#asked, seconds: this.#seconds, width, height: HEIGHT }); }

  #listen() {
    let last = -1;
    const draw = (/** @type {PointerEvent} */ e) => {
      const r = this.#pad.getBoundingClientRect(), [i, v] = this.#plot.at(e.clientX - r.left, e.clientY - r.top);
      this.#stroke(last < 0 ? i : last, i, v);
      last = i;
    };
    this.#pad.addEventListener("pointerdown", (e) => { if (!this.#locked && e.isPrimary && e.button === 0) { this.#pad.setPointerCapture(e.pointerId); last = -1; draw(e); } });
    this.#pad.addEventListener("pointermove", (e) => { if (!this.#locked && this.#pad.hasPointerCapture(e.pointerId)) draw(e); });
    this.#pad.addEventListener("keydown", (e) => this.#key(e));
    for (const name of ["focus", "blur"]) this.#pad.addEventListener(name, () => this.#draw());
    this.#clear.addEventListener("click", () => { this.#at = 0; this.set(null); this.#pad.focus(); });
    document.addEventListener("look", () => this.#draw());
    new ResizeObserver(() => { this.#plot = this.#planned(this.#pad.clientWidth); this.#draw(); }).observe(this.#pad);
  }

  /** Sets what lies between two steps, to the value of the second. @param {number} from @param {number} to @param {number} v */
  #stroke(from, to, v) {
    const start = this.#set[from] ?? v, n = Math.abs(to - from);
    for (let k = n === 0 ? 0 : 1; k <= n; k++) {
      const i = from + Math.sign(to - from) * k;
      this.#set[i] = n === 0 ? v : this.#plot.value(this.#plot.share(start) + (this.#plot.share(v) - this.#plot.share(start)) * (k / n));
    }
    this.#at = to;
    this.#changed();
  }

  /** What is wrong with it no longer stands. */
  #changed() {
    this.#draw();
    this.#pad.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const last = this.#asked.points - 1, step = { ArrowRight: 1, ArrowLeft: -1, Home: -last, End: last }[e.key];
    const lift = { ArrowUp: 0.02, ArrowDown: -0.02, PageUp: 0.1, PageDown: -0.1 }[e.key];
    const away = e.key === "Delete" || e.key === "Backspace";
    if (step === undefined && lift === undefined && !away) return;
    e.preventDefault();
    const now = this.#points?.[this.#at] ?? this.#asked.range[0];
    if (step !== undefined) {
      const to = Math.max(0, Math.min(last, this.#at + step));
      if (e.shiftKey && !this.#locked) this.#stroke(this.#at, to, now);
      this.#at = to;
    } else if (!this.#locked) this.#set[this.#at] = away ? null : this.#plot.value(this.#plot.share(now) + Number(lift));
    this.#changed();
  }

  get #points() { return whole(this.#set); }
  /** What was drawn; null: nothing yet. */
  get value() { return this.#points; }

  /** @param {number[]|null} points */
  set(points) {
    this.#set = points?.length === this.#asked.points ? [...points] : new Array(this.#asked.points).fill(null);
    this.#draw();
  }

  /** @param {boolean} on it cannot be changed */
  lock(on) {
    this.#locked = on;
    this.#pad.setAttribute("aria-readonly", String(on));
    this.#how.hidden = on;
    this.#draw();
  }

  focus() { this.#pad.focus(); }

  /** @param {Guess} g */
  measured(g) {
    this.#guess = g;
    this.#legend.hidden = false;
    this.#legend.children[0].toggleAttribute("hidden", this.#points === null);
    this.lock(true);
  }

  /** @param {number} v of the schema */
  #said(v) { return figure(v * this.#scale.by); }

  #speak() {
    const v = this.#points?.[this.#at], fact = Array.isArray(this.#guess?.answer) ? this.#guess.answer[this.#at] : undefined;
    const at = { t: Number(this.#plot.time(this.#at).toFixed(2)), v: v === undefined ? "–" : this.#said(v), fact: typeof fact === "number" ? this.#said(fact) : "–" };
    this.#pad.setAttribute("aria-valuenow", String(v === undefined ? 0 : Math.round(100 * this.#plot.share(v))));
    this.#pad.setAttribute("aria-valuetext", say(this.#guess ? "predict.curve.both" : v === undefined ? "predict.curve.empty" : "predict.curve.at", at));
  }

  #draw() {
    const p = this.#plot, mine = this.#points, g = this.#guess;
    this.#speak();
    this.#paper.setAttribute("width", String(p.right + 10));
    this.#paper.replaceChildren(...axes(p, (v) => this.#said(v)));
    if (g?.bands && Array.isArray(g.answer)) {
      this.#paper.append(...band(p, g.bands));
      this.#paper.append(svg("path", { class: "curve-fact", d: line(p, g.answer) }));
    }
    if (mine) this.#paper.append(svg("path", { class: "curve-mine", d: line(p, mine) }));
    if (!this.#locked) this.#set.forEach((v, i) => { if (v !== null) this.#paper.append(svg("circle", { class: "curve-dot", r: 2.5, cx: p.x(p.time(i)), cy: p.y(v) })); });
    const x = p.x(p.time(this.#at)), here = mine?.[this.#at];
    this.#paper.append(svg("line", { class: "curve-here", x1: x, x2: x, y1: p.top, y2: p.bottom }));
    if (here !== undefined) this.#paper.append(svg("circle", { class: "curve-here", r: 5, cx: x, cy: p.y(here) }));
  }
}

/** @param {Plot} p @param {(v: number) => string} said */
export function axes(p, said) {
  const rules = p.rules().flatMap((v) => [
    svg("line", { class: "curve-rule", x1: p.left, x2: p.right, y1: p.y(v), y2: p.y(v) }),
    svg("text", { x: p.left - 6, y: p.y(v) + 4, "text-anchor": "end" }, said(v))]);
  const times = p.marks().map((t) => svg("text", { x: p.x(t), y: p.bottom + 16, "text-anchor": t === p.seconds ? "end" : "middle" }, t === p.seconds ? say("run.at", { t }) : String(t)));
  return [...rules, svg("line", { class: "curve-axis", x1: p.left, x2: p.right, y1: p.bottom, y2: p.bottom }), ...times];
}

/** What was right, step by step. @param {Plot} p @param {NonNullable<Guess["bands"]>} bands */
const band = (p, bands) => bands.flatMap((b, i) => {
  const from = p.x((i * p.seconds) / bands.length), to = p.x(((i + 1) * p.seconds) / bands.length);
  return b ? [svg("rect", { class: "curve-band", x: from, width: to - from, y: p.y(b.high), height: Math.max(1, p.y(b.low) - p.y(b.high)) })] : [];
});

/** A line through the values that are there, each in the middle of its step. @param {Plot} p @param {(number|null)[]} values */
function line(p, values) {
  let pen = "M";
  return values.map((v, i) => {
    if (v === null) { pen = "M"; return ""; }
    const out = `${pen}${p.x(((i + 0.5) * p.seconds) / values.length).toFixed(1)},${p.y(v).toFixed(1)}`;
    pen = "L";
    return out;
  }).join("");
}
