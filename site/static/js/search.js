// @ts-check
// Search while typing: a list under the field, moved through with arrows. Without
// it, Enter asks the server for a page.

/** @import {Hit} from "./events.js" */
import { address } from "./address.js";
import { get } from "./api.js";
import { byId, el } from "./dom.js";
import { both, language, text } from "./words.js";

const WAIT = 120, MOST = 8;

export class Search {
  #input = /** @type {HTMLInputElement} */ (byId("ui-search"));
  #list = el("ul", { class: "search-list", id: "ui-found", role: "listbox", hidden: true });
  #status = el("span", { class: "sr", role: "status" });
  #timer = 0;
  #asked = "";
  #at = -1;

  constructor() {
    const i = this.#input;
    for (const [name, v] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", "ui-found"], ["aria-autocomplete", "list"]]) i.setAttribute(name, v);
    i.closest("form")?.append(this.#list, this.#status);
    this.#list.setAttribute("aria-label", i.getAttribute("aria-label") ?? "");
    i.addEventListener("input", () => { clearTimeout(this.#timer); this.#timer = setTimeout(() => this.#ask(), WAIT); });
    i.addEventListener("focus", () => { if (i.value) this.#ask(); });
    i.addEventListener("keydown", (e) => this.#key(e));
    i.addEventListener("blur", () => setTimeout(() => this.#open(false), 150));
  }

  find() {
    this.#input.focus();
    this.#input.select();
  }

  close() { this.#open(false); }

  /** @param {boolean} on */
  #open(on) {
    this.#list.hidden = !on;
    this.#input.setAttribute("aria-expanded", String(on));
    if (!on) this.#mark(-1);
  }

  async #ask() {
    const q = this.#input.value.trim();
    this.#asked = q;
    if (q === "") {
      this.#open(false);
      return;
    }
    try {
      const { hits } = await get(`/api/search?q=${encodeURIComponent(q)}&lang=${language()}`);
      if (this.#asked === q) this.#show(q, hits);
    } catch { /* Enter still asks the server for a page */ }
  }

  /** @param {string} q @param {Hit[]} hits */
  #show(q, hits) {
    const options = hits.slice(0, MOST).map((h, i) => {
      const li = el("li", { role: "option", id: `ui-found-${i}`, "aria-selected": "false" }, el("b", {}, both(h.Title)), h.Where?.ko ? el("small", {}, both(h.Where)) : "", el("span", {}, h.Before, el("mark", {}, h.Match), h.After));
      li.addEventListener("pointerdown", (e) => { e.preventDefault(); this.#go(h); });
      li.dataset.to = place(h);
      return li;
    });
    this.#list.replaceChildren(...(options.length ? options : [el("li", { class: "search-none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, both("search.none", { query: q }))]));
    this.#status.textContent = text("search.found", { n: hits.length })[language()];
    this.#at = -1;
    this.#open(document.activeElement === this.#input);
  }

  /** @param {Hit} h */
  #go(h) { location.assign(place(h)); }

  /** @param {number} at */
  #mark(at) {
    const options = [...this.#list.querySelectorAll("[data-to]")];
    this.#at = options.length ? (at + options.length) % options.length : -1;
    if (at < 0 && this.#at === options.length - 1 && this.#list.hidden) this.#at = -1;
    options.forEach((o, i) => o.setAttribute("aria-selected", String(i === this.#at)));
    if (this.#at >= 0) this.#input.setAttribute("aria-activedescendant", options[this.#at].id);
    else this.#input.removeAttribute("aria-activedescendant");
    options[this.#at]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (e.key === "Escape") {
      this.#open(false);
      return;
    }
    if (this.#list.hidden || e.isComposing) return;
    const chosen = /** @type {HTMLElement|undefined} */ (this.#list.querySelectorAll("[data-to]")[this.#at]);
    if (e.key === "ArrowDown") this.#mark(this.#at + 1);
    else if (e.key === "ArrowUp") this.#mark(Math.max(this.#at, 0) - 1);
    else if (e.key === "Enter" && chosen?.dataset.to) location.assign(chosen.dataset.to);
    else return;
    e.preventDefault();
  }
}

/** @param {Hit} h */
const place = (h) => address(language(), h.Lesson, h.Section ? `#${h.Section}` : "");
