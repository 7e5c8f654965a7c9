// @ts-check
// Hints, one after the other, and the solution: what was seen is remembered.

import { replace } from "./api.js";
import { el, every, one } from "./dom.js";
import { both } from "./words.js";

export class Help {
  #box;
  #path;
  #hints;
  #solution;
  #seen;
  #shown;
  #done;

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
    this.#draw();
  }

  /** @param {boolean} yes the goal held */
  done(yes) { this.#done = yes; }

  /** The next hint stands there once the one before was opened. */
  #draw() {
    this.#hints.forEach((h, i) => { h.hidden = i > this.#seen; });
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
