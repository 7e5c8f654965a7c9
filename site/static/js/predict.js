// @ts-check
// Predictions: answered or skipped before Run unlocks; afterwards the guess stays,
// beside what was measured.

/** @import {Answer, Guess, Prediction} from "./events.js" */
import { asApiError, replace } from "./api.js";
import { Curve } from "./curve.js";
import { every, one } from "./dom.js";
import { figure } from "./format.js";
import { comparisons, experimentOf, experiments, page } from "./page.js";
import { judged, verdictOf } from "./verdict.js";
import { both } from "./words.js";

/** One question in the text. */
class Question {
  #form;
  #prediction;
  #experiment;
  #changed;
  #measured = false;
  /** @type {Curve|null} what it is answered with, when it is a curve */
  #curve = null;

  /**
   * @param {HTMLFormElement} form
   * @param {Prediction} prediction
   * @param {string} experiment
   * @param {() => void} changed
   */
  constructor(form, prediction, experiment, changed) {
    this.#form = form;
    this.#prediction = prediction;
    this.#experiment = experiment;
    this.#changed = changed;
    if (prediction.curve) this.#curve = new Curve(one(form, ".curve"), prediction.curve, experimentOf(experiment)?.seconds ?? 1);
    form.addEventListener("submit", (e) => { e.preventDefault(); this.#commit(); });
    form.addEventListener("input", () => this.#complain(null));
    one(form, "[data-act=skip]").addEventListener("click", () => this.skip());
    one(form, "[data-act=change]").addEventListener("click", () => this.#reopen());
    one(form, ".predict-why").hidden = true;
    this.#show();
  }

  get id() { return this.#prediction.id; }
  get given() { return this.#prediction.given; }
  get skipped() { return this.#prediction.skipped; }
  get open() { return this.given === null && !this.skipped && !this.#measured; }

  #inputs() { return [...this.#form.querySelectorAll("input")]; }

  /** @returns {Answer|null} */
  #read() {
    if (this.#curve) return this.#curve.value;
    const inputs = this.#inputs();
    if (this.#prediction.kind !== "number") return inputs.find((i) => i.checked)?.value ?? null;
    const typed = inputs[0].value.trim().replaceAll(",", "");
    return typed !== "" && Number.isFinite(Number(typed)) ? Number(typed) : null;
  }

  #commit() {
    const given = this.#read();
    const { kind } = this.#prediction;
    if (given === null) this.#complain(both(kind === "number" || kind === "curve" ? `predict.need.${kind}` : "predict.need"));
    else this.#put({ given });
  }

  skip() { return this.#put({ skipped: true }); }

  /** The answer was given in a vote of the class. @param {Answer} given */
  voted(given) {
    if (this.#measured) return;
    this.#prediction.given = given;
    this.#prediction.skipped = false;
    this.#show();
    this.#changed();
  }

  /** @param {{given?: Answer, skipped?: boolean}} guess */
  async #put(guess) {
    try {
      await replace(`/api/progress/guesses/${page.lesson}/${this.#experiment}/${this.id}`, guess);
    } catch (e) {
      this.#complain(both(asApiError(e).said));
      return;
    }
    const here = this.#form.contains(document.activeElement);
    this.#prediction.given = guess.given ?? null;
    this.#prediction.skipped = guess.skipped ?? false;
    this.#show();
    this.#changed();
    if (here) one(this.#form, "[data-act=change]").focus({ preventScroll: true }); // what had the focus is disabled now
  }

  #reopen() {
    this.#prediction.given = null;
    this.#prediction.skipped = false;
    this.#show();
    this.#changed();
    (this.#curve ?? this.#inputs()[0]).focus();
  }

  /** @param {Node|null} why */
  #complain(why) {
    const box = one(this.#form, ".predict-error");
    box.hidden = why === null;
    box.replaceChildren(why ?? "");
  }

  #show() {
    const { given, skipped, kind } = this.#prediction, done = !this.open || this.#measured;
    this.#complain(null);
    if (Array.isArray(given)) this.#curve?.set(given);
    this.#curve?.lock(done);
    for (const i of this.#inputs()) {
      i.disabled = done;
      if (given === null) continue;
      if (kind === "number") i.value = String(given);
      else i.checked = i.value === given;
    }
    for (const l of every(this.#form, "label")) {
      const mine = given !== null && (kind === "number" || l.querySelector("input")?.value === given);
      one(l, "em").replaceChildren(mine ? both("predict.mine") : "");
      l.classList.toggle("is-mine", mine);
    }
    one(this.#form, ".predict-state").replaceChildren(both(given !== null ? "predict.answered" : skipped ? "predict.skipped" : this.#measured ? "predict.unanswered" : "predict.open"));
    one(this.#form, "[type=submit]").hidden = one(this.#form, "[data-act=skip]").hidden = done;
    one(this.#form, "[data-act=change]").hidden = !done || this.#measured;
  }

  /** What a run said about it. @param {Guess} g */
  measured(g) {
    this.#measured = true;
    if (this.given === null && !this.skipped && g.given !== undefined) this.#prediction.given = g.given; // to a run from the command line
    this.#show();
    const why = one(this.#form, ".predict-why"), verdict = one(this.#form, ".predict-verdict");
    why.hidden = false;
    if (why instanceof HTMLDetailsElement) why.open = true;
    verdict.hidden = false;
    verdict.replaceChildren(...verdictOf(g, this.given !== null));
    if (Array.isArray(g.given)) this.#curve?.set(g.given); // what this run was started with
    if (g.answer !== null) this.#curve?.measured(g);
    for (const l of every(this.#form, "label")) this.#beside(l, g);
  }

  /** @param {HTMLElement} choice @param {Guess} g */
  #beside(choice, g) {
    const input = choice.querySelector("input"), number = this.#prediction.kind === "number";
    const fact = g.answer !== null && (number || input?.value === g.answer);
    choice.classList.toggle("is-fact", fact);
    if (!fact) return;
    const note = one(choice, "em"), mine = choice.classList.contains("is-mine") && !number;
    note.replaceChildren(...(mine ? [both("predict.mine"), " · "] : []), both("predict.measured"), ...(number ? [` ${figure(Number(g.answer))}`] : []));
  }
}

export class Predictions {
  /** @type {Map<string, Question[]>} by experiment */
  #all = new Map();

  /** @param {() => void} changed */
  constructor(changed) {
    document.addEventListener("voted", (e) => { const { question, given } = /** @type {CustomEvent<{question: string, given: Answer}>} */ (e).detail; this.#voted(question, given); });
    for (const x of [...experiments, ...comparisons]) {
      /** @type {Question[]} */
      const here = [];
      for (const p of x.predictions) {
        const form = document.querySelector(`form[data-predict="${p.id}"]`);
        if (form instanceof HTMLFormElement) here.push(new Question(form, p, x.id, changed));
      }
      this.#all.set(x.id, here);
      if (x.latest?.guesses) this.measured(x.id, x.latest.guesses);
    }
  }

  /** @param {string} question LESSON/EXPERIMENT/PREDICTION @param {Answer} given */
  #voted(question, given) {
    const [lesson, experiment, id] = question.split("/");
    if (lesson === page.lesson) this.of(experiment).find((q) => q.id === id)?.voted(given);
  }

  /** @param {string} experiment */
  of(experiment) { return this.#all.get(experiment) ?? []; }

  /** Whether Run waits for an answer. @param {string} experiment */
  open(experiment) { return this.of(experiment).some((q) => q.open); }

  /** @param {string} experiment */
  async skip(experiment) {
    for (const q of this.of(experiment)) if (q.open) await q.skip();
  }

  /** @param {string} experiment */
  first(experiment) { return this.of(experiment).find((q) => q.open)?.id; }

  /** What a run is started with. @param {string} experiment */
  commitment(experiment) {
    const all = this.of(experiment);
    return {
      predictions: Object.fromEntries(all.filter((q) => q.given !== null).map((q) => [q.id, q.given])),
      skipped: all.filter((q) => q.skipped).map((q) => q.id),
    };
  }

  /** What somebody else's run says about what was answered here. @param {string} experiment @param {Guess[]} guesses */
  told(experiment, guesses) {
    for (const g of guesses) {
      const q = this.of(experiment).find((x) => x.id === g.id);
      q?.measured(judged(g, q.given));
    }
  }

  /** @param {string} experiment @param {Guess[]} guesses */
  measured(experiment, guesses) {
    for (const g of guesses) this.of(experiment).find((q) => q.id === g.id)?.measured(g);
  }
}
