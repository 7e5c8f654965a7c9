// @ts-check
// Latency of every request: one column a second, 28 rows of a quarter decade from
// 10 µs up, as the site's own columns have them (site/series.go).

/** @import {Histogram, Backfill} from "./events.js" */
import { colour, font, sheet } from "./look.js";
import { say } from "./words.js";

const FLOOR = 1e-5, STEPS = 4, ROWS = 28;

/** @param {number} seconds */
const rowOf = (seconds) => Math.min(ROWS - 1, Math.max(0, Math.floor(Math.log10(seconds / FLOOR) * STEPS)));

/** The middle of a histogram's bucket, in seconds (labs/telemetry/histogram.go: 64 buckets to an octave of nanoseconds). @param {number} i */
function middle(i) {
  if (i < 64) return i / 1e9;
  const shift = Math.floor(i / 64) - 1, low = (64 + (i % 64)) * 2 ** shift;
  return (low + 2 ** shift / 2) / 1e9;
}

/** The columns of one run. */
export class Heat {
  /** @type {Float64Array[]} by second since load began */
  columns = [];

  /** @param {Backfill["heat"]} heat @param {(t: number) => number} local */
  load(heat, local) {
    for (const c of heat) {
      const column = this.#at(Math.round(local(c.t)));
      for (const [low, high, n] of c.b) column[rowOf((low + high) / 2)] += n;
    }
  }

  /** @param {number} second */
  #at(second) {
    while (this.columns.length <= second) this.columns.push(new Float64Array(ROWS));
    return this.columns[Math.max(0, second)];
  }

  /** A cumulative histogram, said at a time since load began. @param {number} t @param {Histogram} h */
  sample(t, h) {
    if (t < 0) return;
    const second = Math.max(0, Math.ceil(t - 0.05) - 1), all = new Float64Array(ROWS);
    for (let k = 0, i = -1; k < h.b.length; k += 2) {
      i += h.b[k];
      all[rowOf(Math.max(FLOOR, middle(i)))] += h.b[k + 1];
    }
    const column = this.#at(second);
    for (let row = 0; row < ROWS; row++) {
      let before = 0;
      for (let s = 0; s < second; s++) before += this.columns[s][row];
      column[row] = Math.max(0, all[row] - before);
    }
  }
}

const LEFT = 46, FOOT = 16, RIGHT = 6;
const NAMES = /** @type {[number, string][]} */ ([[1e-4, "0.1 ms"], [1e-3, "1 ms"], [1e-2, "10 ms"], [0.1, "100 ms"], [1, "1 s"], [10, "10 s"]]);

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Heat|null} heat
 * @param {{total: number, warmup: number, upTo: number}} time seconds
 */
export function drawHeat(canvas, heat, { total, warmup, upTo }) {
  const s = sheet(canvas);
  if (!s) return;
  const { g, w, h } = s, ph = h - FOOT, pw = w - LEFT - RIGHT;
  const columns = heat?.columns.slice(0, Math.ceil(upTo)) ?? [];
  const [low, high] = span(columns), ch = ph / (high - low + 1), x = (/** @type {number} */ t) => LEFT + (t / total) * pw;
  const y = (/** @type {number} */ row) => ph - (row - low) * ch;
  g.fillStyle = colour("well");
  g.fillRect(LEFT, 0, x(warmup) - LEFT, ph);
  g.font = font;
  g.textBaseline = "middle";
  g.textAlign = "right";
  for (const [at, name] of NAMES) {
    const line = y(Math.log10(at / FLOOR) * STEPS);
    if (line < 5 || line > ph - 2) continue;
    g.fillStyle = colour("grid");
    g.fillRect(LEFT, Math.round(line), pw, 1);
    g.fillStyle = colour("ink-3");
    g.fillText(name, LEFT - 4, line);
  }
  cells(g, columns, low, high, (second, row, n, ramp) => {
    g.fillStyle = ramp;
    g.globalAlpha = n;
    g.fillRect(x(second), y(row + 1), Math.max(1, x(Math.min(total, second + 1)) - x(second) - 1), ch + 0.4);
    g.globalAlpha = 1;
  });
  axis(g, total, x, ph, h, w);
}

/** The rows that are used, at least 1 ms to 10 ms. @param {Float64Array[]} columns @returns {[number, number]} */
function span(columns) {
  let low = 8, high = 11;
  for (const c of columns) c.forEach((n, row) => { if (n > 0) { low = Math.min(low, row); high = Math.max(high, row); } });
  return [Math.max(0, low - 1), Math.min(ROWS - 1, high + 1)];
}

/**
 * The ramp has one colour for each power of ten.
 * @param {CanvasRenderingContext2D} g
 * @param {Float64Array[]} columns
 * @param {number} low
 * @param {number} high
 * @param {(second: number, row: number, alpha: number, colour: string) => void} cell
 */
function cells(g, columns, low, high, cell) {
  const ramp = [0, 1, 2, 3, 4].map((i) => colour(`heat-${i}`));
  columns.forEach((column, second) => {
    for (let row = low; row <= high; row++) {
      const n = column[row];
      if (n < 1) continue;
      const z = Math.min(3.999, Math.log10(n)), i = Math.floor(z);
      if (i) cell(second, row, 1, ramp[i]);
      cell(second, row, i ? z - i : 0.35 + 0.65 * z, ramp[i + 1]);
    }
  });
  g.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} g
 * @param {number} total
 * @param {(t: number) => number} x
 * @param {number} ph
 * @param {number} h
 * @param {number} w
 */
function axis(g, total, x, ph, h, w) {
  g.fillStyle = colour("edge");
  g.fillRect(LEFT, ph, w - LEFT - RIGHT, 1);
  g.fillStyle = colour("ink-3");
  g.textBaseline = "bottom";
  g.textAlign = "center";
  const step = total > 30 ? 10 : total > 12 ? 5 : total > 6 ? 2 : 1;
  for (let t = 0; t < total - step / 2; t += step) g.fillText(String(t), x(t), h);
  g.textAlign = "right";
  g.fillText(say("run.at", { t: Number(total.toFixed(2)) }), w - 1, h);
}
