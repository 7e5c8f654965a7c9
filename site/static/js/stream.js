// @ts-check
// A run's events, live. It asks for what comes after the last sequence number, so
// nothing is missed over a lost connection, and it heals by itself.

/** @import {Event as RunEvent} from "./events.js" */
import { ApiError, asApiError, get } from "./api.js";

/**
 * @typedef {object} Listener
 * @property {(events: RunEvent[]) => void} events
 * @property {(nextTry: number) => void} lost when the next try is, in the time of performance.now()
 * @property {(filled: number) => void} back how many events were caught up with
 * @property {() => void} gap samples were left out, because this reader was slow
 * @property {() => void} over the last event was read
 * @property {(e: ApiError) => void} gone there is no such run any more
 * @property {() => boolean} chatty samples are expected now, ten a second
 */

/** Close code of a site that restarts (RFC 6455, 7.4.1; registered since as Service Restart). */
const RESTART = 1012;
/** How long a run that is measuring may be silent before the connection is taken for lost, in ms. */
const SILENCE = 5000;
/** How long a connection that stands again may say nothing before it counts as back, in ms: a run that waits has nothing to tell. */
const QUIET = 1000;

export class Stream {
  #id;
  #seq;
  #to;
  /** @type {WebSocket|null} */
  #socket = null;
  #tries = 0;
  #lost = false;
  #timer = 0;
  #watch = 0;
  #heard = performance.now();
  #ended = false;
  #wake = () => { if (this.#lost && navigator.onLine && !document.hidden) this.retry(); };
  #cut = () => { if (this.#socket) this.#drop(); };

  /** @param {string} id @param {number} seq the last event that is known @param {Listener} to */
  constructor(id, seq, to) {
    this.#id = id;
    this.#seq = seq;
    this.#to = to;
    addEventListener("online", this.#wake);
    addEventListener("offline", this.#cut);
    document.addEventListener("visibilitychange", this.#wake);
    this.#watch = setInterval(() => this.#listen(), 1000);
    this.#connect();
  }

  /** Tries at once. */
  retry() {
    clearTimeout(this.#timer);
    if (!this.#socket) this.#ask();
  }

  close() {
    this.#ended = true;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    removeEventListener("online", this.#wake);
    removeEventListener("offline", this.#cut);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#socket?.close();
  }

  /** A handshake that is refused does not say why, so the run is asked for first. */
  async #ask() {
    try {
      await get(`/api/runs/${this.#id}`);
    } catch (e) {
      const error = asApiError(e);
      if (this.#ended) return;
      if (error.status === 404 || error.status === 401) {
        this.close();
        this.#to.gone(error);
      } else this.#later();
      return;
    }
    if (!this.#ended && !this.#socket) this.#connect();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.#socket = new WebSocket(`${scheme}://${location.host}/api/runs/${this.#id}/events?after=${this.#seq}`));
    this.#heard = performance.now();
    socket.onopen = () => setTimeout(() => { if (this.#socket === socket) this.#back(0); }, QUIET);
    socket.onmessage = (m) => this.#read(m.data);
    socket.onclose = (e) => {
      if (this.#socket !== socket || this.#ended) return;
      this.#socket = null;
      if (e.code === 1000) {
        this.close();
        this.#to.over();
        return;
      }
      if (e.code === RESTART) this.#tries = 0;
      this.#later();
    };
  }

  /** @param {string} frame a JSON array of events */
  #read(frame) {
    this.#heard = performance.now();
    const all = /** @type {RunEvent[]} */ (JSON.parse(frame));
    const fresh = all.filter((e) => e.seq > this.#seq);
    if (fresh.length === 0) return;
    const gap = fresh[0].seq > this.#seq + 1 || fresh[fresh.length - 1].seq - fresh[0].seq >= fresh.length;
    this.#seq = fresh[fresh.length - 1].seq;
    this.#to.events(fresh);
    this.#back(fresh.length);
    if (gap) this.#to.gap();
  }

  /** @param {number} filled */
  #back(filled) {
    if (!this.#lost || this.#ended) return;
    this.#lost = false;
    this.#tries = 0;
    this.#to.back(filled);
  }

  #listen() {
    const silent = performance.now() - this.#heard > SILENCE;
    if (!this.#socket || !silent || document.hidden) return;
    if (this.#socket.readyState !== WebSocket.OPEN || this.#to.chatty()) this.#drop(); // a handshake may hang as well
  }

  /** A connection that nobody closed and nobody speaks on. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#later();
  }

  #later() {
    this.#lost = true;
    const wait = Math.min(10_000, 500 * 2 ** this.#tries++) * (0.8 + 0.4 * Math.random());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), wait);
    this.#to.lost(performance.now() + wait);
  }
}
