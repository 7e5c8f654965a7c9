// @ts-check
// One press: the server stands still for two seconds, while an open load goes on
// asking. The stream tells when it began and ended, as of any fault.

/** @import {Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
/** @import {State} from "./state.js" */
/** @import {Extra} from "./faults.js" */
import { byId } from "./dom.js";

const SECONDS = 2;

export class Freeze {
  #button = /** @type {HTMLButtonElement} */ (byId("ui-freeze"));
  #on;
  /** When it was pressed and the stream has not yet told of it, in the time of performance.now(). */
  #asked = -Infinity;
  #seconds = SECONDS;

  /** @param {(x: Extra) => void} on */
  constructor(on) {
    this.#on = on;
    this.#button.addEventListener("click", () => this.press());
  }

  press() {
    if (this.#button.hidden || this.#button.disabled) return;
    this.#asked = performance.now();
    this.#button.disabled = true;
    this.#on({ kind: "freeze", with: { for: String(Math.min(SECONDS, this.#seconds)) } });
  }

  /** @param {Experiment} x @param {boolean} open the load is @param {Run|null} run @param {State} state */
  draw(x, open, run, state) {
    const live = state === "running", frozen = live && run !== null && run.suffering().some((f) => f.kind === "freeze");
    if (frozen || !live) this.#asked = -Infinity;
    this.#seconds = x.seconds;
    this.#button.hidden = !open || state === "locked";
    this.#button.disabled = !live || frozen || performance.now() - this.#asked < 1000;
    this.#button.setAttribute("aria-pressed", String(frozen));
  }
}
