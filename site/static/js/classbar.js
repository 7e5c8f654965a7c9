// @ts-check
// A learner's bar: where the class is, a note to all, a vote, and one's own hand. It
// says what there is, and nothing otherwise.

/** @import {ClassState} from "./events.js" */
import { byId, el, hit } from "./dom.js";
import { addressOf, arrive, depart, follow, go, mark } from "./follow.js";
import { gate, hold } from "./gate.js";
import { HandPanel } from "./hand.js";
import { asApiError, replace } from "./api.js";
import { page } from "./page.js";
import { QueuePanel } from "./queuepanel.js";
import { VotePanel, roundOf } from "./vote.js";
import { both, label, text } from "./words.js";

const NOTED = "class-noted", SEEN = "class-called";

class ClassBar {
  #line = byId("ui-class-line");
  #voteBox = byId("ui-vote");
  #handBox = byId("ui-hand");
  #queueBox = byId("ui-queue");
  #vote = new VotePanel(this.#voteBox);
  #queue = new QueuePanel(this.#queueBox);
  #hand = new HandPanel(this.#handBox, () => this.#toggle(this.#handBox, false));
  /** @type {ClassState|null} */
  #now = null;
  #asked = "";
  #voted = "";
  #live = false;
  #answered = "";
  /** @type {Node|null} */
  #wrong = null;

  constructor() {
    document.addEventListener("workshop", (e) => this.#told(/** @type {CustomEvent<ClassState>} */ (e).detail));
    document.addEventListener("workshop-link", (e) => this.#link(/** @type {CustomEvent<boolean>} */ (e).detail));
    document.addEventListener("onbench", (e) => { this.#live = /** @type {CustomEvent<{live: boolean}>} */ (e).detail.live; });
    byId("ui-class").addEventListener("click", (e) => { const b = hit(e, "[data-do]"); if (b) this.#act(b.dataset.do ?? ""); });
    byId("ui-class").addEventListener("keydown", (e) => { if (e.key === "Escape") for (const box of this.#panels) this.#toggle(box, false); });
  }

  get #panels() { return [this.#voteBox, this.#handBox, this.#queueBox]; }

  get #busy() { return this.#live || this.#vote.busy || this.#hand.busy; }

  /** @param {ClassState} now */
  #told(now) {
    this.#now = now;
    gate(now.class.gates);
    hold(now.class.vote?.holds);
    const here = now.class.here, v = now.class.vote;
    if (here) arrive(here);
    if (here && now.you?.follow && follow(here, this.#busy)) this.#asked = here.since;
    if (v && now.you) {
      this.#vote.draw(v, now.you.ballot);
      const key = `${v.id} ${v.state}`;
      if (key !== this.#voted && (roundOf(v) || (this.#voted && v.state === "shown"))) this.#toggle(this.#voteBox, true);
      this.#voted = key;
    }
    const called = now.you?.called;
    if (called && called.lesson === page.lesson && remembered(SEEN) !== called.run && !this.#busy) {
      remember(SEEN, called.run);
      document.dispatchEvent(new CustomEvent("called", { detail: called }));
    }
    const answer = now.you?.hand?.answer;
    if (answer && this.#answered !== answer.at) {
      this.#answered = answer.at;
      document.dispatchEvent(new Event("named")); // the notes of the run are another
    }
    this.#draw();
  }

  /** @param {boolean} on */
  #link(on) {
    byId("ui-class-lost").replaceChildren(both(on ? "class.back" : "class.lost"));
    byId("ui-class-lost").hidden = false;
    byId("ui-class-lost").dataset.kind = on ? "ok" : "lost";
    if (on) setTimeout(() => { if (byId("ui-class-lost").dataset.kind === "ok") byId("ui-class-lost").hidden = true; }, 5000);
  }

  /** Draws the items that have changed; the others keep the focus. */
  #draw() {
    const items = this.#items();
    for (const old of [...this.#line.children]) if (old instanceof HTMLElement && !items.some((i) => i.key === old.dataset.key)) old.remove();
    items.forEach((item, i) => {
      if (this.#line.children[i] instanceof HTMLElement && /** @type {HTMLElement} */ (this.#line.children[i]).dataset.key === item.key) return;
      const fresh = el("div", { class: "classbar-item", "data-key": item.key, "data-item": item.name, ...(item.kind ? { "data-kind": item.kind } : {}) }, ...item.nodes());
      this.#line.insertBefore(fresh, this.#line.children[i] ?? null);
    });
  }

  /** @returns {{name: string, key: string, kind?: string, nodes: () => (Node|string)[]}[]} */
  #items() {
    const now = this.#now, you = now?.you, list = [];
    if (!now || !you) return [];
    const { here, note, vote } = now.class;
    if (note && remembered(NOTED) !== String(note.id)) list.push({ name: "note", key: `note ${note.id}`, kind: "note", nodes: () => [el("p", {}, note.text), button("note", "class.note.close")] });
    if (here) {
      const at = { ko: [here.title.ko, here.spot.ko].filter(Boolean).join(" · "), en: [here.title.en, here.spot.en].filter(Boolean).join(" · ") };
      const asks = you.follow && this.#asked === here.since, said = !you.follow ? "class.alone" : asks ? "class.moved" : "class.at";
      list.push({ name: "here", key: `here ${here.since} ${said}`, nodes: () => [el("p", {}, both(said, { at })), el("a", { class: asks ? "button button-main" : "button", href: addressOf(here), "data-do": "go" }, both("class.go")), button(you.follow ? "leave" : "follow", you.follow ? "class.leave" : "class.follow")] });
    }
    const called = you.called;
    if (called && remembered(SEEN) !== called.run) list.push({ name: "called", key: `called ${called.run}`, nodes: () => [el("p", {}, both("class.called", { title: called.title })), el("a", { class: "button", href: `/${document.documentElement.lang}/${called.lesson}?run=${called.run}#${called.experiment}`, "data-do": "called" }, both("class.called.see"))] });
    if (vote) list.push({ name: "vote", key: `vote ${vote.id} ${vote.state}`, nodes: () => [this.#opens("vote", roundOf(vote) ? "class.vote" : "class.vote.see", this.#voteBox, roundOf(vote) > 0)] });
    list.push({ name: "queue", key: "queue", nodes: () => [this.#opens("queue", "queue.title", this.#queueBox, false)] });
    list.push(this.#ownHand(you.hand));
    return list;
  }

  /** @param {import("./events.js").Hand|undefined} hand */
  #ownHand(hand) {
    const wrong = this.#wrong, key = `hand ${hand?.seq ?? 0}${wrong ? " wrong" : ""}`;
    if (!hand) return { name: "hand", key, nodes: () => [this.#opens("hand", "hand.raise", this.#handBox, false)] };
    if (hand.state === "raised") return { name: "hand", key, nodes: () => [el("p", {}, both("hand.up", { text: hand.text })), this.#opens("hand", "hand.change", this.#handBox, false), button("lower", "hand.lower"), ...(wrong ? [wrong] : [])] };
    const chart = hand.run ? [el("a", { class: "button", href: `/${document.documentElement.lang}/runs/${hand.run}` }, both("hand.see"))] : [];
    return { name: "hand", key, kind: "note", nodes: () => [el("p", {}, el("b", {}, both("hand.answer")), " ", hand.answer?.text ?? ""), ...chart, button("lower", "hand.thanks"), this.#opens("hand", "hand.again", this.#handBox, false)] };
  }

  /** @param {string} act @param {string} key @param {HTMLElement} panel @param {boolean} main */
  #opens(act, key, panel, main) {
    return el("button", { class: main ? "button button-main" : "button", type: "button", "data-do": act, "aria-expanded": String(!panel.hidden), "aria-controls": panel.id }, both(key));
  }

  /** @param {HTMLElement} panel @param {boolean} on @param {boolean} [focus] */
  #toggle(panel, on, focus = false) {
    const had = panel.contains(document.activeElement);
    if (on) for (const other of this.#panels) if (other !== panel && !other.contains(document.activeElement)) this.#toggle(other, false);
    panel.hidden = !on;
    if (panel === this.#queueBox) this.#queue.follow();
    const opener = this.#line.querySelector(`[aria-controls=${panel.id}]`);
    opener?.setAttribute("aria-expanded", String(on));
    if (on && focus && panel === this.#handBox) this.#hand.open(this.#now?.you?.hand);
    else if (on && focus) /** @type {HTMLElement} */ (panel.querySelector("input:checked, input") ?? panel).focus();
    else if (!on && had && opener instanceof HTMLElement) opener.focus();
  }

  /** @param {string} act */
  async #act(act) {
    const here = this.#now?.class.here;
    if (act === "vote") this.#toggle(this.#voteBox, this.#voteBox.hasAttribute("hidden"), true);
    else if (act === "hand") this.#toggle(this.#handBox, this.#handBox.hasAttribute("hidden"), true);
    else if (act === "queue") this.#toggle(this.#queueBox, this.#queueBox.hasAttribute("hidden"), true);
    else if (act === "close") { this.#toggle(this.#voteBox, false); }
    else if (act === "note") remember(NOTED, String(this.#now?.class.note?.id ?? ""));
    else if (act === "called") remember(SEEN, this.#now?.you?.called?.run ?? "");
    else if (act === "go" && here) { mark(here); this.#asked = ""; if (here.lesson === page.lesson) go(here); else depart(here); }
    else if (act === "lower") this.#wrong = await this.#hand.lower();
    else if (act === "leave" || act === "follow") {
      if (here && act === "follow") mark(here);
      await replace("/api/class/follow", { follow: act === "follow" }).catch((e) => { this.#wrong = both(asApiError(e).said); });
      if (here && act === "follow") go(here);
    }
    this.#draw();
  }
}

/** @param {string} act @param {string} key */
function button(act, key) {
  const b = el("button", { class: "button", type: "button", "data-do": act }, both(key));
  if (act === "note") label(b, text(key));
  return b;
}

/** @param {string} key */
function remembered(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

/** @param {string} key @param {string} value */
function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* then it is seen again */ }
}

export function startClassBar() {
  if (document.getElementById("ui-class")) new ClassBar();
}
