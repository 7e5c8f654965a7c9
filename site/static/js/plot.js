// @ts-check
// The geometry of a curve that is drawn by hand: where a step and a value lie, and
// what lies between the points that were set; and the round numbers of axes. Nothing
// here touches the page.

/** @typedef {{points: number, seconds: number, range: [number, number], width: number, height: number}} Paper */

const LEFT = 52, RIGHT = 10, TOP = 8, BOTTOM = 22;

/** Three significant digits: nobody draws finer. @param {number} v */
const round = (v) => Number(v.toPrecision(3));

/** The powers of ten of a logarithmic axis. @param {number} min @param {number} max */
export function powers(min, max) {
  const out = [];
  for (let e = Math.ceil(Math.log10(min) - 1e-9); 10 ** e <= max * 1.0001; e++) out.push(10 ** e);
  return out;
}

/** The next round number above v. @param {number} v */
export function above(v) {
  const p = 10 ** Math.floor(Math.log10(v));
  return ([1, 2, 3, 4, 5, 8, 10].find((m) => m * p >= v * 0.9999) ?? 10) * p;
}

export class Plot {
  /** @param {Paper} paper */
  constructor({ points, seconds, range, width, height }) {
    this.points = points;
    this.seconds = seconds;
    this.low = range[0];
    this.high = range[1];
    this.left = LEFT;
    this.right = Math.max(LEFT + 1, width - RIGHT);
    this.top = TOP;
    this.bottom = height - BOTTOM;
    /** Decades are drawn with equal heights when the axis has two or more. */
    this.log = this.low > 0 && this.high / this.low >= 100;
  }

  /** A value as its share of the axis. @param {number} v */
  share(v) {
    return this.log ? Math.log(Math.max(v, this.low) / this.low) / Math.log(this.high / this.low) : (v - this.low) / (this.high - this.low);
  }

  /** The value at a share of the axis. @param {number} s */
  value(s) {
    const at = Math.max(0, Math.min(1, s));
    const v = this.log ? this.low * (this.high / this.low) ** at : this.low + at * (this.high - this.low);
    return Math.max(this.low, Math.min(this.high, round(v)));
  }

  /** The middle of a step, in seconds. @param {number} i */
  time(i) { return ((i + 0.5) * this.seconds) / this.points; }

  /** @param {number} t seconds */
  x(t) { return this.left + (t / this.seconds) * (this.right - this.left); }

  /** The seconds at a place, also outside of the axis. @param {number} x */
  t(x) { return ((x - this.left) / (this.right - this.left)) * this.seconds; }

  /** @param {number} v */
  y(v) { return this.bottom - Math.max(0, Math.min(1, this.share(v))) * (this.bottom - this.top); }

  /** The step and the value at a place. @param {number} x @param {number} y @returns {[number, number]} */
  at(x, y) {
    const i = Math.floor(((x - this.left) / (this.right - this.left)) * this.points);
    return [Math.max(0, Math.min(this.points - 1, i)), this.value((this.bottom - y) / (this.bottom - this.top))];
  }

  /** Round values for the grid. @returns {number[]} */
  rules() {
    if (this.log) return powers(this.low, this.high);
    const raw = (this.high - this.low) / 4, p = 10 ** Math.floor(Math.log10(raw)), step = ([1, 2, 2.5, 5, 10].find((m) => m * p >= raw * 0.999) ?? 10) * p;
    const out = [];
    for (let v = Math.ceil(this.low / step) * step; v <= this.high * (1 + 1e-9); v += step) out.push(round(v));
    return out;
  }

  /** Whole seconds for the time axis, at most about seven. @returns {number[]} */
  marks() {
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].find((s) => this.seconds / s <= 7) ?? 10;
    return Array.from({ length: Math.floor(this.seconds / step + 1e-9) + 1 }, (_, i) => Number((i * step).toFixed(1)));
  }
}

/**
 * The whole curve: straight lines between the points that were set, level before
 * the first and after the last; null when none is set.
 * @param {(number|null)[]} set
 * @returns {number[]|null}
 */
export function whole(set) {
  const known = set.flatMap((v, i) => (v === null ? [] : [i]));
  if (known.length === 0) return null;
  return set.map((v, i) => {
    if (v !== null) return v;
    const before = known.findLast((k) => k < i) ?? known[0], after = known.find((k) => k > i) ?? known[known.length - 1];
    const from = Number(set[before]), to = Number(set[after]);
    return before >= after || i < before || i > after ? (i < before ? from : to) : round(from + ((to - from) * (i - before)) / (after - before));
  });
}
