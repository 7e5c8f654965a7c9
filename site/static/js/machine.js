// @ts-check
// The machine's line on the wall: who measures, who waits, and what holds them up.

/** @import {Machine} from "./wallfeed.js" */
import { asApiError, post } from "./api.js";
import { byId, el, put } from "./dom.js";
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

  constructor() {
    this.#do.replaceChildren(this.#pause, this.#stop);
    this.#pause.addEventListener("click", () => this.#ask(this.#machine?.paused ? "/api/queue/resume" : "/api/queue/pause"));
    this.#stop.addEventListener("click", () => this.#stopAll());
    this.#draw();
  }

  /** @param {Machine} m @param {number} now */
  draw(m, now) {
    this.#machine = m;
    const said = [text(m.alone ? "machine.alone" : "machine.slots", { used: m.used, slots: m.slots })];
    if (m.waiting > 0) said.push(text("machine.waiting", { n: m.waiting }));
    const wait = Math.ceil((m.free - now) / 1000);
    said.push(m.paused ? text("machine.paused") : m.used + m.waiting === 0 ? text("machine.free") : text("machine.wait", { t: Math.max(0, wait) }));
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
