// @ts-check
// The exercise's panel: the learner's version of a function is edited, saved and
// run here. The file in the data folder is what counts; another editor may write it.

/** @import {ExerciseState, Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
/** @import {Bench} from "./bench.js" */
/** @import {Problem} from "./editor.js" */
import { asApiError, get, remove, replace } from "./api.js";
import { byId, el, one } from "./dom.js";
import { Editor } from "./editor.js";
import { Help } from "./help.js";
import { experimentOf, page } from "./page.js";
import { speakOfRuns } from "./saidrun.js";
import { both, text } from "./words.js";

speakOfRuns();

export class Exercise {
  #x;
  #bench;
  #box;
  #work;
  #field = /** @type {HTMLTextAreaElement} */ (byId("exercise-text"));
  #path = `/api/exercises/${page.lesson}`;
  #editor;
  #help;
  /** @type {ExerciseState|null} as the site last said */
  #last = null;
  #opening = false;

  /** @param {NonNullable<import("./events.js").PageData["exercise"]>} x @param {Bench} bench */
  constructor(x, bench) {
    this.#x = x;
    this.#bench = bench;
    this.#box = byId(x.goal);
    this.#work = /** @type {HTMLDetailsElement} */ (one(this.#box, ".exercise-work"));
    this.#editor = new Editor(this.#field, text("exercise.label", { func: x.func }), { changed: () => this.#changed(), save: () => this.#save() });
    this.#help = new Help(one(this.#box, ".exercise-help"), `${this.#path}/help`);
    this.#work.addEventListener("toggle", () => { if (this.#work.open) this.#open(); });
    const on = (/** @type {string} */ name, /** @type {() => void} */ act) => one(this.#box, `[data-do=${name}]`).addEventListener("click", act);
    on("save", () => this.#save());
    on("run", () => this.#run());
    on("reset", () => this.#sure());
    if (!page.linux) one(this.#box, "[data-do=run]").setAttribute("disabled", ""); // the bench says why
    addEventListener("focus", () => this.#look());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#look(); });
    document.addEventListener("over", (e) => this.#over(/** @type {CustomEvent<{experiment: string, run: Run}>} */ (e).detail));
  }

  get #draftKey() { return `exercise:${page.lesson}`; }
  get #dirty() { return this.#last !== null && this.#editor.text !== this.#last.text; }

  /** Loads the learner's version, and the editor the first time. */
  async #open() {
    if (this.#last || this.#opening) return;
    this.#opening = true;
    this.#say("loading");
    try {
      const draft = localStorage.getItem(this.#draftKey);
      let now = /** @type {ExerciseState} */ (await get(this.#path));
      if (!now.saved) now = await replace(this.#path, { text: now.text }); // so that the file is there for any editor
      this.#take(now);
      if (draft !== null) this.#editor.text = draft;
      await this.#editor.open().then(() => this.#changed(), () => this.#say("plain"));
      this.#problem(now.problem);
    } catch (e) {
      this.#refused(e);
    }
    this.#opening = false;
  }

  /** What the site has is what stands here. @param {ExerciseState} now */
  #take(now) {
    this.#last = now;
    this.#editor.text = now.text;
    localStorage.removeItem(this.#draftKey);
    this.#problem(now.problem);
    this.#help.done(now.done);
    const lines = now.diff.map((d) => el("li", { "data-op": d.op }, el("code", {}, d.text)));
    const same = now.diff.every((d) => d.op === " "), list = one(this.#box, ".exercise-diff .diff");
    list.replaceChildren(...(same ? [el("li", { "data-op": " " }, both("exercise.diff.none"))] : lines));
    this.#say("saved");
  }

  /** A draft that is not saved outlives the page. */
  #changed() {
    if (!this.#last) return;
    if (this.#dirty) localStorage.setItem(this.#draftKey, this.#editor.text);
    else localStorage.removeItem(this.#draftKey);
    this.#say(this.#dirty ? "dirty" : "saved");
  }

  /** @param {"loading"|"saved"|"dirty"|"saving"|"file"|"clash"|"plain"} state */
  #say(state) {
    const box = one(this.#box, ".exercise-state");
    if (box.dataset.state === state) return;
    box.dataset.state = state;
    box.replaceChildren(both(`exercise.state.${state}`));
  }

  /** @param {Problem|null} p */
  #problem(p) {
    const box = byId("exercise-problem");
    box.hidden = p === null;
    box.textContent = p ? (p.line > 0 ? `${this.#x.file}:${p.line}: ${p.text}` : p.text) : "";
    this.#editor.mark(p && p.line > 0 ? p : null);
  }

  /** @param {unknown} error */
  #refused(error) {
    const e = asApiError(error), line = /^text:(\d+)$/.exec(e.field ?? "")?.[1];
    const box = byId("exercise-problem");
    this.#problem({ line: 0, text: "" });
    box.replaceChildren(both(e.said));
    if (line) this.#editor.mark({ line: Number(line), text: e.said.en });
    this.#say("dirty");
  }

  /** @returns {Promise<boolean>} whether what stands here is what will run */
  async #save() {
    if (!this.#last) return false;
    const sent = this.#editor.text;
    this.#say("saving");
    try {
      const now = /** @type {ExerciseState} */ (await replace(this.#path, { text: sent }));
      const later = this.#editor.text; // it may have been typed on meanwhile
      this.#take(now);
      this.#editor.text = later;
      this.#changed();
      return true;
    } catch (e) {
      this.#refused(e);
      return false;
    }
  }

  /** Whether a run of an experiment may begin. @param {Experiment} x */
  async ready(x) {
    if (x.id !== this.#x.goal || !this.#dirty) return true;
    return this.#save();
  }

  async #run() {
    const goal = experimentOf(this.#x.goal);
    if (!goal || !(await this.ready(goal))) return;
    if (this.#bench.experiment !== goal) await this.#bench.put(goal);
    byId("ui-bench").scrollIntoView({ block: "nearest" }); // what becomes of it is said there
    await this.#bench.start();
  }

  /** Asks before it throws work away. */
  #sure() {
    const box = byId("exercise-problem"), yes = el("button", { class: "button", type: "button" }, both("exercise.reset.yes")), no = el("button", { class: "button", type: "button" }, both("exercise.reset.no"));
    no.addEventListener("click", () => { this.#problem(null); one(this.#box, "[data-do=reset]").focus(); });
    yes.addEventListener("click", async () => {
      try {
        await remove(this.#path);
        this.#take(await replace(this.#path, { text: this.#last?.original ?? "" }));
      } catch (e) { this.#refused(e); }
    });
    box.hidden = false;
    box.replaceChildren(both("exercise.reset.sure"), " ", yes, " ", no);
    no.focus();
  }

  /** Another editor may have written the file. */
  async #look() {
    if (!this.#last || this.#opening) return;
    try {
      const now = /** @type {ExerciseState} */ (await get(this.#path));
      if (now.text === this.#last.text) return;
      if (this.#dirty) { this.#say("clash"); return; }
      this.#take(now);
      this.#say("file");
    } catch { /* what is seen stays */ }
  }

  /** A run has ended: the compiler may have stopped, or the goal may hold. @param {{experiment: string, run: Run}} o */
  async #over({ experiment, run }) {
    if (experiment !== this.#x.goal) return;
    const why = run.reason;
    if (why?.code === "build-error" && why.file === this.#x.file) {
      this.#work.open = true;
      await this.#open();
      this.#problem({ line: why.at ?? 1, text: why.line ?? "" });
      byId("exercise-problem").scrollIntoView({ block: "nearest" });
      return;
    }
    try {
      this.#help.done(/** @type {ExerciseState} */ (await get(this.#path)).done);
    } catch { /* the next look says it */ }
  }
}
