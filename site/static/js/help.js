// @ts-check
// Hints, one after the other, and the solution: what was seen is remembered. What a
// workshop's instructor holds back is not in the page: it is fetched once released.

import { replace } from "./api.js";
import { el, every, one } from "./dom.js";
import { page } from "./page.js";
import { both } from "./words.js";

export class Help {
  #box;
  #path;
  #of;
  #dress;
  /** @type {HTMLElement[]} those that the page has */
  #hints = [];
  /** @type {HTMLDetailsElement|null} null: it is held back */
  #solution = null;
  #seen;
  #shown;
  #done;
  /** How many hints the instructor has released. */
  #released = Infinity;
  #held;
  #fetching = false;

  /** @param {HTMLElement} box @param {string} path where the site remembers @param {(root: Element) => void} [dress] what scripts do with new texts */
  constructor(box, path, dress = () => {}) {
    this.#box = box;
    this.#path = path;
    this.#dress = dress;
    this.#of = Number(box.dataset.of);
    this.#held = one(box, ".exercise-held");
    this.#seen = Number(box.dataset.seen ?? 0);
    this.#shown = box.hasAttribute("data-shown");
    this.#done = box.hasAttribute("data-done");
    for (const e of every(box, "[data-hint], [data-solution]")) this.#take(e);
    if (!this.#solution) this.#released = this.#hints.length;
    document.addEventListener("workshop", (e) => this.#release(/** @type {CustomEvent<import("./events.js").ClassState>} */ (e).detail));
    this.#draw();
  }

  /** @param {import("./events.js").ClassState} now */
  #release(now) {
    const n = (now.you && now.class.hints?.[page.lesson]) ?? Infinity;
    if (n !== this.#released) {
      this.#released = n;
      this.#draw();
    }
    if (this.#lacks) this.#fetch();
  }

  /** Whether something is released that the page does not have. */
  get #lacks() { return this.#hints.length < Math.min(this.#released, this.#of) || (this.#released >= this.#of && !this.#solution); }

  /** A hint or the solution is in the page. @param {HTMLElement} e */
  #take(e) {
    if (e.dataset.hint) {
      const n = this.#hints.push(e);
      e.addEventListener("toggle", () => { if (e.hasAttribute("open")) this.#note(n, this.#shown); });
      return;
    }
    this.#solution = /** @type {HTMLDetailsElement} */ (e);
    one(e, "summary").addEventListener("click", (click) => this.#ask(click));
  }

  /** Takes over what the page has by now; without an answer the next state asks again. */
  async #fetch() {
    if (this.#fetching) return;
    this.#fetching = true;
    let more = false;
    try {
      const answer = await fetch(location.pathname, { credentials: "same-origin" });
      if (!answer.ok) return;
      const doc = new DOMParser().parseFromString(await answer.text(), "text/html"), sure = one(this.#box, ".exercise-sure");
      for (const there of every(doc, ".exercise-help > [data-hint], .exercise-help > [data-solution]")) {
        if (there.dataset.hint ? Number(there.dataset.hint) <= this.#hints.length : this.#solution) continue;
        const e = document.importNode(there, true);
        sure.before(e);
        this.#take(e);
        this.#dress(e);
        more = true;
      }
      this.#draw();
    } catch { /* the site is away: its next state is heard when it is back */ } finally {
      this.#fetching = false;
    }
    if (more && this.#lacks) this.#fetch(); // more was released meanwhile
  }

  /** @param {boolean} yes the goal held */
  done(yes) { this.#done = yes; }

  /** The next hint stands there once the one before was opened. */
  #draw() {
    const of = this.#of, held = this.#released < of;
    this.#hints.forEach((h, i) => { h.hidden = i > this.#seen || i >= this.#released; });
    if (this.#solution) this.#solution.hidden = held;
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
    const solution = this.#solution;
    if (!solution || this.#done || this.#shown || solution.open) return;
    e.preventDefault();
    const box = one(this.#box, ".exercise-sure"), yes = el("button", { class: "button", type: "button" }, both("exercise.solution.yes")), no = el("button", { class: "button", type: "button" }, both("exercise.solution.no"));
    yes.addEventListener("click", () => {
      box.hidden = true;
      this.#note(this.#seen, true);
      solution.open = true;
      one(solution, "summary").focus();
    });
    no.addEventListener("click", () => { box.hidden = true; one(solution, "summary").focus(); });
    box.hidden = false;
    box.replaceChildren(both("exercise.solution.sure"), " ", yes, " ", no);
    no.focus();
  }
}
