// @ts-check
// The error map's buttons: each provokes its errno in a run, and the row shows
// what that run counts.

/** @import {Event as RunEvent, Summary, Text} from "./events.js" */
import { asApiError, get, post } from "./api.js";
import { el, every, hit, one } from "./dom.js";
import { figure } from "./format.js";
import { reach } from "./reach.js";
import { Stream } from "./stream.js";
import { both, known, language, text } from "./words.js";

/** One button with what it measured. */
class Provoke {
  #box;
  #button;
  #lamp;
  #said;
  #errno;
  #run = "";
  #counted = 0;
  #phase = "";
  #since = performance.now();
  #lost = false;
  #timer = 0;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
    this.#button = /** @type {HTMLButtonElement} */ (one(box, "[data-act=provoke]"));
    this.#lamp = one(box, ".lamp");
    this.#said = one(box, "[data-measured]");
    this.#errno = box.closest("[data-errno]")?.getAttribute("data-errno") ?? "";
  }

  async start() {
    const [lesson, experiment] = (this.#box.dataset.provoke ?? "").split("/");
    this.#button.disabled = true;
    this.#counted = 0;
    this.#said.setAttribute("aria-live", "off"); // ten counts a second are not to be spoken
    this.#light("starting", text("state.asking"));
    try {
      const { id } = await post("/api/runs", { lesson, experiment });
      this.#run = id;
      this.#timer = setInterval(() => this.#tick(), 1000);
      const stream = new Stream(id, 0, {
        events: (all) => { for (const e of all) this.#hear(e); },
        lost: () => this.#reach(false), back: () => this.#reach(true), gap: () => {}, chatty: () => false,
        over: () => { stream.close(); this.#over(); }, gone: (e) => { stream.close(); this.#refused(e); },
      });
    } catch (e) {
      this.#refused(e);
    }
  }

  /** @param {RunEvent} e */
  #hear(e) {
    const v = e.values?.[`lab.${this.#errno}`];
    if (v !== undefined) this.#counted = v;
    if (e.state) {
      if (e.state.phase !== this.#phase) this.#since = performance.now();
      this.#phase = e.state.phase;
      this.#tick();
    }
    if (v !== undefined) this.#tell(el("b", { class: "num" }, figure(this.#counted)), " ", both("errmap.sofar"));
  }

  /** @param {boolean} on */
  #reach(on) {
    this.#lost = !on;
    reach(on);
    this.#tick();
  }

  #tick() {
    if (this.#lost) this.#light("lost", text("state.lost"));
    else if (this.#phase) this.#light(this.#phase, text(`state.${this.#phase}`, { t: Math.round((performance.now() - this.#since) / 1000) }));
  }

  #rest() {
    clearInterval(this.#timer);
    this.#phase = "";
    if (this.#lost) this.#reach(true);
    this.#said.removeAttribute("aria-live");
    this.#button.disabled = false;
  }

  async #over() {
    this.#rest();
    try {
      const run = /** @type {Summary} */ (await get(`/api/runs/${this.#run}`)), n = run.metrics?.[`lab.${this.#errno}`];
      const see = el("a", { href: `/${language()}/runs/${run.id}` }, both("errmap.run"));
      const proves = run.phase === "finished" && run.trust !== "void" && n !== undefined;
      this.#light(run.phase === "finished" && run.trust === "void" ? "void" : run.phase, text(run.trust === "void" ? "state.void" : `state.${run.phase}`));
      if (proves) this.#tell(el("b", { class: "num" }, both("errmap.times", { n: figure(n), t: run.seconds ?? 0 })), " · ", el("time", { datetime: run.began }, `${new Date(run.began).toISOString().slice(0, 19).replace("T", " ")} UTC`), " · ", see);
      else this.#tell(both(reason(run)), " ", see);
    } catch (e) {
      this.#refused(e);
    }
  }

  /** @param {unknown} e */
  #refused(e) {
    this.#rest();
    const error = asApiError(e);
    this.#light("failed", text("errmap.refused"));
    this.#tell(both(error.said), ...(error.run ? [" ", el("a", { href: `/${language()}/runs/${error.run}` }, both("note.other"))] : []));
  }

  /** @param {string} state @param {Text} words */
  #light(state, words) {
    this.#lamp.hidden = false;
    this.#lamp.dataset.state = state;
    if (this.#lamp.textContent !== words.ko + words.en) this.#lamp.replaceChildren(both(words));
  }

  /** @param {...(Node|string)} what */
  #tell(...what) { this.#said.replaceChildren(...what); }
}

/** Why a run proves nothing. @param {Summary} run */
function reason(run) {
  if (run.phase === "finished") return text("note.void.why");
  const code = run.reason?.code ?? "unknown";
  return text(known(`reason.${code}.title`) ? `reason.${code}.title` : "reason.unknown.title", { ...(run.reason?.args ?? {}), code });
}

export function startErrorMap() {
  const rows = new Map(every(document, "[data-provoke]").map((box) => [box, new Provoke(box)]));
  if (rows.size) document.addEventListener("click", (e) => { const box = hit(e, "[data-act=provoke]") && hit(e, "[data-provoke]"); if (box) rows.get(box)?.start(); });
}
