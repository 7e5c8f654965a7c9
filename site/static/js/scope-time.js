// @ts-check
// One axis for several traces of one schedule. A call takes microseconds and the
// schedule waits for hundreds of milliseconds, so that distance is the logarithm
// of time. Each step of the schedule stands at the same place in every trace.

/** @typedef {{at: (t: number) => number, width: number}} Axis */

/** Pixels for a time between two events. @param {number} dt seconds @param {number} zoom */
const distance = (dt, zoom) => zoom * (4 + 6 * Math.log10(1 + Math.max(0, dt) / 2e-5));

/**
 * @param {number[][]} times of each trace, in any order
 * @param {number[]} steps of the schedule and its end, by time
 * @param {number} zoom
 * @returns {Axis[]}
 */
export function axes(times, steps, zoom) {
  const first = Math.min(0, ...times.flat());
  const last = Math.max(steps.at(-1) ?? 0, ...times.flat());
  const edges = [...new Set([first, ...steps.filter((s) => s > first && s < last)])];
  const own = times.map((ts) => edges.map((from, i) => segment(ts, from, edges[i + 1] ?? last, zoom)));
  const starts = [0], pad = 12;
  edges.forEach((from, i) => {
    const rest = distance((edges[i + 1] ?? last) - from, zoom);
    starts.push(starts[i] + Math.max(...own.map((o) => o[i].at(-1)?.x ?? 0)) + rest / 2);
  });
  return own.map((o) => ({
    width: starts[edges.length] + 2 * pad,
    at: (t) => pad + place(o, edges, starts, Math.min(Math.max(t, first), last), last),
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

/** @param {Point[][]} segments @param {number[]} edges @param {number[]} starts @param {number} t @param {number} last */
function place(segments, edges, starts, t, last) {
  let i = edges.length - 1;
  while (i > 0 && edges[i] > t) i--;
  const points = segments[i], end = { t: edges[i + 1] ?? last, x: starts[i + 1] - starts[i] };
  let lo = 0, hi = points.length;
  while (lo + 1 < hi) {
    const mid = (lo + hi) >> 1;
    if (points[mid].t <= t) lo = mid;
    else hi = mid;
  }
  const a = points[lo], b = points[lo + 1] ?? end;
  return starts[i] + a.x + (b.t > a.t ? (b.x - a.x) * Math.min(1, (t - a.t) / (b.t - a.t)) : 0);
}
