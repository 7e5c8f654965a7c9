// @ts-check
// How far a sweep that runs has come: which block of how many, and how long it lasts.

/** @import {Event as RunEvent, Phase} from "./events.js" */
import { reach } from "./reach.js";
import { Stream } from "./stream.js";
import { both } from "./words.js";

/** What a block takes beside its load, in seconds (labs.Plan). */
const BESIDE = 0.6;

export class Progress {
  /** @type {Phase} */
  #phase = "queued";
  /** The connection is; the sweep goes on, if the site is up. */
  #lost = false;
  /** Whoever leads holds it up. */
  paused = false;
  /** @type {string|null} the label of the block that is measured */
  label = null;
  #since = performance.now();
  #all = 0; // blocks, as planned
  #begun = 0;
  #again = 0; // that are measured again
  /** @type {Map<string, number>} seconds by label */
  #length = new Map();
  /** @type {string[]} */
  #order = [];
  #stream;
  #timer;
  #act;

  /** @param {string} id @param {{told: () => void, block: () => void, over: () => void}} act */
  constructor(id, act) {
    this.#act = act;
    this.#stream = new Stream(id, 0, {
      events: (events) => { for (const e of events) this.#hear(e); act.told(); },
      lost: () => this.#reach(false), back: () => { this.#reach(true); act.block(); }, gap: () => {}, chatty: () => this.#phase === "running",
      over: () => this.#end(), gone: () => this.#end(),
    });
    this.#timer = setInterval(() => act.told(), 1000);
  }

  close() {
    clearInterval(this.#timer);
    this.#stream.close();
  }

  /** @type {Phase|"lost"} */
  get phase() { return this.#lost ? "lost" : this.#phase; }

  /** @param {boolean} on */
  #reach(on) {
    this.#lost = !on;
    reach(on);
    this.#act.told();
  }

  #end() {
    this.close();
    this.#reach(true);
    this.#act.over();
  }

  /** @param {RunEvent} e */
  #hear(e) {
    const arms = e.run?.arms ?? [];
    for (const a of arms) this.#length.set(a.label, BESIDE + a.question.warmup + a.question.seconds);
    if (arms.length) { this.#order = arms.map((a) => a.label); this.#all = arms.length; }
    if (e.state) {
      if (e.state.phase !== this.#phase) this.#since = performance.now();
      this.#phase = e.state.phase;
      this.paused = e.state.reason?.code === "paused";
    }
    if (e.begin) {
      this.label = e.begin.label;
      this.#begun++;
      this.#since = performance.now();
    }
    if (e.block_end) {
      if (e.block_end.retry) { this.#again++; this.#order.push(e.block_end.label); }
      this.#act.block();
    }
  }

  /** Seconds since the phase or the block began. */
  get spent() { return (performance.now() - this.#since) / 1000; }

  get #left() {
    const rest = this.#order.slice(Math.max(0, this.#begun - 1)).reduce((sum, label) => sum + (this.#length.get(label) ?? 0), 0);
    return Math.max(0, rest - (this.#begun > 0 ? this.spent : 0));
  }

  /** @returns {Node[]} */
  words() {
    if (this.#lost) return [both("capacity.lost")];
    if (this.#all === 0) return [];
    const n = this.#all + this.#again, out = [];
    if (this.#begun > 0) out.push(both("capacity.progress", { k: this.#begun, n, label: this.label ?? "" }), document.createTextNode(" · "));
    out.push(both("capacity.left", { t: Math.ceil(this.#left) }));
    if (this.#again > 0) out.push(document.createTextNode(" · "), both("capacity.again", { n: this.#again }));
    return out;
  }
}
