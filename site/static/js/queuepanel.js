// @ts-check
// The queue as a learner sees it: everybody's place and expected wait, and nothing of
// whose they are but one's own. It asks while it is open.

/** @import {Turn} from "./queuelist.js" */
import { asApiError, get } from "./api.js";
import { el, put } from "./dom.js";
import { QueueList, about } from "./queuelist.js";
import { both, say, text } from "./words.js";

/** How often an open panel asks, in ms. */
const EVERY = 2000;

/** @typedef {{by?: string, wait: number, began: string}} Waiting as /api/queue tells it */

export class QueuePanel {
  #box;
  #said = el("p", { role: "status" });
  #list = new QueueList();
  #timer = 0;
  #asking = false;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
    box.replaceChildren(el("h2", { id: "ui-queue-title" }, both("queue.title")), this.#said, this.#list.root, el("p", { class: "hand-with" }, both("queue.why")));
    document.addEventListener("visibilitychange", () => this.follow());
    document.addEventListener("onbench", () => this.follow());
  }

  /** Asks at once, and then as long as the panel is open and seen. */
  follow() {
    clearInterval(this.#timer);
    if (this.#box.hidden || document.hidden) return;
    this.#timer = setInterval(() => this.#ask(), EVERY);
    this.#ask();
  }

  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#draw(await get("/api/queue"));
    } catch (e) {
      put(this.#said, say(asApiError(e).said));
      this.#list.draw([], false);
    }
    this.#asking = false;
  }

  /** @param {{paused: boolean, queue: Waiting[]}} now */
  #draw({ paused, queue }) {
    /** @type {Turn[]} */
    const turns = queue.map((q, i) => ({ key: String(i), own: !!q.by, name: text(q.by ? "queue.you" : "queue.someone"), measured: !q.began.startsWith("0001-"), wait: q.wait }));
    const waiting = turns.filter((t) => !t.measured), mine = waiting.findIndex((t) => t.own);
    let said = text(turns.length === 0 ? "queue.none" : "queue.others", { n: waiting.length });
    if (turns.some((t) => t.own && t.measured)) said = text("queue.mine.now");
    else if (mine >= 0) said = text("queue.mine", { n: mine + 1, of: waiting.length, t: about(waiting[mine].wait ?? 0) });
    if (paused) said = text("queue.mine.paused");
    put(this.#said, say(said));
    this.#list.draw(turns, paused);
  }
}
