// @ts-check
// A raised hand: a sentence, and what is on the bench travels with it.

/** @import {Hand} from "./events.js" */
import { asApiError, remove, replace } from "./api.js";
import { el, one } from "./dom.js";
import { page } from "./page.js";
import { both } from "./words.js";

export class HandPanel {
  #box;
  #form;
  #input;
  #said;
  #done;
  /** @type {import("./run.js").Run|null} */
  #run = null;

  /** @param {HTMLElement} box @param {() => void} done */
  constructor(box, done) {
    this.#box = box;
    this.#done = done;
    this.#input = el("input", { id: "ui-hand-text", type: "text", maxlength: 200, autocomplete: "off", "aria-describedby": "ui-hand-with" });
    this.#said = el("p", { class: "vote-said", role: "alert", hidden: true });
    this.#form = el("form", { class: "hand-form", novalidate: true }, el("label", { for: "ui-hand-text", id: "ui-hand-title" }, both("hand.ask")), this.#input, el("p", { id: "ui-hand-with", class: "hand-with" }), this.#said,
      el("p", { class: "note-do" }, el("button", { class: "button button-main", type: "submit" }, both("hand.send")), el("button", { class: "button", type: "button", "data-cancel": true }, both("hand.leave"))));
    box.replaceChildren(this.#form);
    this.#form.addEventListener("submit", (e) => { e.preventDefault(); this.#raise(); });
    one(this.#form, "[data-cancel]").addEventListener("click", () => this.#done());
    document.addEventListener("onbench", (e) => { this.#run = /** @type {CustomEvent<{run: import("./run.js").Run|null}>} */ (e).detail.run; });
  }

  get busy() { return !this.#box.hidden && this.#input.value.trim() !== ""; }

  /** Opens with what was asked before, if anything. @param {Hand|undefined} hand */
  open(hand) {
    if (hand?.state === "raised") this.#input.value = hand.text;
    const with_ = one(this.#form, "#ui-hand-with");
    with_.replaceChildren(both(this.#own ? "hand.run" : "hand.norun"));
    this.#complain(null);
    this.#input.focus();
  }

  /** The run on the bench, if it is the learner's own. */
  get #own() { return this.#run && this.#run.id && !this.#run.author ? this.#run : null; }

  async #raise() {
    const run = this.#own;
    try {
      await replace("/api/class/hand", { text: this.#input.value, lesson: page.lesson, ...(run ? { run: run.id, t: Math.max(0, run.series.now) } : {}) });
    } catch (e) {
      this.#complain(both(asApiError(e).said));
      return;
    }
    this.#input.value = "";
    this.#done();
  }

  /** Takes the hand down. @returns {Promise<Node|null>} what went wrong */
  async lower() {
    try {
      await remove("/api/class/hand");
      return null;
    } catch (e) {
      return both(asApiError(e).said);
    }
  }

  /** @param {Node|null} why */
  #complain(why) {
    this.#said.hidden = why === null;
    this.#said.dataset.kind = "failed";
    this.#said.replaceChildren(why ?? "");
  }
}
