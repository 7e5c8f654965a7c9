// @ts-check
// A raised hand on the wall. Its sentence may name somebody: while names are hidden it
// is folded, and whoever wants to reads it.

import { el, icon, put } from "./dom.js";
import { both, say } from "./words.js";

export class HandWords {
  #words = el("span");
  #sentence = el("p");
  #fold = el("details", { class: "seat-fold", hidden: true }, el("summary", {}, both("seat.hand.show")), this.#sentence);
  root = el("div", { class: "seat-hand", hidden: true }, icon("hand"), this.#words, this.#fold);

  /** @param {{text: string, state: string}|undefined} hand @param {boolean} hidden names are hidden @param {string} [said] how it is said when they are not */
  draw(hand, hidden, said = hand?.text ?? "") {
    this.root.hidden = !hand;
    this.root.dataset.state = hand?.state ?? "";
    const fold = hidden && hand !== undefined;
    if (!fold) this.#fold.open = false;
    this.#fold.hidden = !fold;
    put(this.#words, fold ? say("seat.hand") : said);
    put(this.#sentence, fold ? (hand?.text ?? "") : "");
  }
}
