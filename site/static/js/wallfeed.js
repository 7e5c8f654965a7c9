// @ts-check
// The wall's connection: what the site tells of the class, and what is known of it.

/** @import {Reason, Doubt} from "./events.js" */
import { byId, el, put } from "./dom.js";
import { reach } from "./reach.js";
import { both } from "./words.js";

/**
 * Somebody, as the site has it. Times are ms since 1970.
 * @typedef {object} Seat
 * @property {string} person
 * @property {number} n
 * @property {string} name
 * @property {string} lesson
 * @property {string} step reading, done, or the id of an experiment or a comparison; "" nowhere yet
 * @property {string} section
 * @property {string} state
 * @property {string} [run]
 * @property {Reason} [reason]
 * @property {Doubt} [doubt]
 * @property {number} [place]
 * @property {number} [begins]
 * @property {boolean} [paused]
 * @property {number} moved
 * @property {number} [seen]
 * @property {number} [joined] who came since the site began, and was not seen yet
 * @property {number} held
 * @property {number} checks
 * @property {{text: string, state: "raised"|"answered", at: number, run?: string}} [hand]
 * @property {boolean} [watched]
 * @property {boolean} [simulated]
 * @property {"proposed"|"agreed"|"declined"} [proposal]
 */

/** @typedef {[number, number, number|null, number]} Point seconds, requests/s, p99, errors */
/** @typedef {{run: string, block: number, from: number, total: number, points: Point[]}} Trace */
/** @typedef {{run: string, person: string, experiment: string, measured: boolean, begins?: number}} MachineRun */
/** @typedef {{slots: number, used: number, alone: boolean, waiting: number, free: number, paused: boolean, runs: MachineRun[], door: {code: string, closed: boolean, taken: number, seats: number}}} Machine */
/** @typedef {{v: number, now: number, order?: string[], seats?: Seat[], traces?: Trace[], machine?: Machine}} News */

const SLOWEST = 10_000;
/** The site speaks every two seconds at least: longer silence is a lost connection. In ms. */
const SILENCE = 6000;

export class WallFeed {
  /** @type {Map<string, Seat>} */
  seats = new Map();
  /** @type {string[]} people in the order of joining */
  order = [];
  /** @type {Map<string, Trace>} by run */
  traces = new Map();
  /** @type {Machine|null} */
  machine = null;
  /** Since when the connection is lost, in the time of performance.now(); 0: it stands. */
  lost = 0;
  #ahead = 0;
  #heard = performance.now();
  /** When the site was heard last, in ms since 1970. */
  #last = Date.now();
  #tries = 0;
  #timer = 0;
  /** @type {WebSocket|null} */
  #socket = null;
  #to;
  #watch;

  /** @param {{news: (n: News) => void, link: () => void}} to @param {string} [watch] whom the page watches */
  constructor(to, watch = "") {
    this.#to = to;
    this.#watch = watch;
    addEventListener("online", () => this.retry());
    addEventListener("pagehide", () => this.#socket?.close());
    addEventListener("pageshow", (e) => { if (e.persisted) this.retry(); });
    setInterval(() => this.#listen(), 1000);
    this.#connect();
  }

  /** The site's clock, in ms since 1970; while the connection is lost it stands, as what is shown does. */
  now() { return (this.lost ? this.#last : Date.now()) + this.#ahead; }

  /** Tries at once. */
  retry() {
    clearTimeout(this.#timer);
    if (!this.#socket) this.#connect();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.#socket = new WebSocket(`${scheme}://${location.host}/api/wall/events`));
    let first = true;
    this.#heard = performance.now();
    socket.onopen = () => { if (this.#watch) socket.send(JSON.stringify({ watch: this.#watch })); };
    socket.onmessage = (m) => {
      if (this.#socket !== socket) return;
      const news = /** @type {News} */ (JSON.parse(m.data));
      if (first) { this.seats.clear(); this.traces.clear(); first = false; }
      this.#take(news);
    };
    socket.onclose = (e) => { if (this.#socket === socket) this.#later(e.code === 1012); };
  }

  /** @param {News} n */
  #take(n) {
    this.#heard = performance.now();
    this.#last = Date.now();
    this.#tries = 0;
    this.#ahead = n.now - Date.now();
    if (n.order) this.order = n.order;
    for (const s of n.seats ?? []) this.seats.set(s.person, s);
    if (n.order) for (const id of this.seats.keys()) if (!n.order.includes(id)) this.seats.delete(id);
    for (const t of n.traces ?? []) this.#draw(t);
    if (n.machine) this.machine = n.machine;
    const healed = this.lost > 0;
    this.lost = 0;
    if (healed) this.#to.link();
    this.#to.news(n);
  }

  /** @param {Trace} t */
  #draw(t) {
    const had = this.traces.get(t.run);
    if (!had || had.block !== t.block || t.from === 0) this.traces.set(t.run, t);
    else had.points.splice(t.from, Infinity, ...t.points);
    const live = new Set([...this.seats.values()].map((s) => s.run));
    for (const run of this.traces.keys()) if (!live.has(run)) this.traces.delete(run);
  }

  #listen() {
    if (this.#socket?.readyState === WebSocket.OPEN && performance.now() - this.#heard > SILENCE) {
      const socket = this.#socket;
      this.#socket = null;
      socket.close();
      this.#later(false);
    } else if (this.lost) this.#to.link();
  }

  /** @param {boolean} restarts the site does */
  #later(restarts) {
    this.#socket = null;
    this.lost ||= performance.now();
    if (restarts) this.#tries = 0;
    const wait = Math.min(SLOWEST, 500 * 2 ** this.#tries++) * (0.8 + 0.4 * Math.random());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.retry(), wait);
    this.#to.link();
  }
}

/** Says on the page that the connection is lost, since when, and offers to try now. @param {WallFeed} feed */
export function tellLost(feed) {
  const box = byId("ui-wall-lost");
  reach(!feed.lost);
  box.hidden = !feed.lost;
  if (!feed.lost) return;
  if (!box.firstElementChild) {
    const again = el("button", { class: "button", type: "button" }, both("wall.lost.now"));
    again.addEventListener("click", () => feed.retry());
    box.replaceChildren(both("wall.lost"), " ", el("span", { class: "num", "aria-live": "off" }), " ", again);
  }
  const count = box.querySelector(".num");
  if (count) put(count, `${Math.floor((performance.now() - feed.lost) / 1000)} s`);
}
