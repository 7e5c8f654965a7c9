// @ts-check
// Hints, one after the other, and the solution: what was seen is remembered.

import { replace } from "./api.js";
import { el, every, one } from "./dom.js";
import { page } from "./page.js";
import { both } from "./words.js";

export class Help {
  #box;
  #path;
  #hints;
  #solution;
  #seen;
  #shown;
  #done;
  /** How many hints the instructor has released. */
  #released = Infinity;
  #held = el("p", { class: "exercise-held", role: "status", hidden: true });

  /** @param {HTMLElement} box @param {string} path where the site remembers */
  constructor(box, path) {
    this.#box = box;
    this.#path = path;
    this.#hints = every(box, "[data-hint]");
    this.#solution = /** @type {HTMLDetailsElement} */ (one(box, "[data-solution]"));
    this.#seen = Number(box.dataset.seen ?? 0);
    this.#shown = box.hasAttribute("data-shown");
    this.#done = box.hasAttribute("data-done");
    this.#hints.forEach((h, i) => h.addEventListener("toggle", () => { if (h.hasAttribute("open")) this.#note(i + 1, this.#shown); }));
    one(this.#solution, "summary").addEventListener("click", (e) => this.#ask(e));
    box.prepend(this.#held);
    document.addEventListener("workshop", (e) => this.#release(/** @type {CustomEvent<import("./events.js").ClassState>} */ (e).detail));
    this.#draw();
  }

  /** @param {import("./events.js").ClassState} now */
  #release(now) {
    const n = (now.you && now.class.hints?.[page.lesson]) ?? Infinity;
    if (n === this.#released) return;
    this.#released = n;
    this.#draw();
  }

  /** @param {boolean} yes the goal held */
  done(yes) { this.#done = yes; }

  /** The next hint stands there once the one before was opened. */
  #draw() {
    const of = this.#hints.length, held = this.#released < of;
    this.#hints.forEach((h, i) => { h.hidden = i > this.#seen || i >= this.#released; });
    this.#solution.hidden = held;
    this.#held.hidden = !held;
    this.#held.replaceChildren(...(held ? [both("hint.held", { n: this.#released, of })] : []));
  }

  /** @param {number} hints @param {boolean} solution */
  #note(hints, solution) {
    if (hints <= this.#seen && solution === this.#shown) return;
    this.#seen = Math.max(this.#seen, hints);
    this.#shown = solution;
    this.#draw();
    replace(this.#path, { hints: this.#seen, solution }).catch(() => {}); // it is asked again after the next reload
  }

  /** @param {Event} e */
  #ask(e) {
    if (this.#done || this.#shown || this.#solution.open) return;
    e.preventDefault();
    const box = one(this.#box, ".exercise-sure"), yes = el("button", { class: "button", type: "button" }, both("exercise.solution.yes")), no = el("button", { class: "button", type: "button" }, both("exercise.solution.no"));
    yes.addEventListener("click", () => {
      box.hidden = true;
      this.#note(this.#seen, true);
      this.#solution.open = true;
      one(this.#solution, "summary").focus();
    });
    no.addEventListener("click", () => { box.hidden = true; one(this.#solution, "summary").focus(); });
    box.hidden = false;
    box.replaceChildren(both("exercise.solution.sure"), " ", yes, " ", no);
    no.focus();
  }
}
