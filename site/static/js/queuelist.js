// @ts-check
// The queue for the machine: who is measured, and who waits, with place and expected
// wait. Rows stay where they are, with the focus, while only their figures change.

/** @import {Text} from "./events.js" */
import { el, put } from "./dom.js";
import { both, label, say, text } from "./words.js";

/** @typedef {{key: string, name: Text, measured: boolean, own?: boolean, wait: number|null}} Turn wait is in seconds; null: nobody knows */
/** @typedef {{key: string, said: string, fits: (t: Turn, ahead: number) => boolean, act: (t: Turn) => void}} Act */

/** About how long, in words. @param {number} s */
export const about = (s) => (s < 120 ? text("queue.seconds", { n: Math.max(0, Math.ceil(s)) }) : text("queue.minutes", { n: Math.round(s / 60) }));

/** @param {Turn} t @param {boolean} paused */
function waitText(t, paused) {
  if (t.measured) return text("queue.now");
  if (paused) return text("queue.paused");
  return t.wait === null ? text("queue.waits") : text("queue.wait", { t: about(t.wait) });
}

export class QueueList {
  root = el("ol", { class: "queue-list" });
  #acts;
  /** @type {Turn[]} */
  #turns = [];

  /** @param {Act[]} [acts] what can be done to a turn: those of the instructor */
  constructor(acts = []) { this.#acts = acts; }

  /** @param {Turn[]} turns in their order @param {boolean} paused */
  draw(turns, paused) {
    this.#turns = turns;
    const had = document.activeElement instanceof HTMLElement && this.root.contains(document.activeElement) ? document.activeElement : null;
    const rows = new Map([...this.root.children].map((li) => [/** @type {HTMLElement} */ (li).dataset.key ?? "", /** @type {HTMLElement} */ (li)]));
    let waiting = 0;
    turns.forEach((t, i) => {
      const li = rows.get(t.key) ?? this.#row(t.key), place = t.measured ? "" : String(++waiting);
      rows.delete(t.key);
      if (this.root.children[i] !== li) this.root.insertBefore(li, this.root.children[i] ?? null);
      const [at, name, wait] = li.children;
      put(at, place);
      put(name, say(t.name));
      put(wait, say(waitText(t, paused)));
      li.toggleAttribute("data-own", t.own === true);
      li.toggleAttribute("data-measured", t.measured);
      this.#acts.forEach((a, n) => {
        const b = /** @type {HTMLElement} */ (li.children[3 + n]);
        b.hidden = !a.fits(t, waiting - 1);
        label(b, `${a.said}.of`, { name: t.name });
      });
    });
    for (const li of rows.values()) li.remove();
    if (had?.isConnected) had.focus({ preventScroll: true });
  }

  /** @param {string} key */
  #row(key) {
    return el("li", { "data-key": key }, el("b", { class: "num" }), el("span"), el("small", { class: "num" }),
      ...this.#acts.map((a) => {
        const b = el("button", { class: "button", type: "button", "data-queue": a.key }, both(a.said));
        b.addEventListener("click", () => { const t = this.#turns.find((one) => one.key === key); if (t) a.act(t); });
        return b;
      }));
  }
}
