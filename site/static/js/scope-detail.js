// @ts-check
// One event in full: what was called, what it returned and what that means, from
// which line, and where to read on.

/** @import {Call, Mark, Packet, Trace} from "./scope-data.js" */
import { el } from "./dom.js";
import { duration, fixed } from "./format.js";
import { kindOf, outcome } from "./scope-data.js";
import { both, known } from "./words.js";

/** Pages of section 2 that describe several calls. */
const pages = /** @type {Record<string, string>} */ ({ accept4: "accept", epoll_pwait: "epoll_wait", epoll_pwait2: "epoll_wait", ppoll: "poll", pselect6: "select", recvfrom: "recv", recvmsg: "recv", sendto: "send", sendmsg: "send", epoll_create1: "epoll_create", pipe2: "pipe", eventfd2: "eventfd", dup3: "dup", pread64: "pread", pwrite64: "pwrite", readv: "readv", writev: "readv", newfstatat: "stat", fstat: "stat", openat: "open", setsockopt: "getsockopt", signalfd4: "signalfd" });

/** @param {Call} c */
function manual(c) {
  if (c.call.startsWith("syscall_")) return "";
  const page = pages[c.call] ?? c.call;
  return el("p", { class: "scope-man" }, el("a", { href: `https://man7.org/linux/man-pages/man2/${page}.2.html`, rel: "noreferrer", target: "_blank" }, `${page}(2)`), " ", both("scope.man"));
}

/** @param {Trace} t @param {Call} c */
function source(t, c) {
  if (!c.stack?.length) return [el("p", {}, both(c.who === "server" && !t.lab ? "scope.source.foreign" : "scope.source.none"))];
  return c.stack.map((f, i) => {
    const q = t.sources[`${f.file}:${f.line}`];
    const lines = q?.lines.map((text, k) => el("li", { "data-n": q.from + k, class: q.from + k === f.line ? "is-here" : "" }, el("code", {}, text || " ")));
    return el("details", { class: "scope-frame", open: i === 0 }, el("summary", {}, el("code", {}, f.func), " ", el("code", {}, `${f.file}:${f.line}`)),
      ...(lines ? [el("ol", { class: "scope-lines", tabindex: 0 }, ...lines)] : []));
  });
}

/** The first bytes, as hexadecimal and as text. @param {string} hex */
function data(hex) {
  const pairs = hex.match(/../g) ?? [];
  const text = pairs.map((p) => { const b = parseInt(p, 16); return b >= 32 && b < 127 ? String.fromCharCode(b) : "."; }).join("");
  return el("code", {}, `${pairs.join(" ")}  ${text}`);
}

/** @param {[string, Node|string][]} pairs */
const list = (pairs) => el("dl", {}, ...pairs.flatMap(([key, v]) => [el("dt", {}, both(`scope.col.${key}`)), el("dd", {}, v)]));

/** @param {Trace} t @param {Call} c @param {Node} lane */
function ofCall(t, c, lane) {
  const meaning = c.errno ? (known(`scope.errno.${c.errno}`) ? `scope.errno.${c.errno}` : "scope.errno.other") : c.took === null ? "scope.means.waiting" : `scope.means.${kindOf(c)}`;
  /** @type {[string, Node|string][]} */
  const pairs = [["time", `${fixed(c.t * 1e3, 3)} ms`], ["took", c.took === null ? both("scope.never") : duration(c.took)], ["lane", lane], ["thread", `${c.tid}`]];
  if (c.data) pairs.push(["data", data(c.data)]);
  return [
    el("p", { class: "scope-call" }, el("code", {}, `${c.call}(${c.args}) = ${outcome(c)}`)),
    el("p", {}, both(meaning, { n: c.result, asked: c.asked ?? 0, errno: c.errno })), list(pairs), ...source(t, c), manual(c),
  ];
}

/** @param {Packet} p */
function ofPacket(p) {
  return [
    el("p", { class: "scope-call" }, el("code", {}, `${p.flags} seq=${p.seq} ack=${p.ack} len=${p.len} win=${p.win}`)),
    el("p", {}, both(p.from === "client" ? "scope.packet.client" : "scope.packet.server")),
    list([["time", `${fixed(p.t * 1e3, 3)} ms`]]),
    el("p", { class: "scope-man" }, el("a", { href: "https://www.rfc-editor.org/rfc/rfc9293#section-3.1", rel: "noreferrer", target: "_blank" }, "RFC 9293, 3.1"), " ", both("scope.man")),
  ];
}

/** @param {Trace} t @param {Mark} m @param {Node} lane its name */
export const detail = (t, m, lane) => (m.call ? ofCall(t, m.call, lane) : m.packet ? ofPacket(m.packet) : []).filter((n) => n !== "");
