// @ts-check
// The wall: everybody's server at a glance. Words change once a second, charts twice,
// and the order only while nobody points at it.

/** @import {Seat} from "./wallfeed.js" */
import { byId, el, every, one, put } from "./dom.js";
import { MachineLine } from "./machine.js";
import { hideNames, nameless } from "./names.js";
import { DIGITS, Painter, TABLE } from "./paint.js";
import { SeatView } from "./seat.js";
import { findable, need } from "./seatwords.js";
import { WallBar } from "./wallbar.js";
import { WallFeed, tellLost } from "./wallfeed.js";
import { say } from "./words.js";

const NAMELESS = "data-nameless", SORTS = ["need", "seat", "step"];
/** How long a pointer or a key keeps the order as it is, and how long the order stays at least, in ms. */
const REST = 3000, STAYS = 2000;

export class Wall {
  #main = byId("ui-text");
  #grid = byId("ui-wall-seats");
  #sort = /** @type {HTMLSelectElement} */ (byId("ui-wall-sort"));
  #filter = /** @type {HTMLInputElement} */ (byId("ui-wall-filter"));
  #hide = byId("ui-wall-hide");
  #bar = new WallBar(() => this.#anew());
  #machine = new MachineLine();
  /** @type {Map<string, SeatView>} */
  #views = new Map();
  #paint = new Painter();
  #hidden = nameless();
  #touched = -REST;
  #ordered = -STAYS;
  #feed = new WallFeed({ news: (n) => { if (n.order) this.#anew(); this.#paint.touch(); }, link: () => this.#link() });
  #sight = new IntersectionObserver((all) => {
    for (const e of all) { const v = this.#views.get(/** @type {HTMLElement} */ (e.target).dataset.person ?? ""); if (v) v.seen = e.isIntersecting; }
    this.#paint.touch();
  }, { rootMargin: "100px" });

  constructor() {
    for (const e of ["pointermove", "keydown"]) this.#grid.addEventListener(e, () => { this.#touched = performance.now(); });
    this.#grid.addEventListener("keydown", (e) => this.#key(e));
    this.#sort.addEventListener("change", () => this.#anew());
    this.#filter.addEventListener("input", () => this.#anew());
    this.#filter.addEventListener("keydown", (e) => { if (e.key === "Escape") { this.#filter.value = ""; this.#filter.blur(); this.#anew(); } });
    this.#hide.addEventListener("click", () => this.hide());
    document.addEventListener("look", () => { this.#choices(); this.#anew(); });
    addEventListener("resize", () => this.#paint.now());
    this.#paint.add(DIGITS, () => this.#plots());
    this.#paint.add(TABLE, () => { if (this.#due) this.#order(); this.#words(); this.#plots(); });
    setInterval(() => this.#paint.touch(), TABLE); // what counts on
    this.#choices();
    this.#words();
  }

  /** To the filter. */
  find() { this.#filter.focus(); this.#filter.select(); }

  /** Hides names, or shows them, here and on every other page in this browser. */
  hide() {
    this.#hidden = !this.#hidden;
    hideNames(this.#hidden);
    this.#anew();
  }

  /** Closes what stands over the seats; the focus goes back to what has opened it. */
  fold() {
    for (const d of every(this.#main, ".wall-lead[open]")) {
      const had = d.contains(document.activeElement);
      d.removeAttribute("open");
      if (had) one(d, "summary").focus();
    }
  }

  #choices() {
    const was = this.#sort.value || "need";
    this.#sort.replaceChildren(...SORTS.map((s) => el("option", { value: s, selected: s === was }, say(`wall.sort.${s}`))));
  }

  /** @returns {Seat[]} in the order of joining */
  get #seats() { return this.#feed.order.map((id) => this.#feed.seats.get(id)).filter((s) => s !== undefined); }

  /** Whether the order may follow what has happened: not under somebody's pointer. */
  get #due() {
    const now = performance.now();
    return now - this.#ordered > STAYS && !(this.#grid.matches(":hover, :focus-within") && now - this.#touched < REST);
  }

  /** All of it, for what somebody asked for. */
  #anew() {
    this.#order();
    this.#words();
    this.#plots();
  }

  #order() {
    this.#ordered = performance.now();
    const seats = this.#seats, now = this.#feed.now(), how = this.#sort.value, sought = this.#filter.value.trim().toLowerCase();
    this.#bar.draw(seats);
    for (const [id, v] of this.#views) if (!this.#feed.seats.has(id)) this.#gone(id, v);
    const list = seats.toSorted((a, b) => (how === "need" ? need(b, now) - need(a, now) : how === "step" ? this.#bar.rank(b) - this.#bar.rank(a) : 0) || a.n - b.n);
    let shown = 0;
    list.forEach((s, i) => {
      const { root } = this.#view(s), fits = this.#bar.fits(s) && (!sought || findable(s, this.#hidden).includes(sought));
      root.hidden = !fits;
      if (fits) shown++;
      if (this.#grid.children[i] !== root) this.#move(root, i);
    });
    const links = this.#links, at = links.find((a) => a === document.activeElement) ?? links[0];
    for (const a of links) a.tabIndex = a === at ? 0 : -1; // arrows lead to the others
    byId("ui-wall-none").hidden = shown > 0 || seats.length === 0;
    const played = seats.filter((s) => s.simulated).length;
    byId("ui-wall-played").hidden = played === 0;
    put(byId("ui-wall-played"), played ? say("wall.simulated", { n: played, all: seats.length }) : "");
    put(byId("ui-wall-said"), shown < seats.length ? say("wall.shown", { n: shown, all: seats.length }) : "");
  }

  /** A seat that moves keeps the focus. @param {HTMLElement} root @param {number} i */
  #move(root, i) {
    const had = document.activeElement;
    this.#grid.insertBefore(root, this.#grid.children[i] ?? null);
    if (had instanceof HTMLElement && root.contains(had)) had.focus({ preventScroll: true });
  }

  /** @param {Seat} s */
  #view(s) {
    const had = this.#views.get(s.person);
    if (had) return had;
    const v = new SeatView();
    v.root.dataset.person = s.person;
    this.#views.set(s.person, v);
    this.#sight.observe(v.root);
    return v;
  }

  /** @param {string} id @param {SeatView} v */
  #gone(id, v) {
    this.#sight.unobserve(v.root);
    v.root.remove();
    this.#views.delete(id);
  }

  #words() {
    const seats = this.#seats, now = this.#feed.now(), m = this.#feed.machine, turned = this.#main.hasAttribute(NAMELESS) !== this.#hidden;
    this.#bar.draw(seats);
    for (const s of seats) {
      const v = this.#view(s);
      if (v.seen || turned) v.words(s, this.#feed.traces.get(s.run ?? ""), { now, hidden: this.#hidden, most: this.#bar.lesson });
    }
    this.#main.dataset.state = !m ? "loading" : seats.length === 0 ? "empty" : "";
    byId("ui-wall-loading").hidden = m !== null;
    byId("ui-wall-empty").hidden = m === null || seats.length > 0;
    this.#grid.hidden = seats.length === 0;
    this.#hide.setAttribute("aria-pressed", String(this.#hidden));
    if (turned) {
      this.#main.toggleAttribute(NAMELESS, this.#hidden);
      document.dispatchEvent(new Event("nameless")); // hands are told beside the seats too
    }
    if (!m) return;
    for (const e of document.querySelectorAll("[data-code]")) put(e, m.door.code);
    put(byId("ui-wall-taken"), `${m.door.taken}/${m.door.seats}`);
    byId("ui-wall-way").hidden = m.door.closed;
    byId("ui-wall-empty").toggleAttribute("data-closed", m.door.closed);
    byId("ui-wall-shut").hidden = byId("ui-wall-closed").hidden = !m.door.closed;
    this.#machine.draw(m, now, this.#feed.seats, this.#hidden);
  }

  #plots() {
    if (this.#feed.lost) return;
    for (const s of this.#seats) {
      const v = this.#views.get(s.person);
      if (v?.seen && !v.root.hidden) v.plot(this.#feed.traces.get(s.run ?? ""));
    }
  }

  #link() {
    this.#main.toggleAttribute("data-lost", this.#feed.lost > 0);
    tellLost(this.#feed);
  }

  get #links() { return [...this.#grid.children].filter((li) => li instanceof HTMLElement && !li.hidden).map((li) => /** @type {HTMLElement} */ (li.querySelector(".seat-open"))); }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const links = this.#links, at = links.findIndex((a) => a === document.activeElement);
    if (at < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
    const top = (/** @type {HTMLElement} */ a) => a.getBoundingClientRect().top, columns = Math.max(1, links.filter((a) => Math.abs(top(a) - top(links[0])) < 2).length);
    const by = /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: links.length - 1 })[e.key];
    if (by === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    const to = links[by];
    if (!to) return;
    links[at].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }
}

export const startWall = () => (document.getElementById("ui-wall-seats") ? new Wall() : null);
