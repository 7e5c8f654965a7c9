// @ts-check
// Throughput against latency: one chart for the servers that share a load, each with
// its dash, symbol and word. Void steps are hollow and stand beside the line.

/** @import {LoadCurve as Curve, LoadStep as Step, Text} from "./events.js" */
import { el, svg } from "./dom.js";
import { figure, short } from "./format.js";
import { both, known, label, plain, say, text } from "./words.js";

const INKS = 6;
/** Symbols of radius 1 around 0, in the order of the curves. */
const SYMBOLS = ["M0-1A1 1 0 1 1 0 1A1 1 0 1 1 0-1Z", "M-.9-.9H.9V.9H-.9Z", "M0-1.15 1.1.85H-1.1Z", "M0-1.25 1.25 0 0 1.25-1.25 0Z", "M0 1.15 1.1-.85H-1.1Z",
  "M-.4-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z", "M-.6-1H.6L1.1 0 .6 1H-.6L-1.1 0Z"];

/** @param {Curve} c @returns {Text} what a curve is called */
export const nameOf = (c) => (c.server ? (known(`capacity.rung.${c.server}`) ? text(`capacity.rung.${c.server}`) : plain(c.server)) : plain(`labs/${c.lab}`));

/** @param {Step} s */
const drawn = (s) => s.throughput !== null && s.p99 !== null && s.throughput > 0 && s.p99 > 0;

/** The next round number above v. @param {number} v */
function above(v) {
  const p = 10 ** Math.floor(Math.log10(v));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((m) => m * p >= v * 0.9999) ?? 10) * p;
}

/** @param {number} i of a curve @param {number} x @param {number} y @param {boolean} hollow */
const symbol = (i, x, y, hollow) => svg("path", { class: hollow ? "curve-point is-void" : "curve-point", d: SYMBOLS[i % SYMBOLS.length], transform: `translate(${x} ${y}) scale(5)` });

/** Where values lie on the paper. */
class Paper {
  /** @param {Step[]} steps @param {number} goal seconds @param {number} width @param {number} height */
  constructor(steps, goal, width, height) {
    this.left = 54;
    this.right = width - 18;
    this.top = 22;
    this.bottom = height - 42;
    const times = [...steps.map((s) => s.p99 ?? goal), goal];
    this.low = 10 ** Math.floor(Math.log10(Math.min(...times) * 0.9));
    this.high = 10 ** Math.ceil(Math.log10(Math.max(...times) * 1.1));
    this.most = above(Math.max(1, ...steps.map((s) => s.throughput ?? 0)) * 1.02);
  }

  /** @param {number} throughput */
  x(throughput) { return round(this.left + (throughput / this.most) * (this.right - this.left)); }

  /** @param {number} seconds */
  y(seconds) { return round(this.bottom - (Math.log(seconds / this.low) / Math.log(this.high / this.low)) * (this.bottom - this.top)); }
}

/** Whether it has two digits at most. @param {number} v */
const isRound = (v) => Math.abs(Number(v.toPrecision(2)) / v - 1) < 1e-9;

/** @param {number} v */
const round = (v) => Math.round(v * 10) / 10;

/** @param {Paper} p */
function axes(p) {
  const out = svg("g", { class: "curve-axes" });
  for (let v = p.low; v <= p.high * 1.001; v *= 10) {
    const y = p.y(v);
    out.append(svg("line", { x1: p.left, x2: p.right, y1: y, y2: y }), svg("text", { x: p.left - 6, y: y + 4, "text-anchor": "end" }, String(Number((v * 1e3).toPrecision(1)))));
  }
  const steps = p.right - p.left < 420 ? ([4, 3, 2].find((n) => isRound(p.most / n)) ?? 3) : 5;
  for (let i = 0; i <= steps; i++) {
    const v = (p.most / steps) * i, x = p.x(v);
    out.append(svg("line", { x1: x, x2: x, y1: p.bottom, y2: p.bottom + 4 }), svg("text", { x, y: p.bottom + 18, "text-anchor": i === steps ? "end" : "middle" }, short(Math.round(v))));
  }
  out.append(svg("text", { class: "curve-title", x: p.left - 48, y: 12 }, say("capacity.axis.y")), svg("text", { class: "curve-title", x: p.right, y: p.bottom + 36, "text-anchor": "end" }, say("capacity.axis.x")));
  return out;
}

/** @param {Paper} p @param {number} goal */
function objective(p, goal) {
  const y = p.y(goal);
  return svg("line", { class: "curve-goal", x1: p.left, x2: p.right, y1: y, y2: y });
}

/** What is known of a step, for a pointer over it. @param {Curve} c @param {Step} s @param {string} setting @param {(s: Step, c: Curve) => string} remark */
function tip(c, s, setting, remark) {
  const more = remark(s, c);
  return svg("title", {}, `${say(nameOf(c))}, ${setting} ${s.value}: ${figure(s.throughput)} ${say("capacity.col.throughput")}, p99 ${figure((s.p99 ?? 0) * 1e3)} ms${more ? `. ${more}` : ""}`);
}

/**
 * @param {Curve} c @param {number} i @param {Paper} p @param {string} setting
 * @param {boolean} alone its values are written beside its points
 * @param {(s: Step, c: Curve) => string} remark
 */
function line(c, i, p, setting, alone, remark) {
  const out = svg("g", { class: "curve", "data-s": (i % INKS) + 1 });
  const solid = c.steps.filter((s) => drawn(s) && s.trust !== "void");
  out.append(svg("polyline", { points: solid.map((s) => `${p.x(s.throughput ?? 0)},${p.y(s.p99 ?? 1)}`).join(" ") }));
  c.steps.forEach((s, k) => {
    if (!drawn(s)) return;
    const x = p.x(s.throughput ?? 0), y = p.y(s.p99 ?? 1), point = svg("g", {}, symbol(i, x, y, s.trust === "void"), tip(c, s, setting, remark));
    if (s.starved) point.append(svg("path", { class: "curve-arrow", d: `M${x} ${y - 8}v-12m-4 5l4-5l4 5` }));
    if (c.knee?.step === k) point.append(svg("circle", { class: "curve-knee", cx: x, cy: y, r: 10 }));
    if (c.knee?.step === k && alone) point.append(svg("text", { class: "curve-knee-word", x, y: y + 25, "text-anchor": "middle" }, say("capacity.knee")));
    if (alone) point.append(svg("text", { class: "curve-value", x, y: y - (s.starved ? 24 : 13), "text-anchor": x > p.right - 30 ? "end" : "middle" }, s.value));
    out.append(point);
  });
  return out;
}

/** What each line is, the objective's too: in the chart a curve would cross its name. @param {Curve[]} curves @param {number} from the number of the first, so that symbols stay @param {number} goal */
function legend(curves, from, goal) {
  const drawn = svg("svg", { viewBox: "0 0 34 14", "aria-hidden": "true" }, svg("line", { class: "curve-goal", x1: 1, x2: 33, y1: 7, y2: 7 }));
  return el("ul", { class: "curve-legend" }, ...curves.map((c, k) => {
    const i = from + k, key = svg("svg", { class: "curve", "data-s": (i % INKS) + 1, viewBox: "0 0 34 14", "aria-hidden": "true" }, svg("polyline", { points: "1,7 33,7" }), symbol(i, 17, 7, false));
    return el("li", {}, key, el("span", {}, both(nameOf(c))));
  }), el("li", {}, drawn, el("span", {}, both("capacity.line", { ms: figure(goal * 1e3) }))));
}

/** A chart of the curves that share a load. It draws itself again when its width, the words or the colours change. */
export class Chart {
  #box = el("div", { class: "curve-plot", role: "img" });
  #watcher = new ResizeObserver(() => this.#draw());
  #look = () => this.#draw();
  #args;
  root;

  /** @param {{curves: Curve[], from: number, setting: string, goal: number, remark: (s: Step, c: Curve) => string}} args */
  constructor(args) {
    this.#args = args;
    label(this.#box, "capacity.chart");
    const steps = args.curves.flatMap((c) => c.steps), notes = el("p", { class: "curve-notes" });
    if (args.curves.length > 1 && args.curves.some((c) => c.knee)) notes.append(el("span", {}, both("capacity.knee.ring")));
    if (steps.some((s) => s.trust === "void" && drawn(s))) notes.append(el("span", {}, both("capacity.void")));
    if (steps.some((s) => s.starved && drawn(s))) notes.append(el("span", {}, both("capacity.starved")));
    this.root = el("figure", { class: "curve-chart" }, legend(args.curves, args.from, args.goal), this.#box, notes);
    this.#watcher.observe(this.#box);
    document.addEventListener("look", this.#look);
  }

  destroy() {
    this.#watcher.disconnect();
    document.removeEventListener("look", this.#look);
  }

  #draw() {
    const { curves, from, setting, goal, remark } = this.#args, width = this.#box.clientWidth;
    if (width === 0) return;
    const height = width < 500 ? 280 : 380, p = new Paper(curves.flatMap((c) => c.steps.filter(drawn)), goal, width, height);
    this.#box.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
      axes(p), objective(p, goal), ...curves.map((c, i) => line(c, from + i, p, setting, curves.length === 1, remark))));
  }
}
