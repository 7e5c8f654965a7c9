// @ts-check
// The page of capacity: makes sweeps, follows the one that runs, and shows any.

/** @import {Capacity, Summary, Text} from "./events.js" */
import { asApiError, get, post } from "./api.js";
import { byId, el, put } from "./dom.js";
import { fixed } from "./format.js";
import { page } from "./page.js";
import { Earlier, wishOf } from "./earlier.js";
import { speakOfRuns } from "./saidrun.js";
import { Progress } from "./sweepprogress.js";
import { Result } from "./sweepresult.js";
import { SweepForm } from "./sweepform.js";
import { both, known, language, text } from "./words.js";

speakOfRuns();

/** @param {Summary} r */
const over = (r) => ["finished", "failed", "stopped", "interrupted"].includes(r.phase);

export class CapacityPage {
  #form = new SweepForm({ changed: () => this.#said(), submit: () => this.start(), judged: () => this.#refresh() });
  #measure = /** @type {HTMLButtonElement} */ (byId("ui-measure"));
  #halt = /** @type {HTMLButtonElement} */ (byId("ui-sweep-stop"));
  #ladder = /** @type {HTMLButtonElement} */ (byId("ui-ladder"));
  #earlier = new Earlier((r) => { this.open(r.id); byId("ui-capacity-result").scrollIntoView({ block: "start", behavior: "instant" }); });
  /** @type {Result|null} */
  #result = null;
  /** @type {Progress|null} */
  #live = null;
  #asking = false;
  #run = "";

  constructor() {
    this.#ladder.addEventListener("click", () => this.#begin({ ladder: true }));
    this.#halt.addEventListener("click", () => this.stop());
    this.#arrive();
  }

  /** What the address names: a run, or an experiment with a setting and values. */
  async #arrive() {
    const wish = Object.fromEntries(new URLSearchParams(location.search));
    if (Number(wish.p99) > 0) this.#form.p99 = Number(wish.p99);
    const runs = await this.#earlier.refresh().catch(() => /** @type {Summary[]} */ ([]));
    const running = runs.find((r) => !over(r)), id = wish.run ?? running?.id ?? (wish.experiment ? "" : (runs[0]?.id ?? ""));
    const run = runs.find((r) => r.id === id);
    this.#load(wish.experiment || !run ? wish : wishOf(run));
    if (id) await this.open(id);
    else this.#note("busy", text("capacity.empty"), text("capacity.empty.why"));
  }

  /** @param {{experiment?: string, setting?: string, values?: string}} [wish] */
  async #load(wish) {
    try {
      await this.#form.load(wish);
    } catch (e) {
      const again = el("button", { class: "button", type: "button" }, both("capacity.retry"));
      again.addEventListener("click", () => { this.#said(); this.#load(wish); });
      byId("ui-about").replaceChildren(both("capacity.nosettings"), ": ", both(asApiError(e).said), " ", again);
    }
  }

  /** The form has changed: what it would do, and whether it may. */
  #said() {
    const f = this.#form, busy = this.#asking || this.#live !== null, ok = f.ready && f.check();
    this.#measure.disabled = busy || !ok || !page.linux;
    this.#ladder.disabled = busy || !page.linux;
    this.#halt.disabled = this.#live === null;
    byId("ui-sweep-open").hidden = !f.opens;
    byId("ui-about").replaceChildren(!page.linux ? both("home.machine.linux") : !f.ready ? both("capacity.loading") : ok ? both("capacity.about", { n: f.blocks, t: Math.ceil(f.time) }) : "");
    put(byId("ui-sweep-command"), f.ready && ok ? f.command : "labs sweep");
  }

  start() {
    if (!this.#measure.disabled) this.#begin(this.#form.order());
  }

  stop() {
    if (this.#live && this.#run) post(`/api/runs/${this.#run}/stop`).catch((e) => this.#refused(e));
  }

  /** @param {object} order */
  async #begin(order) {
    this.#asking = true;
    this.#lamp("starting", text("state.asking"));
    this.#said();
    /** @type {unknown} */
    let refused = null;
    try {
      const { id } = await post("/api/sweeps", order);
      byId("ui-capacity-result").scrollIntoView({ block: "start", behavior: "instant" });
      await this.open(id);
    } catch (e) {
      refused = e;
    }
    this.#asking = false;
    this.#said();
    if (refused) this.#refused(refused);
    this.#earlier.refresh();
  }

  /** @param {unknown} e */
  #refused(e) {
    const error = asApiError(e);
    if (error.field) this.#form.refuse(error.field, error.said);
    if (!this.#live) this.#lamp("idle", text("state.idle"));
    const note = this.#note("failed", error.said);
    if (!error.run) return;
    const see = el("a", { class: "button", href: `/${language()}/runs/${error.run}` }, both("note.other")), end = el("button", { class: "button", type: "button" }, both("note.other.stop"));
    end.addEventListener("click", () => post(`/api/runs/${error.run}/stop`).then(() => this.#note("ok", text("state.stopped")), (x) => this.#refused(x)));
    note.append(el("p", { class: "note-do" }, see, end));
  }

  /** @param {string} kind @param {Text} title @param {Text} [why] @param {string} [raw] */
  #note(kind, title, why, raw) {
    const note = el("div", { class: "note", "data-kind": kind, role: kind === "failed" ? "alert" : null }, el("b", {}, both(title)), ...(why ? [el("p", {}, both(why))] : []), ...(raw ? [el("pre", { tabindex: 0 }, raw)] : []));
    byId("ui-sweep-note").replaceChildren(note);
    return note;
  }

  /** @param {string} state @param {Text} words */
  #lamp(state, words) {
    const lamp = byId("ui-sweep-lamp");
    lamp.dataset.state = state;
    lamp.replaceChildren(both(words));
  }

  /** Shows a sweep, and follows it to its end. @param {string} id */
  async open(id) {
    this.#live?.close();
    this.#live = null;
    this.#run = id;
    put(byId("ui-sweep-progress"), "");
    this.#address(id);
    const run = await this.#refresh();
    if (run && !over(run) && this.#run === id) {
      this.#live = new Progress(id, { told: () => this.#tell(), block: () => this.#refresh(), over: () => this.#over(id) });
      byId("ui-sweep-note").replaceChildren();
    }
    this.#said();
  }

  /** @param {string} id */
  #address(id) {
    const p99 = this.#form.p99 && this.#form.p99 !== 0.01 ? `&p99=${this.#form.p99}` : "";
    history.replaceState(history.state, "", `${location.pathname}?run=${id}${p99}`);
    this.#earlier.mark(id);
  }

  #tell() {
    const p = this.#live;
    if (!p) return;
    this.#lamp(p.phase, text(p.paused ? "state.paused" : known(`state.${p.phase}`) ? `state.${p.phase}` : "state.running", { t: fixed(p.spent, 0) }));
    byId("ui-sweep-progress").replaceChildren(...p.words());
  }

  /** @param {string} id */
  async #over(id) {
    if (this.#run !== id) return;
    this.#live = null;
    put(byId("ui-sweep-progress"), "");
    await this.#refresh();
    this.#said();
    this.#earlier.refresh();
  }

  /** @returns {Promise<Summary|null>} */
  async #refresh() {
    const id = this.#run;
    if (!id) return null;
    try {
      const { run, capacity } = /** @type {{run: Summary, capacity: Capacity}} */ (await get(`/api/runs/${id}/capacity?p99=${this.#form.p99 || 0.01}`));
      if (this.#run !== id) return null;
      this.#address(id);
      this.#draw(capacity);
      if (over(run)) this.#ended(run);
      return run;
    } catch (e) {
      const error = asApiError(e);
      if (this.#run === id) this.#note("failed", error.status === 404 ? text("capacity.gone") : error.said);
      return null;
    }
  }

  /** @param {Summary} run */
  #ended(run) {
    const isVoid = run.phase === "finished" && run.trust === "void";
    this.#lamp(isVoid ? "void" : run.phase, text(isVoid ? "state.void" : `state.${run.phase}`));
    byId("ui-sweep-note").replaceChildren();
    if (run.phase === "finished") { if (isVoid) this.#note("void", text("note.void"), text("note.void.why")); return; }
    const code = known(`reason.${run.reason?.code}.title`) ? run.reason?.code : "unknown", args = { ...(run.reason?.args ?? {}), code: run.reason?.code ?? "" };
    this.#note(run.phase === "failed" ? "failed" : "lost", text(`reason.${code}.title`, args), text("capacity.partial"), run.reason?.line);
  }

  /** @param {Capacity} c */
  #draw(c) {
    this.#result?.destroy();
    this.#result = new Result(c, this.#form.p99 || 0.01, this.#live?.label ?? null);
    const seen = scrollY;
    byId("ui-curves").replaceChildren(...this.#result.nodes);
    scrollTo({ top: seen, behavior: "instant" });
  }
}
