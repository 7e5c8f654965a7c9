// @ts-check
// One chart: a title with its unit, a readout that is also the legend, and a plot
// whose time axis is as long as the run, so that the paper fills and nothing scrolls.

/** @import {Plan} from "./scale.js" */
/** @import {Run} from "./run.js" */
import uPlot from "../vendor/uPlot.esm.js";
import { el, put, svg } from "./dom.js";
import { drawn } from "./drawn.js";
import { figure } from "./format.js";
import { colour, font } from "./look.js";
import { metricOf } from "./page.js";
import { pictureButton } from "./picture.js";
import { above, powers } from "./plot.js";
import { HZ } from "./series.js";
import { both, label, say } from "./words.js";

const INKS = ["s1", "s2", "s3", "s4", "s5"];
const DASHES = [[], [6, 2], [], [2, 3], [6, 2]];

/** A fault, or a note, which may be about one group of charts only. @typedef {{t: number, to: number, label: string, note?: boolean, chart?: string}} Mark */

/** What all charts of the bench share. */
export class View {
  /** @type {[number, number]|null} seconds that are zoomed to */
  zoom = null;
  /** @type {number|null} the row under the cursor */
  row = null;
  warmup = 0;
  total = 1;
  /** @type {Mark[]} */
  marks = [];
  /** @type {[number, number]|null} seconds that are marked as a mystery's proof */
  proof = null;
}

export class Chart {
  #plan;
  #view;
  #plot;
  #uplot;
  /** @type {HTMLElement[]} */
  #values = [];
  #ghost;
  #mine;
  #watcher;
  root;

  /**
   * @param {Plan} plan
   * @param {View} view
   * @param {() => void} moved the cursor or the zoom has changed
   */
  constructor(plan, view, moved) {
    this.#plan = plan;
    this.#view = view;
    this.#plot = el("div", { class: "run-plot", role: "img" });
    label(this.#plot, "run.chart.label", { title: plan.title });
    const readout = el("ul", { class: "readout" });
    plan.metrics.forEach((name, i) => {
      const value = el("data", {}, "–");
      this.#values.push(value);
      readout.append(el("li", { "data-s": i + 1 }, this.#key(), both(metricOf(name).label), value));
    });
    this.#ghost = el("li", { "data-s": "ghost", hidden: true }, this.#key(), both("run.ghost"));
    this.#mine = el("li", { "data-s": "mine", hidden: true }, this.#key(), both("predict.curve.mine"));
    readout.append(this.#ghost, this.#mine);
    this.root = el("div", { class: "run-chart" }, el("h3", {}, both(plan.title), " ", el("small", {}, both(plan.scale.unit))), readout, this.#plot);
    this.root.append(pictureButton(this.root, plan.title));
    this.#uplot = new uPlot(this.#options(moved), this.#nothing(), this.#plot);
    this.#watcher = new ResizeObserver(() => this.#fit());
    this.#watcher.observe(this.#plot);
  }

  #key() { return svg("svg", { "aria-hidden": "true" }, svg("line", { x2: 11, y1: 4, y2: 4 })); }

  /** @returns {[number[], ...(number|null)[][]]} */
  #nothing() { return [[0, this.#view.total], [null, null], ...this.#plan.metrics.map(() => [null, null]), [null, null]]; }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#plot;
    if (width > 0 && height > 0) this.#uplot.setSize({ width, height });
  }

  destroy() {
    this.#watcher.disconnect();
    this.#uplot.destroy();
  }

  /** @param {number|null} t seconds; null: no cursor */
  point(t) {
    const left = t === null ? -10 : this.#uplot.valToPos(t, "x");
    this.#uplot.setCursor({ left, top: t === null ? -10 : 1 }, false);
  }

  /** @param {Run|null} run @param {Run|null} before @param {number} upTo the last row that is shown */
  draw(run, before, upTo) {
    const { metrics, scale } = this.#plan, rows = run?.series.rows ?? 2;
    const x = Array.from({ length: rows }, (_, i) => i / HZ);
    const ghost = before?.series.line(metrics[0], scale.by, Infinity) ?? [];
    ghost.length = rows;
    this.#ghost.hidden = !before?.series.has(metrics[0]);
    const mine = run && drawn(run, this.#plan);
    this.#mine.hidden = !mine;
    if (!run) this.#uplot.setData(this.#nothing());
    else this.#uplot.setData([x, Array.from(ghost, (v) => v ?? null), ...metrics.map((m) => run.series.line(m, scale.by, upTo)), mine ?? x.map(() => null)]);
  }

  /** Words and colours have changed: the axes keep theirs until they are asked for again. */
  redraw() { this.#uplot.redraw(false, true); }

  /** @param {Run|null} run @param {number} row */
  digits(run, row) {
    this.#plan.metrics.forEach((name, i) => {
      let v = NaN;
      for (let r = row; run && r >= Math.max(0, row - HZ) && Number.isNaN(v); r--) v = run.series.shown(name, r);
      put(this.#values[i], figure(Number.isNaN(v) ? null : v * this.#plan.scale.by));
    });
  }

  /** @param {() => void} moved @returns {uPlot.Options} */
  #options(moved) {
    const view = this.#view, { log } = this.#plan.scale;
    /** @param {number} i @returns {uPlot.Series} */
    const line = (i) => ({ stroke: () => colour(INKS[i % INKS.length]), width: 1.5, dash: DASHES[i % DASHES.length], points: { show: false }, spanGaps: true });
    return {
      width: this.#plot.clientWidth || 300, height: this.#plot.clientHeight || 110, padding: [6, 16, 0, 0], legend: { show: false },
      cursor: { sync: { key: "run" }, y: false, points: { size: 5 }, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: false, range: () => view.zoom ?? [0, view.total] }, y: log ? { distr: 3, range: logRange } : { range: (_u, _min, max) => [0, above(Math.max(1e-9, max || 1) * 1.05)] } },
      axes: [xAxis(view), yAxis(log)],
      series: [{}, { stroke: () => colour("ghost"), width: 1.25, points: { show: false }, spanGaps: true }, ...this.#plan.metrics.map((_, i) => line(i)), { stroke: () => colour("ink"), width: 1.5, dash: [6, 4], points: { show: false }, spanGaps: true }],
      hooks: {
        drawClear: [(u) => shade(u, view)],
        draw: [(u) => marks(u, view, this.#plan.group), (u) => proof(u, view)],
        setCursor: [(u) => { view.row = u.cursor.left !== undefined && u.cursor.left >= 0 ? (u.cursor.idx ?? null) : null; moved(); }],
        setSelect: [(u) => select(u, view, moved)],
        ready: [(u) => u.over.addEventListener("dblclick", () => { view.zoom = null; moved(); })],
      },
    };
  }
}

/** @param {uPlot} _u @param {number} min @param {number} max @returns {[number, number]} */
function logRange(_u, min, max) {
  if (!(max > 0)) return [0.1, 10];
  const low = 10 ** Math.floor(Math.log10(Math.max(1e-3, min > 0 ? min : max / 10)));
  return [low, Math.max(low * 10, 10 ** Math.ceil(Math.log10(max * 1.001)))];
}

/** @param {View} view @returns {uPlot.Axis} */
const xAxis = (view) => ({
  stroke: () => colour("ink-3"), font, size: 20, gap: 4, space: 40, grid: { show: false }, ticks: { show: false },
  values: (_u, splits) => splits.map((v) => (v === view.total ? say("run.at", { t: v }) : String(v))),
});

/** @param {boolean} log @returns {uPlot.Axis} */
const yAxis = (log) => ({
  stroke: () => colour("ink-3"), font, size: 42, gap: 3, space: 24,
  grid: { width: 1, stroke: () => colour("grid") }, ticks: { show: false },
  ...(log ? { splits: (_u, _i, min, max) => powers(min, max) } : {}),
  values: (_u, splits) => splits.map((v) => (v === null ? "" : v >= 1e6 ? `${figure(v / 1e6)}M` : v >= 1e4 ? `${figure(v / 1e3)}k` : String(Number(v.toPrecision(4))))),
});

/** The warm-up's shade. @param {uPlot} u @param {View} view */
function shade(u, view) {
  const { left, top, width, height } = u.bbox, x = Math.min(left + width, Math.max(left, u.valToPos(view.warmup, "x", true)));
  u.ctx.fillStyle = colour("well");
  u.ctx.fillRect(left, top, x - left, height);
  u.ctx.fillStyle = colour("rule");
  if (view.warmup > 0) u.ctx.fillRect(x, top, devicePixelRatio, height);
}

/** Faults, as they were switched, and notes. @param {uPlot} u @param {View} view @param {string} group */
function marks(u, view, group) {
  for (const m of view.marks) {
    if (m.chart && m.chart !== group) continue;
    const { left, top, width, height } = u.bbox, right = left + width;
    const x = u.valToPos(m.t, "x", true), from = Math.max(left, x);
    const to = Math.min(right, m.to === Infinity ? right : u.valToPos(m.to, "x", true));
    u.ctx.fillStyle = colour(m.note ? "ink-2" : "warn");
    if (m.note && x >= left && x <= right) number(u, m.label, x);
    if (to > from) {
      u.ctx.globalAlpha = 0.08;
      u.ctx.fillRect(from, top, to - from, height);
      u.ctx.globalAlpha = 1;
    }
    if (x >= left && x <= right) u.ctx.fillRect(x, top, devicePixelRatio, height);
  }
}

/** What is marked as proof, as the question beside the bench marks it. @param {uPlot} u @param {View} view */
function proof(u, { proof: span }) {
  if (!span) return;
  const { left, top, width, height } = u.bbox, [from, to] = span.map((t) => Math.max(left, Math.min(left + width, u.valToPos(t, "x", true))));
  u.ctx.fillStyle = colour("s1");
  u.ctx.globalAlpha = 0.14;
  u.ctx.fillRect(from, top, to - from, height);
  u.ctx.globalAlpha = 1;
  for (const x of [from, to]) u.ctx.fillRect(x, top, devicePixelRatio, height);
}

/** A note's number stands at the top of its line. @param {uPlot} u @param {string} n @param {number} x */
function number(u, n, x) {
  u.ctx.font = `${11 * devicePixelRatio}px ${font.slice(font.indexOf(" ") + 1)}`;
  u.ctx.textBaseline = "top";
  u.ctx.textAlign = x > u.bbox.left + u.bbox.width - 14 * devicePixelRatio ? "right" : "left";
  u.ctx.fillText(u.ctx.textAlign === "right" ? `${n} ` : ` ${n}`, x, u.bbox.top);
}

/** @param {uPlot} u @param {View} view @param {() => void} moved */
function select(u, view, moved) {
  if (u.select.width < 6) return;
  view.zoom = [Math.max(0, u.posToVal(u.select.left, "x")), Math.min(view.total, u.posToVal(u.select.left + u.select.width, "x"))];
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  moved();
}
