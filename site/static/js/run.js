// @ts-check
// What is known of one run: the recording as far as it has arrived.

/** @import {Event as RunEvent, Backfill, Path, Phase, Reason, Socket, Check, End, RunBegin} from "./events.js" */
import { Heat } from "./heat.js";
import { Moments, thin } from "./moments.js";
import { Series } from "./series.js";

const OVER = new Set(["finished", "failed", "stopped", "interrupted"]);
/** Lines of log that are kept; all of them are in the download. */
const LOG_LINES = 2000;

export class Run {
  /** @type {Phase|""} */
  phase = "";
  /** When the phase began, in the time of performance.now(). */
  since = performance.now();
  /** @type {Reason|null} */
  reason = null;
  /** @type {Record<string, string>} "addr" and "pid" once it runs */
  facts = {};
  /** @type {RunBegin|null} */
  begin = null;
  /** @type {End|null} */
  end = null;
  heat = new Heat();
  /** @type {RunEvent[]} */
  log = [];
  dropped = 0;
  /** @type {Socket[]} */
  sockets = [];
  /** @type {{t: number, path: Path}[]} t since load began */
  paths = [];
  /** @type {Record<string, number>} the watched expressions so far */
  figures = {};
  /** What was said earlier about sockets, figures and checks. */
  moments = new Moments();
  /** @type {import("./events.js").Notes|null} that came with the recording */
  notes = null;
  /** @type {Map<string, Check>} */
  checks = new Map();
  /** @type {{t: number, on: boolean, id: string, kind: string}[]} t since load began */
  faults = [];
  /** @type {{arm: number, label: string, trust: string, doubts: import("./events.js").Doubt[], retry: boolean, slot: number, soFar?: import("./events.js").Comparison}[]} what is known of each block */
  blocks = [];
  /** The block that the series is of. */
  block = 0;
  /** The last event that is known. */
  seq = 0;

  /**
   * @param {string} id "" for the author's
   * @param {number} warmup
   * @param {number} seconds
   */
  constructor(id, warmup, seconds) {
    this.id = id;
    this.series = new Series(warmup, seconds);
  }

  get author() { return this.id === ""; }
  get over() { return OVER.has(this.phase); }
  get void() { return this.phase === "finished" && this.end?.trust === "void"; }

  /** @param {Backfill} b @param {number} [wanted] the block that it is of; without it the last */
  load(b, wanted) {
    this.blocks = [];
    const of = wanted ?? Math.max(0, ...b.events.map((e) => e.block ?? 0));
    if (of !== this.block) this.series = new Series(this.series.warmup, this.series.total - this.series.warmup);
    this.block = of;
    for (const e of b.events) if (e.kind === "block" && e.begin && (wanted === undefined || (e.block ?? 0) === wanted)) this.series.begin(e.begin);
    b.t.forEach((t, row) => {
      /** @type {Record<string, number|null>} */
      const values = {};
      for (const name in b.values) values[name] = b.values[name][row];
      this.series.sample(t, values);
    });
    this.heat = new Heat();
    if (this.series.begun) this.heat.load(b.heat, (t) => this.series.local(t));
    this.log = [];
    this.dropped = 0;
    this.faults = [];
    this.paths = [];
    this.moments = new Moments();
    this.#filling = true;
    this.take(b.events);
    this.#filling = false;
    this.seq = Math.max(this.seq, b.seq);
  }

  #filling = false;

  /** A block begins: fresh processes, so everything that is drawn begins again. @param {RunEvent} e @param {import("./events.js").Block} begin */
  #begin(e, begin) {
    const n = e.block ?? 0;
    this.blocks[n] = { arm: begin.arm ?? 0, label: begin.label, trust: "", doubts: [], retry: false, slot: begin.slot ?? 0 };
    if (this.#filling) return;
    if (n > this.block) {
      this.series = new Series(begin.warmup, begin.seconds);
      this.heat = new Heat();
      this.sockets = [];
      this.faults = [];
      this.paths = [];
      this.moments = new Moments();
      this.checks.clear();
      this.block = n;
    }
    this.series.begin(begin);
  }

  /** @param {RunEvent} e @param {import("./events.js").BlockEnd} end */
  #close(e, { trust, doubts, retry, so_far }) {
    const block = this.blocks[e.block ?? 0];
    if (block) Object.assign(block, { trust, doubts: doubts ?? [], retry: retry ?? false, soFar: so_far });
  }

  /** Samples that were left out, from a later backfill. @param {Backfill} b */
  mend(b) {
    const { seq } = this;
    this.load(b);
    this.seq = Math.max(seq, b.seq);
  }

  /** @param {RunEvent[]} events in their order */
  take(events) {
    for (const e of events) {
      this.seq = Math.max(this.seq, e.seq);
      this.#one(e);
    }
  }

  /** @param {RunEvent} e */
  #one(e) {
    if (e.kind === "sample") this.#sample(e);
    else if (e.kind === "block" && e.begin) this.#begin(e, e.begin);
    else if (e.kind === "block-end" && e.block_end) this.#close(e, e.block_end);
    else if (e.kind === "figures") this.moments.figures.add(e.t, (this.figures = e.values ?? {}));
    else if (e.kind === "sockets") this.#ask(e);
    else if (e.kind === "path" && e.path && (e.block ?? 0) === this.block) this.paths.push({ t: this.series.local(e.t), path: e.path });
    else if (e.kind === "check" && e.check) this.#judge(e.t, e.check);
    else if (e.kind === "notes" && e.notes) this.notes = e.notes;
    else if (e.kind === "fault" && e.fault) this.#fault(e, e.fault);
    else if (e.kind === "log") this.#say(e);
    else if (e.kind === "run" && e.run) this.begin = e.run;
    else if (e.kind === "state" && e.state) this.#state(e, e.state);
    else if (e.kind === "end" && e.end) this.#finish(e.end);
  }

  /** Of what was asked before, the first rows stay. @param {RunEvent} e */
  #ask(e) {
    this.moments.sockets.last((before) => thin(before));
    this.sockets = e.sockets ?? [];
    this.moments.sockets.add(e.t, { rows: this.sockets, more: e.more ?? 0 });
  }

  /** @param {number} t @param {Check} check */
  #judge(t, check) {
    this.checks.set(check.id, check);
    this.moments.checks.add(t, new Map(this.checks));
  }

  /**
   * What was known at a moment; null: what is known now.
   * @param {number|null} at seconds since load began
   * @returns {import("./moments.js").Moment}
   */
  moment(at) {
    if (at === null || !this.series.begun) return { figures: this.figures, sockets: { rows: this.sockets, more: 0 }, checks: this.checks };
    return this.moments.at(this.series.global(at));
  }

  /** @param {RunEvent} e */
  #sample(e) {
    this.series.sample(e.t, e.values ?? {});
    const h = e.hists?.load;
    if (h && this.series.begun) this.heat.sample(this.series.local(e.t), h);
  }

  /** @param {RunEvent} e @param {{id: string, kind: string, on: boolean}} fault */
  #fault(e, fault) {
    this.faults.push({ t: this.series.local(e.t), on: fault.on, id: fault.id, kind: fault.kind });
    this.#say({ ...e, from: "fault", level: "warn", text: `${fault.id} (${fault.kind}) ${fault.on ? "on" : "off"}` });
  }

  /** The faults that are on now. */
  suffering() {
    const last = new Map(this.faults.map((f) => [f.id, f]));
    return [...last.values()].filter((f) => f.on);
  }

  /** @param {RunEvent} e @param {import("./events.js").State} state */
  #state(e, { phase, reason, facts }) {
    this.#enter(phase, reason, facts);
    const more = [reason?.code, reason?.line, ...Object.entries(facts ?? {}).map(([k, v]) => `${k} ${v}`)].filter(Boolean);
    this.#say({ ...e, from: "run", level: phase === "failed" ? "error" : "info", text: [phase, ...more].join(" · ") });
  }

  /** @param {RunEvent} e */
  #say(e) {
    this.log.push(e);
    if (this.log.length <= LOG_LINES * 1.25) return;
    this.dropped += this.log.length - LOG_LINES;
    this.log = this.log.slice(-LOG_LINES);
  }

  /** @param {Phase} phase @param {Reason} [reason] @param {Record<string, string>} [facts] */
  #enter(phase, reason, facts) {
    if (phase !== this.phase) this.since = performance.now();
    this.phase = phase;
    this.reason = reason ?? null;
    if (facts) this.facts = { ...this.facts, ...facts };
  }

  /** @param {End} end */
  #finish(end) {
    this.end = end;
    this.#enter(end.phase, end.reason);
    for (const c of end.checks ?? []) this.checks.set(c.id, c);
    if (!end.checks && !this.begin?.kind) this.checks.clear();
  }
}
