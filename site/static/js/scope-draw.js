// @ts-check
// Draws one trace: a row for each descriptor, and between them what waits to be
// read and what is on the wire.

/** @import {Mark, Row, Trace, Conn} from "./scope-data.js" */
/** @import {Axis} from "./scope-time.js" */
import { el, svg } from "./dom.js";
import { duration, figure, fixed } from "./format.js";
import { outcome, signs } from "./scope-data.js";
import { both, say } from "./words.js";

export const ROW = 30;
const TOP = 22, LETTER = 6.6;

/** How wide a text is, about: Hangul takes a square. @param {string} s */
const wide = (s) => [...s].reduce((w, c) => w + (c > "\u2e80" ? 11.5 : LETTER), 0);

/** @param {Row} row the words beside it */
export function nameOf(row) {
  if (row.kind === "packets") return el("div", { class: "scope-name" }, both("scope.packets"));
  if (row.kind === "queue") return el("div", { class: "scope-name is-queue" }, both("scope.queue", { n: row.conn?.n ?? 0 }));
  const l = row.lane;
  if (!l) return el("div");
  const what = l.conn ? both("scope.kind.connection.n", { n: l.conn }) : both(`scope.kind.${l.kind}`);
  return el("div", { class: "scope-name" }, el("b", {}, both(`scope.${l.who}`)), " ", ...(l.fd >= 0 ? [el("code", {}, `fd ${l.fd}`), " "] : []), what);
}

/** What a mark says where there is room. @param {Mark} m */
function words(m) {
  if (m.packet) return m.packet.len ? `${m.packet.len}` : m.packet.flags.replace("|ACK", "").replace("PSH", "");
  const c = m.call;
  if (!c) return "";
  if (m.kind === "read" || m.kind === "write" || m.kind === "short") return `${c.call} ${c.result}`;
  if (m.kind === "again" || m.kind === "error") return `${c.call} ${c.errno}`;
  return m.kind === "end" ? `${c.call} 0` : c.call;
}

/** @param {Mark} m @param {Axis} axis @param {number} i */
function drawMark(m, axis, i) {
  const x = axis.at(m.t), right = m.end === Infinity ? axis.width - 4 : Math.max(axis.at(m.end), x + 9), y = TOP + m.row * ROW;
  const g = svg("g", { class: "scope-mark", "data-i": i, "data-kind": m.kind, "data-open": String(m.end === Infinity) });
  const from = m.packet?.from;
  const sign = m.packet ? (from === "client" ? "▲" : "▼") : signs[m.kind];
  g.append(svg("title", {}, m.call ? `${m.call.call}(${m.call.args}) = ${outcome(m.call)}` : `${m.packet?.flags} ${m.packet?.len}`));
  if (m.packet) g.append(svg("rect", { x: x - 6, y: y + 4, width: 12, height: ROW - 8, class: "scope-touch" }));
  else g.append(svg("rect", { x, y: y + 5, width: right - x, height: ROW - 10, rx: 2 }));
  const said = words(m), room = right - x >= wide(said) + 16;
  g.append(svg("text", { x: m.packet ? x : x + (room ? 4 : (Math.min(right - x, 60)) / 2), y: y + ROW / 2 + 4, "text-anchor": room && !m.packet ? "start" : "middle" }, room && !m.packet ? `${sign} ${said}` : sign));
  return g;
}

/** Bytes that were sent and not yet read, as steps. @param {Conn} c @param {number} row @param {Axis} axis @param {number} most */
function drawQueue(c, row, axis, most) {
  const base = TOP + (row + 1) * ROW - 3, height = ROW - 8, g = svg("g", { class: "scope-queue" });
  const y = (/** @type {number} */ b) => base - height * Math.max(0, b) / (most || 1);
  let path = `M0 ${base}`, level = 0;
  for (const q of c.queue) {
    path += `H${axis.at(q.t).toFixed(1)}V${y(q.bytes).toFixed(1)}`;
    level = q.bytes;
  }
  const last = c.stalls.at(-1)?.to;
  g.append(svg("path", { d: `${path}H${(level > 0 && last !== undefined ? axis.at(last) : axis.at(c.queue.at(-1)?.t ?? 0)).toFixed(1)}V${base}Z` }));
  for (const s of c.stalls) {
    const x = axis.at(s.from), width = axis.at(s.to) - x, said = say(s.held ? "scope.held" : "scope.stalled", { bytes: figure(s.bytes), time: duration(s.to - s.from) });
    g.append(svg("rect", { class: "scope-stall", "data-held": String(s.held), x, y: TOP + row * ROW + 2, width, height: ROW - 4 }, svg("title", {}, said)));
    if (width > wide(said)) g.append(svg("text", { x: x + width / 2, y: base - height / 2 + 4, "text-anchor": "middle" }, said));
    else g.append(svg("text", { x: x + width / 2, y: base - height / 2 + 4, "text-anchor": "middle" }, width > 40 ? figure(s.bytes) : "!"));
  }
  return g;
}

/** The steps of the schedule, and between them the time. @param {Trace} t @param {Axis} axis @param {number} height */
function drawAxis(t, axis, height) {
  const g = svg("g", { class: "scope-axis" });
  let right = -Infinity;
  t.steps.forEach((at, i) => {
    const s = t.schedule.steps[i], x = axis.at(at), said = `${fixed(s.at, 2)} s ${t.schedule.steps.some((x) => x.client > 1) ? `${s.client}: ` : ""}${say(`scope.step.${s.do}`)}${s.bytes ? ` ${figure(s.bytes)}` : ""}`;
    g.append(svg("line", { x1: x, x2: x, y1: TOP - 4, y2: height }));
    if (x < right) return;
    g.append(svg("text", { x: x + 3, y: 13 }, said));
    right = x + 10 + wide(said);
  });
  return g;
}

/**
 * @param {Trace} t @param {Row[]} rows @param {Mark[]} marks @param {Axis} axis
 * @param {number} most bytes of the fullest queue of all traces
 */
export function draw(t, rows, marks, axis, most) {
  const height = TOP + rows.length * ROW + 4;
  const root = svg("svg", { class: "scope-svg", width: Math.ceil(axis.width), height, viewBox: `0 0 ${Math.ceil(axis.width)} ${height}`, "aria-hidden": "true" });
  rows.forEach((_, i) => root.append(svg("line", { class: "scope-row", x1: 0, x2: axis.width, y1: TOP + (i + 1) * ROW, y2: TOP + (i + 1) * ROW })));
  root.append(drawAxis(t, axis, height));
  rows.forEach((r, i) => { if (r.conn) root.append(drawQueue(r.conn, i, axis, most)); });
  root.append(...marks.map((m, i) => drawMark(m, axis, i)));
  return root;
}
