// @ts-check
// What a trace is (runner.Trace), and what is drawn of it.

/** @import {Phase, Text, Setting} from "./events.js" */

/** @typedef {{func: string, file: string, line: number}} Frame */
/** @typedef {{fd: number, events: string}} Ready */
/**
 * One system call; times are seconds since the schedule began.
 * @typedef {object} Call
 * @property {number} n
 * @property {"server"|"client"} who
 * @property {number} tid
 * @property {number} t
 * @property {number|null} took null: it had not returned
 * @property {string} call
 * @property {number|null} fd
 * @property {string} args
 * @property {number|null} asked
 * @property {number} result
 * @property {string} errno
 * @property {Ready[]|null} ready
 * @property {string} [data] hex
 * @property {boolean} own
 * @property {Frame[]|null} stack
 * @property {string} [op]
 * @property {string} [peer]
 */
/** @typedef {{t: number, from: "server"|"client", port: number, seq: number, ack: number, len: number, win: number, flags: string}} Packet */
/** @typedef {{who: "server"|"client", pid: number, fd: number, kind: string, conn?: number, own: boolean, shown: boolean, events: number[]}} Lane */
/** @typedef {{n: number, port: number, sent: number, read: number, written: number, got: number, reads: number, again: number, wakeups: number, known: boolean, queue: {t: number, bytes: number}[], stalls: {from: number, to: number, bytes: number, held: boolean}[]}} Conn */
/** @typedef {{id: string, seconds: number, steps: {at: number, client: number, do: string, bytes?: number}[]}} Schedule */
/**
 * @typedef {object} Trace
 * @property {string} id
 * @property {string} lab
 * @property {Record<string, string|number|boolean>|null} knobs
 * @property {Schedule} schedule
 * @property {Phase} phase
 * @property {{code: string, args?: Record<string, string>, line?: string, file?: string, at?: number}|null} reason
 * @property {number[]} steps when each step of the schedule was taken
 * @property {Call[]} events
 * @property {Packet[]} packets
 * @property {string} no_packets
 * @property {{plain: number, traced: number}} cost
 * @property {Lane[]} lanes
 * @property {Conn[]} conns
 * @property {Record<string, {from: number, lines: string[]}>} sources
 * @property {string[]} log
 */
/** @typedef {{lab: string, settings: Record<string, string>, schedule: string}} Order */
/** @typedef {{labs: {name: string, title: Text, knobs: Setting[]}[], sets: {id: string, traces: Order[]}[], schedules: Schedule[]}} View */

/** One thing in a drawing that can be looked at. @typedef {{t: number, end: number, row: number, kind: string, call?: Call, packet?: Packet}} Mark */
/** @typedef {{kind: "lane"|"queue"|"packets", lane?: Lane, conn?: Conn}} Row */

const reading = ["read", "recvfrom", "recvmsg", "readv"];
const writing = ["write", "sendto", "sendmsg", "writev", "sendfile"];
const waiting = ["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6", "io_uring_enter"];

/** What a call did, as the legend names it. @param {Call} c */
export function kindOf(c) {
  if (c.errno === "EAGAIN") return "again";
  if (c.errno && c.errno !== "EINPROGRESS" && c.errno !== "EINTR" && c.errno !== "ERESTARTSYS") return "error";
  if (waiting.includes(c.call)) return "wait";
  if (c.took === null) return "wait";
  if (reading.includes(c.call)) return c.result === 0 ? "end" : "read";
  if (writing.includes(c.call)) return c.asked !== null && c.result < c.asked ? "short" : "write";
  if (c.call === "close" || c.call === "shutdown") return "close";
  if (c.call === "accept" || c.call === "accept4" || c.call === "connect") return "open";
  return "other";
}

/** One sign for each kind: its shape, beside its colour. */
export const signs = /** @type {Record<string, string>} */ ({ wait: "…", read: "↓", end: "⊣", write: "↑", short: "⇡", again: "∅", error: "!", open: "+", close: "×", other: "·", packet: "▸" });

/** @param {Call} c */
export const endOf = (c) => (c.took === null ? Infinity : c.t + c.took);

/** @param {Trace} t @param {boolean} all @returns {Row[]} from the server down to the client */
export function rowsOf(t, all) {
  const lanes = t.lanes.filter((l) => all || l.shown);
  /** @type {Row[]} */
  const rows = [];
  for (const lane of lanes.filter((l) => l.who === "server")) {
    rows.push({ kind: "lane", lane });
    const conn = lane.kind === "connection" ? t.conns.find((c) => c.n === lane.conn && c.known && c.queue.length) : undefined;
    if (conn) rows.push({ kind: "queue", conn });
  }
  if (t.packets.length) rows.push({ kind: "packets" });
  for (const lane of lanes.filter((l) => l.who === "client")) rows.push({ kind: "lane", lane });
  return rows;
}

/**
 * The marks by time. What ended before the schedule began is the server getting ready.
 * @param {Trace} t @param {Row[]} rows @param {boolean} all @returns {Mark[]}
 */
export function marksOf(t, rows, all) {
  /** @type {Mark[]} */
  const marks = [];
  rows.forEach((r, row) => {
    for (const n of r.lane?.events ?? []) {
      const call = t.events[n];
      if (all || endOf(call) >= 0) marks.push({ t: call.t, end: endOf(call), row, kind: kindOf(call), call });
    }
    if (r.kind === "packets") for (const packet of t.packets) marks.push({ t: packet.t, end: packet.t, row, kind: "packet", packet });
  });
  return marks.sort((a, b) => a.t - b.t);
}

/** What a call returned, as strace(1) writes it. @param {Call} c */
export function outcome(c) {
  if (c.took === null) return "?";
  if (c.errno) return `-1 ${c.errno}`;
  const ready = c.op ? "" : (c.ready ?? []).map((r) => `${r.fd}: ${r.events}`).join(", ");
  return `${c.result}${ready ? ` [${ready}]` : ""}${c.peer && c.call.startsWith("accept") ? ` [${c.peer}]` : ""}`;
}
