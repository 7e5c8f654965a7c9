// @ts-check
// Follows the workshop on every page of it. A learner who was removed is told at once;
// the instructor's page shows who is in, and how the door stands.

import { page } from "./page.js";

/** @typedef {{version: number, closed?: boolean, seats?: number, taken?: number, people?: object[], name?: string, gone?: boolean}} ClassState */

const SLOWEST = 15_000;

class Workshop {
  #wait = 500;
  /** @type {number|undefined} */
  #version;
  /** @type {WebSocket|null} */
  #socket = null;
  #timer = 0;

  constructor() {
    addEventListener("online", () => this.#connect());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#connect(); });
    addEventListener("pagehide", () => this.#socket?.close());
    this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    if (this.#socket) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.#socket = new WebSocket(`${scheme}://${location.host}/api/workshop/events`));
    socket.onopen = () => { this.#wait = 500; };
    socket.onmessage = (m) => this.#told(JSON.parse(m.data));
    socket.onclose = (e) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (e.code === 1000) return; // not in the workshop any more
      this.#timer = setTimeout(() => this.#connect(), this.#wait * (0.8 + 0.4 * Math.random()));
      this.#wait = Math.min(SLOWEST, this.#wait * 2);
    };
  }

  /** @param {ClassState} now */
  #told(now) {
    if (now.gone) return location.reload();
    const first = this.#version === undefined;
    this.#version = now.version;
    document.dispatchEvent(new CustomEvent("workshop", { detail: now }));
    if (!first && document.getElementById("ui-people")) this.#people();
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
  if (page.workshop) new Workshop();
}
