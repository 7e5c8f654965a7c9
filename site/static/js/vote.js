// @ts-check
// A learner's part in a vote: the question wherever they are, and their answer, which
// may be changed while the vote is open.

/** @import {Ballot, Vote} from "./events.js" */
import { asApiError, replace } from "./api.js";
import { el } from "./dom.js";
import { answerText, spread } from "./spread.js";
import { page } from "./page.js";
import { both } from "./words.js";

/** @param {Vote} v @returns {1|2|0} which of the two votes is open */
export const roundOf = (v) => (v.state === "open1" ? 1 : v.state === "open2" ? 2 : 0);

export class VotePanel {
  #box;
  #key = "";
  /** @type {HTMLFormElement|null} */
  #form = null;

  /** @param {HTMLElement} box */
  constructor(box) { this.#box = box; }

  /** Whether an answer stands there that was not sent. */
  get busy() {
    const form = this.#form;
    return form !== null && !this.#box.hidden && form.dataset.sent === undefined && [...form.querySelectorAll("input")].some((i) => (i.type === "radio" ? i.checked : i.value !== ""));
  }

  /** @param {Vote} v @param {Ballot} ballot */
  draw(v, ballot) {
    const key = `${v.id} ${v.state}`, mine = roundOf(v) === 2 ? ballot.second : ballot.first;
    if (key === this.#key) {
      if (this.#form && mine !== null && !this.busy) this.#mark(mine); // it was answered on another device
      return;
    }
    this.#key = key;
    this.#form = null;
    const round = roundOf(v), named = v.state === "open2" || v.state === "closed2" ? "vote.second" : v.state === "shown" ? "vote.shown" : "vote.first";
    const head = [el("p", { class: "vote-round" }, both(named)), el("h2", { id: "ui-vote-title" }, both(v.asked.ask))];
    this.#box.replaceChildren(...head, ...(round ? [this.#ask(v, round, mine ?? (round === 2 ? ballot.first : null), mine !== null)] : this.#tell(v, ballot)));
  }

  /** @param {Vote} v @param {number} round @param {import("./events.js").Answer|null} given @param {boolean} sent */
  #ask(v, round, given, sent) {
    const q = v.asked, name = `vote-${v.id}-${round}`, said = el("p", { class: "vote-said", role: "status" }), number = q.kind === "number";
    const fields = number
      ? [el("label", { class: "vote-number" }, el("span", {}, both("predict.number")), el("input", { name, type: "text", inputmode: "decimal", autocomplete: "off" }), el("span", {}, both(page.words.units?.[q.unit ?? ""] ?? "")))]
      : (q.choices ?? []).map((c) => el("label", {}, el("input", { name, type: "radio", value: c.id }), el("span", {}, both(c.text))));
    const form = (this.#form = el("form", { class: "vote-form", novalidate: true }, el("fieldset", { class: "predict-choices" }, el("legend", { class: "sr" }, both("predict.answer")), ...fields), said, el("p", { class: "note-do" }, el("button", { class: "button button-main", type: "submit" }, both("vote.send")), closing())));
    if (given !== null) this.#mark(given);
    if (sent) this.#sent(said, "vote.sent");
    form.addEventListener("input", () => { delete form.dataset.sent; said.replaceChildren(); });
    form.addEventListener("submit", (e) => { e.preventDefault(); this.#send(v, form, said); });
    return form;
  }

  /** @param {import("./events.js").Answer} given */
  #mark(given) {
    for (const i of this.#form?.querySelectorAll("input") ?? []) {
      if (i.type === "radio") i.checked = i.value === given;
      else i.value = String(given);
    }
    if (this.#form) this.#form.dataset.sent = "";
  }

  /** @param {HTMLElement} said @param {string} key */
  #sent(said, key) {
    said.dataset.kind = "ok";
    said.replaceChildren(both(key));
    if (this.#form) this.#form.dataset.sent = "";
  }

  /** @param {Vote} v @param {HTMLFormElement} form @param {HTMLElement} said */
  async #send(v, form, said) {
    const inputs = [...form.querySelectorAll("input")], typed = inputs[0]?.value.trim().replaceAll(",", "");
    const given = v.asked.kind === "number" ? (typed && Number.isFinite(Number(typed)) ? Number(typed) : null) : (inputs.find((i) => i.checked)?.value ?? null);
    said.dataset.kind = "failed";
    if (given === null) return said.replaceChildren(both(v.asked.kind === "number" ? "predict.need.number" : "predict.need"));
    try {
      await replace(`/api/class/votes/${v.id}/answer`, { given });
    } catch (e) {
      said.replaceChildren(both(asApiError(e).said));
      return;
    }
    this.#sent(said, "vote.sent");
    document.dispatchEvent(new CustomEvent("voted", { detail: { question: v.question, given } }));
  }

  /** @param {Vote} v @param {Ballot} ballot @returns {HTMLElement[]} */
  #tell(v, ballot) {
    const two = v.state === "closed2" || Boolean(v.spread?.[1]?.n) || ballot.second !== null; // a second vote that has not been has no answer
    const mine = el("p", {}, both(two ? "vote.mine" : "vote.mine.first", { first: answerText(v.asked, ballot.first), second: answerText(v.asked, ballot.second) }));
    const close = el("p", { class: "note-do" }, closing());
    if (v.state !== "shown") return [el("p", { role: "status" }, both(v.state === "closed1" ? "vote.closed1" : "vote.closed2")), mine, close];
    const [first, second] = v.spread ?? [];
    return [spread(v.asked, [...(first ? [{ name: "vote.first", of: first }] : []), ...(second ? [{ name: "vote.second", of: second }] : [])]), mine, close];
  }
}

/** Puts the panel away: the bar opens it again. */
const closing = () => el("button", { class: "button", type: "button", "data-do": "close" }, both("vote.close"));
