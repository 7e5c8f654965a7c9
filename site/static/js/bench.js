// @ts-check
// The bench: one experiment at a time, one run on it, and what draws it.

/** @import {Event as RunEvent, Backfill, Experiment, LessonComparison, Summary} from "./events.js" */
/** @import {Act, Situation, State} from "./state.js" */
import { asApiError, get, post, remove } from "./api.js";
import { byId } from "./dom.js";
import { ended } from "./ending.js";
import { Faults } from "./faults.js";
import { Freeze } from "./freeze.js";
import { voting, waits } from "./gate.js";
import { Head } from "./head.js";
import { History, measured } from "./history.js";
import { Instruments } from "./instruments.js";
import { Knobs } from "./knobs.js";
import { comparisons, experimentOf, experiments, page } from "./page.js";
import { introduce, settle } from "./place.js";
import { Predictions } from "./predict.js";
import { reach } from "./reach.js";
import { Run } from "./run.js";
import { speakOfRuns } from "./saidrun.js";
import { isLive, mayRun, mayStop, stateOf } from "./state.js";
import { Stream } from "./stream.js";
import { Versus } from "./versus.js";

speakOfRuns();

export class Bench {
  #x = experiments[0];
  /** @type {Run|null} */
  #run = null;
  /** @type {Run|null} the run that lies underneath */
  #under = null;
  /** @type {Stream|null} */
  #stream = null;
  #situation = { open: false, wrong: false, asking: false, loading: false, mine: false, gated: false, voting: false, lost: /** @type {Situation["lost"]} */ (null), filled: /** @type {number|null} */ (null), refused: /** @type {Situation["refused"]} */ (null) };
  /** Counts what was put on the bench, so that an answer that comes late is dropped. */
  #turn = 0;
  #show = new Instruments(() => ({ experiment: this.#x, run: this.#run, under: this.#under }), () => this.#draw());
  #predictions = new Predictions(() => this.#answered());
  #knobs = new Knobs(() => { this.#situation.refused = null; this.#show.now(); });
  #faults = new Faults({ changed: () => this.#show.now(), on: (x) => this.#switch((run) => post(`${run}/faults`, x)), off: (id) => this.#switch((run) => remove(`${run}/faults/${id}`)) });
  #freeze = new Freeze((x) => this.#switch((run) => post(`${run}/faults`, x)));
  #history = new History({ open: (r) => this.open(r.id, true), under: (r) => this.#lay(r), gone: (id) => this.#gone(id) });
  #head = new Head((a) => this.act(a));
  #versus = new Versus({ start: () => this.compare(), block: (n) => this.#block(n), under: (n) => this.#pair(n) });

  /** Whether a run may begin: an exercise saves its text first. @type {(x: Experiment) => Promise<boolean>} */
  ready = async () => true;
  /** Which version of an exercise's function runs; empty: the owner's own. */
  version = "";

  constructor() {
    setInterval(() => { if (isLive(this.state)) this.#show.touch(); }, 100);
    document.addEventListener("block", (e) => { const { block, then } = /** @type {CustomEvent<{block: number, then: () => void}>} */ (e).detail; this.#block(block).then(then); });
    document.addEventListener("gates", () => this.#answered());
    document.addEventListener("brought", (e) => {
      const asks = this.#predictions.first(/** @type {CustomEvent<string>} */ (e).detail);
      if (asks) byId(asks).scrollIntoView({ block: "start" });
    });
  }

  /** @returns {Situation} */
  #now() {
    return { ...this.#situation, experiment: this.#x, run: this.#run, linux: page.linux, exported: page.root !== undefined, open: this.#predictions.open(this.#asks), wrong: this.#knobs.wrong, gated: waits(this.#asks), voting: voting(this.#asks) };
  }

  /** Whose predictions are asked: the comparison's on the bench, else the experiment's. */
  get #asks() { return this.#versus.posed?.id ?? this.#x.id; }

  /** @returns {State} */
  get state() { return stateOf(this.#now()); }
  get experiment() { return this.#x; }

  /** Puts a comparison of the lesson on the bench. @param {LessonComparison} c @param {string} [run] */
  pose(c, run) {
    const x = experimentOf(c.b);
    return x ? this.put(x, run, c) : Promise.resolve();
  }

  /** Puts an experiment on the bench, with its newest run or the author's. @param {Experiment} x @param {string} [run] @param {LessonComparison|null} [posed] */
  async put(x, run, posed = null) {
    this.#clear();
    this.#x = x;
    introduce(x, posed);
    this.#versus.build(x, posed);
    this.#knobs.build(x);
    this.#faults.build(x);
    this.#show.build(x);
    this.#situation.loading = true;
    this.#show.now();
    const turn = this.#turn;
    await this.#history.build(x).catch(() => {});
    if (turn !== this.#turn) return;
    const newest = posed ? this.#history.runs.find((r) => r.experiment === posed.name && !r.imported) : this.#history.runs.find((r) => !r.imported && ((x.sweep ? r.kind === "sweep" : !r.kind) || !["finished", "failed", "stopped", "interrupted"].includes(r.phase)));
    const wanted = run ?? newest?.id;
    if (wanted) await this.open(wanted, run !== undefined);
    else await this.#author();
  }

  #clear() {
    this.#turn++;
    this.#stream?.close();
    this.#stream = this.#run = this.#under = null;
    Object.assign(this.#situation, { asking: false, loading: false, mine: false, lost: null, filled: null, refused: null });
    this.#show.clear();
    return this.#turn;
  }

  /** Whether what was measured would tell an answer that is still asked for. */
  get #secret() { return this.#predictions.open(this.#asks) || voting(this.#asks); }

  /** The author's run is no hint: it is shown once the predictions are answered. */
  async #author() {
    this.#clear();
    const of = this.#versus.posed ?? this.#x;
    if (of.author && !this.#secret && await this.#load(new Run("", this.#x.warmup, this.#x.seconds), `/api/experiments/${of.name}/author/series?block=last`) && page.root !== undefined) this.#reveal();
    this.#show.now();
  }

  /** In an exported book no run of one's own will say how near the predictions were: the author's does. */
  #reveal() {
    this.#predictions.told(this.#asks, this.#run?.end?.guesses ?? []);
    document.dispatchEvent(new CustomEvent("over", { detail: { experiment: this.#x.id, run: this.#run } }));
  }

  /** A prediction was answered, or its answer taken back; or the class waits for something else. */
  #answered() {
    const hidden = this.#secret, { asking, loading } = this.#situation;
    if (!asking && !loading && (hidden ? this.#run?.author : this.#run === null)) this.#author();
    else this.#show.now();
  }

  /** Puts a run of this experiment on the bench. @param {string} id @param {boolean} mine it was asked for here */
  async open(id, mine) {
    const known = this.#history.runs.find((r) => r.id === id);
    this.#clear();
    this.#situation.mine = mine;
    if (known && !known.kind) this.#knobs.stand(known);
    const run = new Run(id, this.#x.warmup, this.#x.seconds);
    if (!(await this.#load(run, `/api/runs/${id}/series?block=last`))) return;
    if (!run.over) this.#follow(run);
    const before = known?.kind ? null : this.#history.before(id);
    if (before) await this.#lay(before);
  }

  /** @param {Run} run @param {string} path @returns {Promise<boolean>} whether it is on the bench */
  async #load(run, path) {
    const turn = this.#turn;
    this.#situation.loading = true;
    this.#show.now();
    try {
      const back = /** @type {Backfill} */ (await get(path));
      if (turn !== this.#turn) return false;
      run.load(back);
      this.#run = run;
    } catch (e) {
      if (turn !== this.#turn) return false;
      if (run.id) this.#situation.refused = asApiError(e);
    }
    this.#situation.loading = false;
    this.#show.now();
    return this.#run === run;
  }

  /** @param {Run} run */
  #follow(run) {
    const s = this.#situation, here = () => this.#run === run;
    let mending = 0;
    this.#stream = new Stream(run.id, run.seq, {
      events: (events) => this.#hear(run, events),
      lost: (next) => { s.lost = { since: s.lost?.since ?? performance.now(), next }; reach(false); this.#show.now(); },
      back: (n) => { s.lost = null; s.filled = n; reach(true); setTimeout(() => { s.filled = null; }, 5000); this.#show.now(); },
      gap: () => { clearTimeout(mending); mending = setTimeout(() => this.#mend(run), 1000); },
      over: () => { if (here()) this.#mend(run); },
      gone: (e) => { s.lost = null; s.refused = e; if (here()) this.#run = null; this.#show.now(); },
      chatty: () => run.phase === "running",
    });
  }

  /** The first word of the kernel is shown at once, what follows in its time. @param {Run} run @param {RunEvent[]} events */
  #hear(run, events) {
    const silent = run.sockets.length === 0;
    run.take(events);
    if (run.over) this.#over(run);
    if (silent && run.sockets.length > 0) this.#show.now();
    else this.#show.touch();
  }

  /** Samples that were left out are in the recording. @param {Run} run */
  async #mend(run) {
    try {
      run.mend(await get(`/api/runs/${run.id}/series?block=last`));
      if (run.over) this.#over(run);
      this.#show.now();
    } catch { /* what was seen stays */ }
  }

  /** @type {Run|null} whose end was told */
  #told = null;

  /** @param {Run} run */
  #over(run) {
    this.#situation.lost = null;
    if (this.#told === run) return;
    this.#told = run;
    reach(true);
    if (run.end?.guesses && run.phase === "finished") this.#predictions.measured(this.#asks, run.end.guesses);
    const over = { experiment: this.#x.id, run };
    ended(this.#history).then(() => { this.#show.now(); document.dispatchEvent(new CustomEvent("over", { detail: over })); });
  }

  /** Where a note about the run is written. */
  note() { this.#show.note(); }

  /** Runs what is on the bench. */
  async start() {
    if (this.#versus.posed) return this.compare();
    const x = this.#x;
    if (!mayRun(this.state) || !(await this.ready(x)) || x !== this.#x || !mayRun(this.state)) return;
    const before = this.#run && !this.#run.author && !this.#run.begin?.kind && this.#run.phase === "finished" ? this.#run : this.#under;
    await this.#begin("/api/runs", { lesson: page.lesson, experiment: this.#x.id, settings: this.#knobs.settings(), faults: this.#faults.extras(), exercise: page.exercise?.goal === this.#x.id, ...(this.version ? { version: this.version } : {}), ...this.#predictions.commitment(this.#x.id) }, before);
  }

  /** Runs what is on the bench in turns with what was before. */
  async compare() {
    const order = this.#order();
    if (!order || !mayRun(this.state)) return;
    await this.#begin("/api/comparisons", { ...order.body, ...(this.#versus.posed ? this.#predictions.commitment(this.#asks) : { faults: this.#faults.extras() }) }, null);
  }

  /** What a comparison would be of. */
  #order() {
    const shown = this.#history.runs.find((r) => r.id === this.#run?.id);
    const before = shown && measured(shown) ? shown : this.#history.runs.find(measured);
    return this.#versus.order(this.#run, before, this.#knobs.settings(), (r) => this.#knobs.alike(r));
  }

  /** Shows one block of the comparison on the bench. @param {number} n */
  async #block(n) {
    const run = this.#run, turn = this.#turn;
    if (!run?.id) return;
    try {
      const back = await get(`/api/runs/${run.id}/series?block=${n}`);
      if (turn !== this.#turn) return;
      run.load(back, n);
      if (this.#under?.id === run.id) this.#under = null; // it was the pair of another
    } catch (e) {
      this.#situation.refused = asApiError(e);
    }
    this.#show.now();
  }

  /** Lays another block of the comparison underneath, or takes it away. @param {number} n */
  async #pair(n) {
    const run = this.#run, turn = this.#turn, on = this.#under?.id === run?.id && this.#under?.block === n;
    if (!run?.id) return;
    const under = on ? null : new Run(run.id, this.#x.warmup, this.#x.seconds);
    try {
      under?.load(await get(`/api/runs/${run.id}/series?block=${n}`), n);
      if (turn === this.#turn) this.#under = under;
    } catch (e) {
      if (turn === this.#turn) this.#situation.refused = asApiError(e);
    }
    this.#show.now();
  }

  /** @param {string} path @param {Record<string, unknown>} body @param {Run|null} before that lies underneath */
  async #begin(path, body, before) {
    const turn = this.#clear();
    Object.assign(this.#situation, { asking: true, mine: true });
    this.#show.now();
    try {
      const { id } = await post(path, body);
      if (turn !== this.#turn) return;
      const run = (this.#run = new Run(id, this.#x.warmup, this.#x.seconds));
      run.phase = "queued";
      this.#under = before;
      this.#follow(run);
    } catch (e) {
      const error = asApiError(e);
      if (!this.#knobs.refuse(error) && !this.#faults.refuse(error)) this.#situation.refused = error;
    }
    this.#situation.asking = false;
    this.#show.now();
  }

  async stop(id = this.#run?.id) {
    if (!id) return;
    try {
      await post(`/api/runs/${id}/stop`);
      this.#situation.refused = null;
    } catch (e) {
      this.#situation.refused = asApiError(e);
    }
    this.#show.now();
  }

  /** Switches a fault of the run on the bench; the stream tells what came of it. @param {(run: string) => Promise<unknown>} how */
  async #switch(how) {
    try {
      if (this.#run?.id) await how(`/api/runs/${this.#run.id}`);
    } catch (e) {
      this.#faults.tell(asApiError(e));
    }
    this.#show.now();
  }

  /** @param {Act} a */
  act(a) {
    if (a.act === "run") this.start();
    else if (a.act === "compare") this.compare();
    else if (a.act === "stop" && mayStop(this.state)) this.stop();
    else if (a.act === "freeze") this.#freeze.press();
    else if (a.act === "halt") this.stop(a.arg);
    else if (a.act === "skip") this.#predictions.skip(this.#asks);
    else if (a.act === "predict") byId(this.#predictions.first(this.#asks) ?? this.#asks).scrollIntoView({ block: "center" });
    else if (a.act === "reconnect") this.#stream?.retry();
    else if (a.act === "replay") this.#show.replay();
    else if (a.act === "log") byId("ui-tab-log").click();
    else if (a.act === "open" && a.arg) this.#elsewhere(a.arg);
  }

  /** A run that may be of another experiment or lesson. @param {string} id */
  async #elsewhere(id) {
    const run = /** @type {Summary} */ (await get(`/api/runs/${id}`)), [lesson, name] = run.experiment.split("/"), x = experimentOf(name);
    const c = comparisons.find((k) => k.name === run.experiment);
    if (c) await this.pose(c, id);
    else if (lesson === page.lesson && x) await this.put(x, id);
    else location.assign(`/${document.documentElement.lang}/runs/${id}`);
  }

  /** @param {Summary|null} r to lie underneath */
  async #lay(r) {
    const turn = this.#turn, run = r && new Run(r.id, this.#x.warmup, this.#x.seconds);
    try {
      if (run) run.load(await get(`/api/runs/${run.id}/series`));
    } catch { return; }
    if (turn === this.#turn) this.#under = run;
    this.#show.now();
  }

  /** @param {string} id of a run that was deleted */
  #gone(id) {
    if (this.#under?.id === id) this.#under = null;
    if (this.#run?.id === id) this.put(this.#x);
    this.#show.now();
  }

  #draw() {
    const state = this.#head.draw(this.#now());
    this.#announce(isLive(state));
    this.#knobs.disable(isLive(state) || !page.linux || this.#versus.posed !== null);
    this.#versus.draw(this.#run, this.#under, this.#order(), mayRun(state) && page.linux);
    this.#faults.draw(this.#run, state === "running" && !this.#run?.begin?.kind);
    const blocks = Boolean(this.#versus.posed ?? this.#x.sweep ?? this.#run?.begin?.kind);
    this.#freeze.draw(this.#x, !blocks && this.#knobs.value("load.model") === "open", this.#run, state);
    this.#history.mark(this.#run?.id ?? "", this.#under?.id ?? "");
  }

  /** Sets one setting of an experiment, as it was agreed. Nothing runs. @param {Experiment} x @param {string} name @param {import("./events.js").Value} value */
  async take(x, name, value) {
    if (x !== this.#x || this.#versus.posed) await this.put(x);
    this.#knobs.take(name, value);
    byId("ui-knobs").scrollIntoView({ block: "nearest" });
    this.#show.now();
  }

  #on = { run: /** @type {Run|null} */ (null), live: false, at: "" };

  /** Tells the page what is on the bench, when that has changed. @param {boolean} live */
  #announce(live) {
    const at = this.#asks;
    if (this.#run === this.#on.run && live === this.#on.live && at === this.#on.at) return;
    this.#on = { run: this.#run, live, at };
    document.dispatchEvent(new CustomEvent("onbench", { detail: this.#on }));
  }

  /** The bench stands beside the text, or in it where there is no room. */
  settle() { settle(this.#versus.posed ?? this.#x); this.#show.now(); }
}
