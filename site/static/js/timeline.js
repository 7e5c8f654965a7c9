// @ts-check
// The strip under the run's head: the run itself, and where to choose a moment of it.

/** @import {Run} from "./run.js" */
import { byId } from "./dom.js";
import { figure } from "./format.js";
import { colour, font, sheet } from "./look.js";
import { metricOf } from "./page.js";
import { HZ } from "./series.js";
import { say, text } from "./words.js";

export class Timeline {
  #canvas = /** @type {HTMLCanvasElement} */ (byId("ui-timeline"));
  #total = 1;
  /** Where it stands: ahead of what was drawn, when keys come faster than frames. */
  #now = 0;
  #at;

  /** @param {(t: number|null) => void} at a moment was chosen; null: the latest */
  constructor(at) {
    this.#at = at;
    const c = this.#canvas;
    const choose = (/** @type {PointerEvent} */ e) => at(this.#time(e));
    c.addEventListener("pointerdown", (e) => { c.setPointerCapture(e.pointerId); choose(e); });
    c.addEventListener("pointermove", (e) => { if (c.hasPointerCapture(e.pointerId)) choose(e); });
    c.addEventListener("dblclick", () => at(null));
    c.addEventListener("keydown", (e) => this.#key(e));
  }

  /** @param {PointerEvent} e */
  #time(e) {
    const r = this.#canvas.getBoundingClientRect();
    return Math.max(0, Math.min(this.#total, Math.round(((e.clientX - r.left) / r.width) * this.#total * HZ) / HZ));
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const now = this.#now;
    const to = { ArrowRight: now + 0.1, ArrowLeft: now - 0.1, PageUp: now + 1, PageDown: now - 1, Home: 0 }[e.key];
    if (to === undefined && e.key !== "End" && e.key !== "Escape") return;
    e.preventDefault();
    if (to !== undefined) this.#now = Math.max(0, Math.min(this.#total, to));
    this.#at(to === undefined ? null : this.#now);
  }

  /**
   * @param {Run|null} run
   * @param {{warmup: number, total: number, upTo: number, at: number|null, marks: import("./chart.js").Mark[]}} time
   */
  draw(run, { warmup, total, upTo, at, marks }) {
    this.#total = total;
    const now = (this.#now = at ?? Math.max(0, upTo / HZ));
    for (const [name, v] of [["max", total], ["now", now]]) this.#canvas.setAttribute(`aria-value${name}`, String(Number(Number(v).toFixed(1))));
    this.#canvas.setAttribute("aria-valuetext", say("run.at", { t: figure(Number(now.toFixed(1))) }));
    const s = sheet(this.#canvas);
    if (!s) return;
    const { g, w, h } = s, x = (/** @type {number} */ t) => (t / total) * w;
    ground(g, x(warmup), w, h);
    if (run) trace(g, run, upTo, x, h);
    words(g, x(warmup), run && upTo > 0 ? traced(run) : "", h);
    let free = 0; // where the last label ends: one that would lie on it is left out
    for (const m of marks) {
      const width = g.measureText(m.label).width, from = Math.min(x(m.t) + 4, w - width - 2);
      g.fillStyle = colour(m.note ? "ink-2" : "warn");
      g.fillRect(x(m.t), 0, 1, h);
      if (m.note) {
        if (m.to > m.t) g.fillRect(x(m.t), h - 2, x(Math.min(total, m.to)) - x(m.t), 2);
        write(g, m.label, from, 1);
        continue;
      }
      if (from >= free) write(g, m.label, from, h - 13);
      free = Math.max(free, from + width + 4);
    }
    if (!run || upTo < 0) return;
    g.fillStyle = colour("ink");
    g.fillRect(Math.min(w - 2, x(now)), 0, 2, h);
  }
}

/** @param {CanvasRenderingContext2D} g @param {number} warm @param {number} w @param {number} h */
function ground(g, warm, w, h) {
  g.fillStyle = colour("plate");
  g.fillRect(0, 0, w, h);
  g.fillStyle = colour("well");
  g.fillRect(0, 0, warm, h);
  g.fillStyle = colour("edge");
  if (warm > 0) g.fillRect(warm, 0, 1, h);
}

/** What is traced: p99 when there is load, else how busy the server is. @param {Run} run */
const traced = (run) => ["load.p99", "kernel.cpu"].find((m) => run.series.has(m)) ?? "";

/** @param {CanvasRenderingContext2D} g @param {Run} run @param {number} upTo @param {(t: number) => number} x @param {number} h */
function trace(g, run, upTo, x, h) {
  const line = run.series.line(traced(run), 1, upTo), seen = line.filter((v) => v !== null && v > 0).map(Number);
  if (seen.length === 0) return;
  const low = Math.log10(Math.min(...seen)) - 0.2, high = Math.max(Math.log10(Math.max(...seen)) + 0.1, low + 1);
  g.strokeStyle = colour("s2");
  g.lineWidth = 1.25;
  g.beginPath();
  let drawn = false;
  line.forEach((v, i) => {
    if (v === null || v <= 0) return;
    const y = h - 3 - ((Math.log10(v) - low) / (high - low)) * (h - 8);
    if (drawn) g.lineTo(x(i / HZ), y);
    else g.moveTo(x(i / HZ), y);
    drawn = true;
  });
  g.stroke();
}

/** @param {CanvasRenderingContext2D} g @param {number} warm @param {string} name of what is traced @param {number} h */
function words(g, warm, name, h) {
  g.font = font;
  g.textBaseline = "top";
  g.textAlign = "left";
  g.fillStyle = colour("ink-3");
  if (warm > 52) write(g, say(text("run.warmup")), 5, h > 20 ? 4 : 2);
  write(g, say(name ? metricOf(name).label : text("run.measure")), warm + 6, 4);
}

/** Words that a line may cross: the plate shows around each letter. @param {CanvasRenderingContext2D} g @param {string} words @param {number} x @param {number} y */
function write(g, words, x, y) {
  g.strokeStyle = colour("plate");
  g.lineWidth = 4;
  g.lineJoin = "round";
  g.strokeText(words, x, y);
  g.fillText(words, x, y);
}
