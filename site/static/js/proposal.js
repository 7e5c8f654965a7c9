// @ts-check
// What a learner is told of the instructor: that they watch, and what they propose. A
// proposed setting is set once the learner has agreed, and nothing runs by itself.

/** @import {Bench} from "./bench.js" */
import { asApiError, replace } from "./api.js";
import { byId, el } from "./dom.js";
import { experimentOf, page } from "./page.js";
import { both, language, plain } from "./words.js";

/** @typedef {{id: string, lesson: string, experiment: string, title: import("./events.js").Text, setting: string, label: import("./events.js").Text, value: import("./events.js").Value, shown: string}} Proposal */

const AGREED = "class-agreed";

class Told {
  #bench;
  #shown = "";

  /** @param {Bench|null} bench */
  constructor(bench) {
    this.#bench = bench;
    document.addEventListener("workshop", (e) => {
      const you = /** @type {CustomEvent<{you?: {watched?: boolean, proposal?: Proposal}}>} */ (e).detail.you;
      byId("ui-watched").hidden = !you?.watched;
      this.#draw(you?.proposal ?? null);
    });
    const left = agreedTo();
    if (left && left.lesson === page.lesson) this.#set(left);
  }

  /** @param {Proposal|null} p */
  #draw(p) {
    const box = byId("ui-proposal");
    if ((p?.id ?? "") === this.#shown) return;
    this.#shown = p?.id ?? "";
    box.hidden = p === null;
    if (!p) return box.replaceChildren();
    const name = `${p.setting.startsWith("knob.") ? "-" : ""}${p.setting.slice(5)}`;
    const yes = el("button", { class: "button button-main", type: "button" }, both("proposal.agree")), no = el("button", { class: "button", type: "button" }, both("proposal.decline")), wrong = el("p", { role: "alert", hidden: true });
    yes.addEventListener("click", () => this.#answer(p, true, wrong));
    no.addEventListener("click", () => this.#answer(p, false, wrong));
    box.replaceChildren(el("p", {}, both("proposal.said", { title: p.title, name: plain(name), label: p.label, value: p.shown }), " ", el("small", {}, both("proposal.why"))), el("div", { class: "note-do" }, yes, no), wrong);
  }

  /** @param {Proposal} p @param {boolean} agree @param {HTMLElement} wrong */
  async #answer(p, agree, wrong) {
    try {
      await replace("/api/class/proposal", { id: p.id, agree });
    } catch (e) {
      wrong.hidden = false;
      wrong.replaceChildren(both(asApiError(e).said));
      return;
    }
    this.#draw(null);
    if (!agree) return;
    if (this.#bench && p.lesson === page.lesson) return this.#set(p);
    try { sessionStorage.setItem(AGREED, JSON.stringify(p)); } catch { /* then it is set by hand */ }
    location.assign(`/${language()}/${p.lesson}#${p.experiment}`);
  }

  /** @param {Proposal} p */
  async #set(p) {
    const x = experimentOf(p.experiment);
    if (x) await this.#bench?.take(x, p.setting, p.value);
  }
}

/** What was agreed to on another page, once. @returns {Proposal|null} */
function agreedTo() {
  try {
    const kept = sessionStorage.getItem(AGREED);
    sessionStorage.removeItem(AGREED);
    return kept ? JSON.parse(kept) : null;
  } catch { return null; }
}

/** @param {Bench|null} bench */
export function startTold(bench) {
  if (document.getElementById("ui-proposal")) new Told(bench);
}
