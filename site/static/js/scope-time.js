// @ts-check
// One axis for several traces of one schedule. A call takes microseconds and the
// schedule waits for hundreds of milliseconds, so that distance is the logarithm
// of time. Each step of the schedule stands at the same place in every trace.

/** @typedef {{at: (t: number) => number, width: number}} Axis */

/** Pixels for a time between two events. @param {number} dt seconds @param {number} zoom */
const distance = (dt, zoom) => zoom * (4 + 6 * Math.log10(1 + Math.max(0, dt) / 2e-5));

/**
 * @param {number[][]} times of each trace, in any order
 * @param {number[][]} steps when each trace took the steps of the schedule; the same number in all
 * @param {number} zoom
 * @returns {Axis[]}
 */
export function axes(times, steps, zoom) {
  const bounds = times.map((ts, i) => [Math.min(0, ...ts), ...steps[i].slice(1), Math.max(steps[i].at(-1) ?? 0, ...ts)]);
  const own = times.map((ts, i) => bounds[i].slice(0, -1).map((from, k) => segment(ts, from, bounds[i][k + 1], zoom)));
  const starts = [0], pad = 12;
  for (let k = 0; own[0]?.[k]; k++) {
    starts.push(starts[k] + Math.max(...own.map((o, i) => (o[k].at(-1)?.x ?? 0) + distance(bounds[i][k + 1] - (o[k].at(-1)?.t ?? 0), zoom))));
  }
  return own.map((o, i) => ({
    width: starts[o.length] + 2 * pad,
    at: (t) => pad + place(o, bounds[i], starts, Math.min(Math.max(t, bounds[i][0]), bounds[i].at(-1) ?? 0)),
  }));
}

/** @typedef {{t: number, x: number}} Point */

/** The events of one trace within a segment, from its beginning. @param {number[]} times @param {number} from @param {number} to @param {number} zoom @returns {Point[]} */
function segment(times, from, to, zoom) {
  const points = [{ t: from, x: 0 }];
  for (const t of times.filter((t) => t > from && t < to).sort((a, b) => a - b)) {
    const before = points[points.length - 1];
    if (t > before.t) points.push({ t, x: before.x + distance(t - before.t, zoom) });
  }
  return points;
}

/** @param {Point[][]} segments @param {number[]} bounds @param {number[]} starts @param {number} t */
function place(segments, bounds, starts, t) {
  let i = segments.length - 1;
  while (i > 0 && bounds[i] > t) i--;
  const points = segments[i], end = { t: bounds[i + 1], x: starts[i + 1] - starts[i] };
  let lo = 0, hi = points.length;
  while (lo + 1 < hi) {
    const mid = (lo + hi) >> 1;
    if (points[mid].t <= t) lo = mid;
    else hi = mid;
  }
  const a = points[lo], b = points[lo + 1] ?? end;
  return starts[i] + a.x + (b.t > a.t ? (b.x - a.x) * Math.min(1, (t - a.t) / (b.t - a.t)) : 0);
}
