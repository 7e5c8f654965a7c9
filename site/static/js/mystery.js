// @ts-check
// The question beside a mystery's bench: what the fault is, and what proves it.

/** @import {DoctorSignal, Text} from "./events.js" */
import { asApiError, post } from "./api.js";
import { byId, el, every, one } from "./dom.js";
import { figure } from "./format.js";
import { metricOf } from "./page.js";
import { Marked } from "./proof.js";
import { both, language, text } from "./words.js";

/** @typedef {{right: boolean, fault: string, stage: string, proved: boolean, why?: string, runs: number, naming: number, proof: number, economy: number, points: number, proofs: {metric: string, expr: string}[]}} Marks */
/** @typedef {{answer: {fault: string, metric: string, from: number, to: number}, marks: Marks, recipe: string}} Solved */

/** A number as people type it; NaN when it is none. @param {string} s */
const numberIn = (s) => (s.trim() === "" ? NaN : Number(s.replace(",", ".")));

class Question {
  #form;
  #error;
  #told = byId("ui-mystery-told");
  #seed;
  #seconds;
  #marked;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.#form = form;
    this.#error = one(form, ".predict-error");
    this.#seed = form.dataset.seed ?? "";
    this.#seconds = Number(form.dataset.seconds);
    this.#marked = new Marked(one(form, ".mystery-mark"), this.#seconds, (from, to) => this.#mark(from, to));
    form.addEventListener("input", () => this.#typed());
    form.addEventListener("submit", (e) => { e.preventDefault(); this.#answer(); });
    document.addEventListener("proof", (e) => this.#use(/** @type {CustomEvent<DoctorSignal>} */ (e).detail));
    document.addEventListener("look", () => this.#speak());
    const at = new URL(location.href), solved = document.getElementById("ui-solved")?.textContent;
    at.searchParams.set("seed", this.#seed); // so that a reload shows the same one
    history.replaceState(history.state, "", at);
    document.documentElement.toggleAttribute("data-sealed", !solved);
    if (solved) this.#solve(JSON.parse(solved));
    byId("ui-tab-doctor").click();
  }

  /** @param {string} name @returns {HTMLInputElement|HTMLSelectElement} */
  #field(name) { return /** @type {HTMLInputElement} */ (one(this.#form, `[name=${name}]`)); }

  /** Options hold one language: what is in them is text only. */
  #speak() {
    for (const o of every(this.#form, "option")) o.textContent = o.dataset[language()] ?? o.textContent;
  }

  /** What is marked on the line stands in the fields. @param {number} from @param {number} to */
  #mark(from, to) {
    this.#refuse(null);
    this.#field("from").value = Number.isNaN(from) ? "" : String(from);
    this.#field("to").value = Number.isNaN(to) ? "" : String(to);
  }

  /** What stands in the fields is marked on the line. */
  #typed() {
    this.#refuse(null);
    this.#marked.show(this.#field("metric").value);
    this.#marked.set(numberIn(this.#field("from").value), numberIn(this.#field("to").value));
  }

  /** @param {DoctorSignal} g */
  #use(g) {
    if (this.#marked.locked) return; // there is one answer, and it stands
    this.#field("metric").value = g.metric;
    this.#field("from").value = String(g.from);
    this.#field("to").value = String(g.to);
    this.#typed();
    one(this.#form, ".mystery-proof").scrollIntoView({ block: "nearest" });
    this.#field("metric").focus({ preventScroll: true });
  }

  /** @param {Text|null} t @param {string} [field] */
  #refuse(t, field) {
    this.#error.hidden = t === null;
    this.#error.replaceChildren(...(t ? [both(t)] : []));
    for (const e of every(this.#form, "[name]")) e.removeAttribute("aria-invalid");
    if (!field) return;
    this.#field(field).setAttribute("aria-invalid", "true");
    this.#field(field).focus();
  }

  async #answer() {
    const chosen = this.#form.querySelector("[name=fault]:checked"), fault = chosen instanceof HTMLInputElement ? chosen.value : "";
    const metric = this.#field("metric").value, from = numberIn(this.#field("from").value), to = numberIn(this.#field("to").value);
    if (!fault) return this.#refuse(text("mystery.missing.fault"), "fault");
    if (!metric) return this.#refuse(text("mystery.missing.metric"), "metric");
    if (!(from >= 0 && to <= this.#seconds && to - from >= 0.5)) return this.#refuse(text("mystery.missing.time", { seconds: this.#seconds }), from >= 0 ? "to" : "from");
    this.#refuse(null);
    try {
      this.#solve(await post(`/api/mysteries/${this.#seed}/answer`, { fault, metric, from, to }));
      this.#told.focus();
      document.documentElement.removeAttribute("data-sealed");
    } catch (e) {
      this.#refuse(asApiError(e).said);
    }
  }

  /** Shows the answer and what it was worth. @param {Solved} s */
  #solve({ answer, marks, recipe }) {
    for (const name of /** @type {const} */ (["metric", "from", "to"])) this.#field(name).value = String(answer[name]);
    this.#typed();
    this.#marked.lock();
    for (const e of every(this.#form, "[name=fault]")) {
      const radio = /** @type {HTMLInputElement} */ (e), card = radio.closest("label");
      radio.checked = radio.value === answer.fault;
      card?.classList.toggle("is-mine", radio.checked);
      card?.classList.toggle("is-fact", radio.value === marks.fault);
    }
    for (const e of every(this.#form, "[name], button")) e.setAttribute("disabled", "");
    const fault = text(`mystery.fault.${marks.fault}`), kind = marks.right && marks.proved ? "ok" : marks.right || marks.proved ? "void" : "failed";
    const proof = marks.proved ? text("mystery.proved") : text("mystery.unproved");
    this.#told.replaceChildren(
      el("div", { class: "note", "data-kind": kind },
        el("b", {}, el("span", { "aria-hidden": "true" }, marks.right ? "✓ " : "✗ "), both(marks.right ? "mystery.right" : "mystery.other")),
        el("p", {}, both("mystery.was", { fault })), el("p", {}, both(`mystery.why.${marks.fault}`)),
        el("p", {}, both("mystery.stage", { stage: text(`doctor.step.${marks.stage}`) })),
        el("p", {}, el("span", { "aria-hidden": "true" }, marks.proved ? "✓ " : "✗ "), both(proof), " ", ...(marks.why ? [both(`mystery.unproved.${marks.why}`)] : [])),
        el("p", { class: "mystery-points" }, both("mystery.points", { points: figure(marks.points), naming: marks.naming, proof: marks.proof, economy: marks.economy, runs: marks.runs })),
        el("b", {}, both("mystery.proofs")),
        el("ul", {}, ...marks.proofs.map((p) => el("li", {}, both(metricOf(p.metric).label), " ", el("code", {}, p.expr)))),
        el("b", {}, both("mystery.recipe")), el("pre", { tabindex: 0 }, recipe)));
  }
}

export function startMystery() {
  const form = document.getElementById("ui-mystery");
  if (form instanceof HTMLFormElement) new Question(form);
}
