// @ts-check
// What a run said now and then, to be found again by its time.

/** @import {Check, Socket} from "./events.js" */

/** @typedef {{rows: Socket[], more: number}} Asked the server's sockets; more were left out */
/** @typedef {{figures: Record<string, number>, sockets: Asked, checks: Map<string, Check>}} Moment */

/** Rows that the page shows of sockets (site/series.go keeps as many). */
export const ROWS = 50;

/** Listeners first, then what waits. @param {Socket} a @param {Socket} b */
export const byQueue = (a, b) => Number(b.state === "LISTEN") - Number(a.state === "LISTEN") || b.recvq - a.recvq || b.sendq - a.sendq;

/** @param {Asked} asked @returns {Asked} */
export const thin = ({ rows, more }) => (rows.length <= ROWS ? { rows, more } : { rows: rows.toSorted(byQueue).slice(0, ROWS), more: more + rows.length - ROWS });

/** @template T */
class Track {
  /** @type {{t: number, v: T}[]} in the order of time */
  #all = [];

  /** @param {number} t @param {T} v */
  add(t, v) {
    const last = this.#all[this.#all.length - 1];
    if (last && last.t === t) last.v = v;
    else this.#all.push({ t, v });
  }

  /** Changes what was said last. @param {(v: T) => T} how */
  last(how) {
    const last = this.#all[this.#all.length - 1];
    if (last) last.v = how(last.v);
  }

  /** What had been said at a time. @param {number} t @param {T} before anything was */
  at(t, before) { return this.#all.findLast((m) => m.t <= t + 0.051)?.v ?? before; }
}

export class Moments {
  /** @type {Track<Record<string, number>>} */
  figures = new Track();
  /** @type {Track<Asked>} */
  sockets = new Track();
  /** @type {Track<Map<string, Check>>} */
  checks = new Track();

  /** @param {number} t seconds since the run began @returns {Moment} */
  at(t) {
    return { figures: this.figures.at(t, {}), sockets: this.sockets.at(t, { rows: [], more: 0 }), checks: this.checks.at(t, new Map()) };
  }
}
