// @ts-check
// The machine's line on the wall: who measures, who waits, and what holds them up.

/** @import {Machine, Seat} from "./wallfeed.js" */
import { asApiError, post } from "./api.js";
import { byId, el, put } from "./dom.js";
import { QueueList, about } from "./queuelist.js";
import { nameOf } from "./seatwords.js";
import { both, say, text } from "./words.js";

/** How long the second press may come after the first, in ms. */
const SURE = 4000;

export class MachineLine {
  #now = byId("ui-machine");
  #do = byId("ui-machine-do");
  #said = byId("ui-machine-said");
  #pause = el("button", { class: "button", type: "button", id: "ui-machine-pause" });
  #stop = el("button", { class: "button", type: "button", id: "ui-machine-stop" });
  /** @type {Machine|null} */
  #machine = null;
  #sure = 0;
  #list = new QueueList([
    { key: "stop", said: "queue.stop", fits: () => true, act: (t) => this.#ask(`/api/runs/${t.key}/stop`) },
    { key: "first", said: "queue.first", fits: (t, ahead) => !t.measured && ahead > 0, act: (t) => this.#ask(`/api/runs/${t.key}/first`) },
  ]);

  constructor() {
    byId("ui-machine-queue").prepend(this.#list.root);
    this.#do.replaceChildren(this.#pause, this.#stop);
    this.#pause.addEventListener("click", () => this.#ask(this.#machine?.paused ? "/api/queue/resume" : "/api/queue/pause"));
    this.#stop.addEventListener("click", () => this.#stopAll());
    this.#draw();
  }

  /** @param {Machine} m @param {number} now @param {Map<string, Seat>} seats @param {boolean} hidden names are */
  draw(m, now, seats, hidden) {
    this.#machine = m;
    this.#list.draw(m.runs.map((r) => {
      const s = seats.get(r.person);
      return { key: r.run, name: s ? nameOf(s, hidden) : text("queue.instructor"), measured: r.measured, wait: r.begins ? (r.begins - now) / 1000 : null };
    }), m.paused);
    put(byId("ui-machine-none"), m.runs.length ? "" : say("queue.none"));
    const said = [text(m.alone ? "machine.alone" : "machine.slots", { used: m.used, slots: m.slots })];
    if (m.waiting > 0) said.push(text("machine.waiting", { n: m.waiting }));
    said.push(m.paused ? text("machine.paused") : m.used + m.waiting === 0 ? text("machine.free") : text("machine.wait", { t: about((m.free - now) / 1000) }));
    put(this.#now, said.map((t) => say(t)).join(" · "));
    this.#now.dataset.paused = String(m.paused);
    this.#draw();
  }

  #draw() {
    const m = this.#machine, sure = performance.now() < this.#sure, name = say(m?.paused ? "machine.resume" : "machine.pause");
    put(this.#pause, name);
    put(this.#stop, sure ? say("machine.stop.sure", { n: m?.runs.length ?? 0 }) : say("machine.stop"));
    this.#stop.disabled = !m || m.runs.length === 0;
  }

  /** Only the second press stops them. */
  #stopAll() {
    if (performance.now() < this.#sure) {
      this.#sure = 0;
      this.#ask("/api/runs/stop-all");
    } else {
      this.#sure = performance.now() + SURE;
      setTimeout(() => this.#draw(), SURE + 50);
    }
    this.#draw();
  }

  /** @param {string} path */
  async #ask(path) {
    try {
      await post(path);
      this.#said.replaceChildren();
    } catch (e) {
      this.#said.replaceChildren(both(asApiError(e).said));
    }
  }
}
