// @ts-check
// The server's sockets as the kernel shows them, the largest Recv-Q first.

/** @import {Socket} from "./events.js" */
/** @import {Run} from "./run.js" */
import { byId, el, one, put, svg } from "./dom.js";
import { duration, figure } from "./format.js";
import { byQueue, ROWS } from "./moments.js";
import { both } from "./words.js";

/** @param {Socket} s @param {number} most @returns {HTMLElement} */
function row(s, most) {
  const listens = s.state === "LISTEN";
  const bar = svg("svg", { "aria-hidden": "true", viewBox: "0 0 1000 2", preserveAspectRatio: "none" }, svg("rect", { height: 2, width: most ? (1000 * s.recvq) / most : 0 }));
  return el("tr", {},
    el("td", {}, s.peer), el("td", {}, s.state),
    el("td", { class: "with-bar" }, figure(s.recvq), bar),
    el("td", { class: "right", "data-hot": !listens && s.sendq > 65536 }, figure(s.sendq)),
    el("td", { class: "right" }, s.rtt ? duration(s.rtt) : ""),
    el("td", { class: "right" }, s.cwnd ? String(s.cwnd) : ""),
    el("td", { class: "right", "data-hot": (s.retrans ?? 0) > 0 }, s.retrans ? String(s.retrans) : ""));
}

export class Sockets {
  #pane = byId("ui-sockets");
  #body = one(this.#pane, "tbody");
  #table = one(this.#pane, ".scroll-x");
  #empty = one(this.#pane, ".run-empty");
  #command = one(this.#pane, ".pane-bar");
  #count = byId("ui-sockets-n");

  /** @param {Run|null} run @param {number|null} [at] the moment that is shown, in seconds since load began; null: the latest */
  draw(run, at = null) {
    const { rows: all, more } = run?.moment(at).sockets ?? { rows: [], more: 0 }, port = /:(\d+)$/.exec(run?.facts.addr ?? "")?.[1];
    put(this.#count, all.length ? String(all.length + more) : "");
    this.#empty.hidden = all.length > 0;
    this.#table.hidden = all.length === 0;
    this.#command.hidden = !port;
    if (port) put(one(this.#command, "code"), `ss -tin '( sport = :${port} )'`);
    if (this.#pane.hidden) return;
    const sorted = all.toSorted(byQueue);
    const most = Math.max(0, ...all.filter((s) => s.state !== "LISTEN").map((s) => s.recvq));
    const rows = sorted.slice(0, ROWS).map((s) => row(s, s.state === "LISTEN" ? 0 : most));
    const left = more + Math.max(0, sorted.length - ROWS);
    if (left > 0) rows.push(el("tr", {}, el("td", { colspan: 7 }, both("sockets.more", { n: left }))));
    this.#body.replaceChildren(...rows);
  }
}
