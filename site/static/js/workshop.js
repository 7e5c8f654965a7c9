// @ts-check
// Follows the workshop on every page of it, and says where the page is. A learner who
// was removed is told at once; the instructor's page shows who is in, and how the door
// stands. What else comes of the state is told as the event "workshop".

/** @import {ClassState} from "./events.js" */
import { hit } from "./dom.js";
import { hideNames, nameless } from "./names.js";
import { page } from "./page.js";
import { reach } from "./reach.js";

const SLOWEST = 15_000;
/** Hidden for so long, a laptop may have slept: a connection that seems to stand may be none. In ms. */
const SLEPT = 60_000;
/** How long a place has to last to be told, in ms. */
const SETTLED = 500;

class Workshop {
  #tries = 0;
  #lost = false;
  #hidden = performance.now();
  #known = "";
  /** @type {WebSocket|null} */
  #socket = null;
  #timer = 0;
  #telling = 0;
  #place = { lesson: page.lesson, section: "", run: page.run ?? "", experiment: "" };
  #told = "";

  constructor() {
    addEventListener("online", () => this.#retry());
    addEventListener("offline", () => this.#drop());
    document.addEventListener("visibilitychange", () => this.#woken());
    addEventListener("pagehide", () => this.#socket?.close());
    addEventListener("pageshow", (e) => { if (e.persisted) this.#drop(); });
    document.addEventListener("reading", (e) => this.#at({ section: /** @type {CustomEvent<string>} */ (e).detail }));
    document.addEventListener("onbench", (e) => {
      const { run, at } = /** @type {CustomEvent<{run: import("./run.js").Run|null, at: string}>} */ (e).detail;
      this.#at({ run: run?.id ?? "", experiment: at });
    });
    this.#connect();
  }

  #woken() {
    if (document.hidden) this.#hidden = performance.now();
    else if (performance.now() - this.#hidden > SLEPT) this.#drop();
    else this.#retry();
  }

  #retry() {
    clearTimeout(this.#timer);
    if (!this.#socket) this.#connect();
  }

  /** A connection that nobody may be speaking on. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    if (socket) this.#later();
    else this.#retry();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.#socket = new WebSocket(`${scheme}://${location.host}/api/class/events`));
    let opened = false;
    socket.onopen = () => { opened = true; this.#told = ""; this.#say(); };
    socket.onmessage = (m) => { if (this.#socket === socket) this.#hear(JSON.parse(m.data)); };
    socket.onclose = (e) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (e.code === 1000) return; // not in the workshop any more
      if (e.code === 1012) this.#tries = 0; // the site restarts
      if (!opened && !this.#known && page.learner) this.#ask();
      this.#later();
    };
  }

  /** Whether the learner was removed before the page could listen: the page that comes says so. */
  async #ask() {
    const answer = await fetch("/api/status", { credentials: "same-origin" }).catch(() => null);
    if (answer?.status === 401 || answer?.status === 403) location.reload();
  }

  #later() {
    const wait = Math.min(SLOWEST, 500 * 2 ** this.#tries++) * (0.8 + 0.4 * Math.random());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#retry(), navigator.onLine ? wait : SLOWEST);
    if (!this.#lost && this.#known) this.#link(false);
    this.#lost = true;
  }

  /** @param {boolean} on */
  #link(on) { reach(on); document.dispatchEvent(new CustomEvent("workshop-link", { detail: on })); }

  /** @param {Partial<{section: string, run: string, experiment: string}>} moved */
  #at(moved) {
    Object.assign(this.#place, moved);
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => this.#say(), SETTLED);
  }

  #say() {
    const place = JSON.stringify(this.#place);
    if (place === this.#told || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#told = place;
    this.#socket.send(place);
  }

  /** @param {ClassState} now */
  #hear(now) {
    if (now.gone) return location.reload();
    this.#tries = 0;
    if (this.#lost && this.#known) this.#link(true);
    this.#lost = false;
    const people = JSON.stringify([now.closed, now.seats, now.taken, now.people]);
    if (this.#known && people !== this.#known && document.getElementById("ui-people")) this.#people();
    this.#known = people;
    document.dispatchEvent(new CustomEvent("workshop", { detail: now }));
  }

  /** Takes the instructor's page anew, but what somebody types in. */
  async #people() {
    const answer = await fetch(location.pathname, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["ui-people", "ui-door"]) {
      const here = document.getElementById(id), there = fresh.getElementById(id);
      if (here && there && !here.contains(document.activeElement)) here.replaceChildren(...[...there.childNodes].map((n) => document.importNode(n, true)));
    }
  }
}

export function startWorkshop() {
  document.addEventListener("click", (e) => {
    if (!hit(e, "[data-act=names]")) return;
    hideNames(!nameless());
    location.reload();
  });
  if (page.workshop) new Workshop();
}
