// @ts-check
// The curve that was drawn before a run, as a line of its chart. It is the one that
// the run was started with: a change of mind later does not move it.

/** @import {Plan} from "./scale.js" */
/** @import {Run} from "./run.js" */
import { HZ } from "./series.js";

/**
 * One value in the middle of each step of the measured time, null elsewhere; null
 * when nothing was drawn of the chart's metrics.
 * @param {Run} run
 * @param {Plan} plan
 * @returns {(number|null)[]|null}
 */
export function drawn(run, { metrics, scale }) {
  const asked = run.begin?.question?.predictions?.find((p) => p.kind === "curve" && metrics.includes(p.answer) && Array.isArray(p.given));
  const points = Array.isArray(asked?.given) ? asked.given : null, { rows, warmup, total } = run.series;
  if (!points) return null;
  const line = /** @type {(number|null)[]} */ (new Array(rows).fill(null));
  points.forEach((v, i) => { if (v > 0 || !scale.log) line[Math.round((warmup + ((i + 0.5) * (total - warmup)) / points.length) * HZ)] = v * scale.by; });
  return line;
}
