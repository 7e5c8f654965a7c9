// @ts-check
// Follows the lesson's files while the page is open. Where only words have changed,
// they change here too, in their place, and nothing else is touched: not a run on
// the bench, not an answer, not the editor. Other changes load the page anew, once
// nobody is in the middle of something. What cannot be read is told, and stays.

import { el } from "./dom.js";
import { page } from "./page.js";
import { both, language } from "./words.js";

/** @typedef {{lesson: string, stamp: string, shape: string}} State */
/** @typedef {State & {broken: boolean, problems: string[]}} Change */
/** @typedef {{e: Element, html: string}} Said a text in one language, as the site sent it */

const PARTS = ".text, .contents", AT_REST = ["idle", "locked", "wrong", "nolinux", "finished", "failed", "stopped", "interrupted", "void"];
const SLOWEST = 30_000;

/** The outermost texts of each language, in order. @param {Document} doc @returns {Said[]} */
const texts = (doc) => [...doc.querySelectorAll(PARTS)].flatMap((part) => [...part.querySelectorAll("[lang]")])
  .filter((e) => !e.parentElement?.closest(`:is(${PARTS}) [lang], noscript`)).map((e) => ({ e, html: e.innerHTML }));

/** What the page is made of, beside its words. @param {Document} doc */
const skeleton = (doc) => [...doc.querySelectorAll("section[id], [data-predict], [data-compare-card], [data-check], .source-lines, .term-card, [name][value]")]
  .map((e) => `${e.localName} ${e.id} ${e.getAttribute("data-check") ?? e.getAttribute("value") ?? ""} ${e.matches(".source-lines") ? e.textContent : ""}`).join("\n");

export class Live {
  #state = page.live ?? null;
  #said = texts(document);
  #bones = skeleton(document);
  #dress;
  /** @type {WebSocket|null} */
  #socket = null;
  #wait = 1000;
  #timer = 0;
  /** @type {HTMLElement|null} */
  #note = null;

  /** Is made before any script changes the page. @param {(root: Element) => void} dress what scripts do with new texts */
  constructor(dress) {
    this.#dress = dress;
    if (!this.#state || page.offline) return;
    document.addEventListener("visibilitychange", () => this.#follow());
    addEventListener("pagehide", () => this.#socket?.close());
    this.#follow();
  }

  /** Only a page that is seen follows: what changed meanwhile is told when it is seen again. */
  #follow() {
    clearTimeout(this.#timer);
    if (document.hidden) {
      this.#socket?.close();
      this.#socket = null;
      return;
    }
    if (this.#socket || !this.#state) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.#socket = new WebSocket(`${scheme}://${location.host}/api/lessons/${this.#state.lesson}/events?after=${this.#state.stamp}`));
    socket.onopen = () => { this.#wait = 1000; };
    socket.onmessage = (m) => this.#changed(JSON.parse(m.data));
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#timer = setTimeout(() => this.#follow(), this.#wait);
      this.#wait = Math.min(SLOWEST, this.#wait * 2);
    };
  }

  /** @param {Change} now */
  async #changed(now) {
    if (!this.#state) return;
    this.#state = { ...this.#state, stamp: now.stamp };
    if (now.problems.length) this.#tell("live.broken", now.problems, false);
    else this.#note?.remove();
    if (now.broken) return;
    if (!document.querySelector(".text")) return location.reload(); // it could not be shown before
    if (now.shape !== this.#state.shape) return this.#other();
    const answer = await fetch(location.pathname + location.search, { credentials: "same-origin" });
    if (answer.ok) this.#words(new DOMParser().parseFromString(await answer.text(), "text/html"));
  }

  /** @param {Document} doc the page as the site has it now */
  #words(doc) {
    const now = texts(doc);
    if (now.length !== this.#said.length || skeleton(doc) !== this.#bones) return this.#other();
    const read = this.#said.find(({ e }) => e.isConnected && e.closest(".text") && e.getClientRects().length > 0 && e.getBoundingClientRect().bottom > 60)?.e;
    const was = read?.getBoundingClientRect().top ?? 0, root = document.documentElement;
    root.style.overflowAnchor = "none";
    this.#said.forEach((old, i) => {
      if (old.html === now[i].html) return;
      old.html = now[i].html;
      if (!old.e.isConnected) return; // a script has put its own words there
      old.e.replaceChildren(...[...now[i].e.childNodes].map((n) => document.importNode(n, true)));
      this.#dress(old.e);
    });
    this.#title(doc);
    if (read && scrollY > 0) scrollBy({ top: read.getBoundingClientRect().top - was, behavior: "instant" });
    requestAnimationFrame(() => { root.style.overflowAnchor = ""; });
  }

  /** @param {Document} doc */
  #title(doc) {
    const here = document.querySelector("title"), there = doc.querySelector("title");
    if (!here || !there) return;
    for (const lang of ["ko", "en"]) here.setAttribute(`data-${lang}`, there.getAttribute(`data-${lang}`) ?? "");
    document.title = here.getAttribute(`data-${language()}`) ?? document.title;
  }

  /** The page has other parts: it is loaded anew, now or when the reader wants. */
  #other() {
    const lamp = document.getElementById("ui-lamp")?.dataset.state ?? "idle", at = document.activeElement;
    if (AT_REST.includes(lamp) && !at?.matches("input, select, textarea, [contenteditable], .exercise-code")) location.reload();
    else this.#tell("live.shape", [], true);
  }

  /** @param {string} key @param {string[]} lines @param {boolean} again offer to load the page anew */
  #tell(key, lines, again) {
    this.#note?.remove();
    const close = el("button", { class: "button", type: "button" }, both("app.close")), reload = el("button", { class: "button button-main", type: "button" }, both("live.reload"));
    const note = (this.#note = el("div", { class: "note live", role: "alert", "data-kind": again ? "busy" : "failed" }, el("b", {}, both(key)), el("p", {}, both(`${key}.why`))));
    if (lines.length) note.append(el("pre", { tabindex: 0 }, lines.join("\n")));
    note.append(el("div", { class: "note-do" }, ...(again ? [reload] : []), close));
    close.addEventListener("click", () => note.remove());
    reload.addEventListener("click", () => location.reload());
    document.body.append(note);
  }
}
