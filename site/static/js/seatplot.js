// @ts-check
// A seat's chart: throughput as a line, p99 dashed, errors as ticks. The time axis is
// the run's length, so that the paper fills and nothing scrolls.

/** @import {Trace, Point} from "./wallfeed.js" */
import { colour, sheet } from "./look.js";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Trace|undefined} trace
 * @param {boolean} covered words stand where the lines would be
 */
export function drawSeat(canvas, trace, covered) {
  const paper = sheet(canvas);
  if (!paper) return;
  const { g, w, h } = paper;
  g.fillStyle = colour("grid");
  g.fillRect(0, h - 1, w, 1);
  if (!trace || trace.points.length === 0) return;
  const { points, total } = trace, x = (/** @type {Point} */ p) => Math.min(1, p[0] / (total || 1)) * w;
  const most = (/** @type {number} */ i) => Math.max(1e-9, ...points.map((p) => p[i] ?? 0));
  /** @param {1|2} i @param {string} name @param {number} top share of the height @param {number[]} dash */
  const line = (i, name, top, dash) => {
    const peak = most(i);
    g.beginPath();
    let pen = false;
    for (const p of points) {
      const v = p[i];
      if (v === null) { pen = false; continue; }
      const y = h - 2 - (v / peak) * (h - 4) * top;
      if (pen) g.lineTo(x(p), y);
      else g.moveTo(x(p), y);
      pen = true;
    }
    g.strokeStyle = colour(name);
    g.lineWidth = 1.5;
    g.setLineDash(dash);
    g.stroke();
    g.setLineDash([]);
  };
  if (!covered) {
    line(1, "s1", 0.9, []);
    line(2, "s2", 0.55, [4, 2]);
  }
  g.fillStyle = colour("bad");
  for (const p of points) if (p[3] > 0) g.fillRect(x(p) - 1, h - 7, 2, 7);
}
