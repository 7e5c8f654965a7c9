// @ts-check
// The samples of one run, in columns on the grid of 100 ms that all sources share.
// Row 0 is the moment when load begins; what was said before is the base of counters.

/** @import {Block} from "./events.js" */
import { metricOf } from "./page.js";

export const HZ = 10;

/** How many rows a rate looks back: CPU time comes in steps of 10 ms, so it needs more. */
const LOOK = 2, LOOK_CPU = 5;

export class Series {
  /** @type {Map<string, Float64Array>} */
  #columns = new Map();
  /** @type {Map<string, number>} the last value before row 0 */
  #base = new Map();
  #start = NaN;
  #warmup;
  #seconds;
  /** The latest row, -1 before the first. */
  last = -1;

  /** @param {number} warmup @param {number} seconds */
  constructor(warmup, seconds) {
    this.#warmup = warmup;
    this.#seconds = seconds;
  }

  get warmup() { return this.#warmup; }
  /** How long the time axis is, in seconds. */
  get total() { return this.#warmup + this.#seconds; }
  get rows() { return Math.round(this.total * HZ) + 1; }
  get begun() { return !Number.isNaN(this.#start); }
  /** Seconds since load began. */
  get now() { return Math.max(0, this.last) / HZ; }

  /** A block's clock is known. @param {Block} b */
  begin(b) {
    this.#start = b.start;
    this.#warmup = b.warmup;
    this.#seconds = b.seconds;
    for (const [name, c] of this.#columns) if (c.length !== this.rows) this.#columns.set(name, this.#column());
  }

  /** @param {number} t seconds since the run began @returns {number} seconds since load began */
  local(t) { return t - this.#start; }
  /** @param {number} t seconds since load began @returns {number} seconds since the run began */
  global(t) { return t + this.#start; }

  /** @param {number} t @param {Record<string, number|null>} values */
  sample(t, values) {
    const row = this.begun ? Math.round((t - this.#start) * HZ) : -1;
    if (row >= this.rows) return;
    for (const [name, v] of Object.entries(values)) {
      if (v === null || v === undefined) continue;
      if (row < 0) this.#base.set(name, v);
      else this.#of(name)[row] = v;
    }
    if (row > this.last) this.last = row;
  }

  #column() { return new Float64Array(this.rows).fill(NaN); }

  /** @param {string} name */
  #of(name) {
    let c = this.#columns.get(name);
    if (!c) this.#columns.set(name, (c = this.#column()));
    return c;
  }

  /** @param {string} name */
  has(name) { return this.#columns.has(name); }

  /** What was said last, up to a row. @param {string} name @param {number} [row] */
  value(name, row = this.last) {
    const c = this.#columns.get(name);
    for (let i = Math.min(row, this.rows - 1); c && i >= 0; i--) if (!Number.isNaN(c[i])) return c[i];
    return this.#base.get(name) ?? NaN;
  }

  /** A counter's increase since load began. @param {string} name @param {number} [row] */
  count(name, row) { return this.value(name, row) - (this.#base.get(name) ?? 0); }

  /** A counter's increase a second at a row, NaN where there is none. @param {string} name @param {number} row */
  rate(name, row) {
    const c = this.#columns.get(name);
    if (!c || Number.isNaN(c[row])) return NaN;
    const look = metricOf(name).unit === "seconds" ? LOOK_CPU : LOOK;
    for (let from = Math.max(0, row - look); from < row; from++) {
      if (!Number.isNaN(c[from])) return (c[row] - c[from]) * HZ / (row - from);
    }
    const base = this.#base.get(name);
    return row === 0 && base !== undefined ? 0 : NaN;
  }

  /** What a chart shows at a row: rates of counters, levels of the rest. @param {string} name @param {number} row */
  shown(name, row) {
    return metricOf(name).kind === "counter" ? this.rate(name, row) : (this.#columns.get(name)?.[row] ?? NaN);
  }

  /**
   * A line for a chart, with null where nothing was said.
   * @param {string} name
   * @param {number} scale
   * @param {number} upTo the last row that is shown
   * @returns {(number|null)[]}
   */
  line(name, scale, upTo) {
    const out = /** @type {(number|null)[]} */ (new Array(this.rows).fill(null));
    if (!this.#columns.has(name)) return out;
    for (let i = 0; i <= Math.min(upTo, this.rows - 1); i++) {
      const v = this.shown(name, i);
      if (Number.isFinite(v)) out[i] = v * scale;
    }
    return out;
  }
}
