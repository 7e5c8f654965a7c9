// @ts-check
// How many stand at each step of a lesson; a step that is pressed is the filter.

/** @import {Seat} from "./wallfeed.js" */
import { byId, el, hit, put } from "./dom.js";
import { lessonOf, stepName, stepsOf } from "./seatwords.js";
import { both, language } from "./words.js";

/** @param {Seat} s */
const stepOf = (s) => s.step || "reading";

export class WallBar {
  #lesson = /** @type {HTMLSelectElement} */ (byId("ui-wall-lesson"));
  #steps = byId("ui-wall-steps");
  #step = "";
  #chosen = "";
  /** The lesson that is shown: the chosen one, or that of most. */
  lesson = "";

  /** @param {() => void} changed */
  constructor(changed) {
    this.#lesson.addEventListener("change", () => { this.#chosen = this.#lesson.value; this.#step = ""; changed(); });
    this.#steps.addEventListener("click", (e) => {
      const b = hit(e, "[data-step]");
      if (!b) return;
      this.#step = this.#step === b.dataset.step ? "" : b.dataset.step ?? "";
      changed();
    });
  }

  /** Whether the filter lets a seat through. @param {Seat} s */
  fits(s) { return !this.#step || (s.lesson === this.lesson && stepOf(s) === this.#step); }

  /** How far somebody is; -1: in another lesson. @param {Seat} s */
  rank(s) { return s.lesson === this.lesson ? this.#ids().indexOf(stepOf(s)) : -1; }

  #ids() { return this.lesson ? ["reading", ...stepsOf(this.lesson).map((p) => p.id), "done"] : []; }

  /** @param {Seat[]} seats */
  draw(seats) {
    /** @type {Map<string, number>} */
    const people = new Map();
    for (const s of seats) if (s.lesson) people.set(s.lesson, (people.get(s.lesson) ?? 0) + 1);
    const lessons = [...people].sort((a, b) => b[1] - a[1]);
    if (this.#chosen && !people.has(this.#chosen)) this.#chosen = this.#step = "";
    this.lesson = this.#chosen || (lessons[0]?.[0] ?? "");
    this.#lessons(lessons);
    const ids = this.#ids(), key = JSON.stringify([this.lesson, ids]);
    if (this.#steps.dataset.key !== key) {
      this.#steps.dataset.key = key;
      this.#steps.replaceChildren(...ids.map((id) => el("button", { type: "button", "data-step": id }, el("b"), " ", el("span", {}, both(stepName(this.lesson, id))))));
    }
    for (const b of this.#steps.children) {
      const id = /** @type {HTMLElement} */ (b).dataset.step;
      put(b.firstElementChild ?? b, String(seats.filter((s) => s.lesson === this.lesson && stepOf(s) === id).length));
      b.setAttribute("aria-pressed", String(this.#step === id));
    }
  }

  /** @param {[string, number][]} lessons with how many are in each */
  #lessons(lessons) {
    const key = JSON.stringify([lessons, language(), this.lesson]);
    this.#lesson.hidden = lessons.length < 2;
    if (this.#lesson.dataset.key === key || document.activeElement === this.#lesson) return;
    this.#lesson.dataset.key = key;
    this.#lesson.replaceChildren(...lessons.map(([id, n]) => el("option", { value: id, selected: id === this.lesson }, `${lessonOf(id)?.title[language()] ?? id} (${n})`)));
  }
}
