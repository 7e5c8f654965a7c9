// @ts-check
// The seven steps: each with its live evidence, what is normal, and the commands
// that show the same in a terminal. The site examines; here it is only shown.

/** @import {Experiment, Examination, DoctorStep, DoctorSignal} from "./events.js" */
/** @import {Run} from "./run.js" */
import { get } from "./api.js";
import { byId, el, one, put } from "./dom.js";
import { duration, figure, bytes } from "./format.js";
import { page } from "./page.js";
import { both, label, plain, text } from "./words.js";

const EVERY = 1000;
const SHAPE = /** @type {Record<string, string>} */ ({ ok: "✓", look: "!", sick: "✗", unseen: "–" });

/** @param {DoctorSignal} g @param {number} v @returns {import("./events.js").Text} */
function value(g, v) {
  if (g.unit === "seconds") return plain(duration(v));
  if (g.unit === "bytes") return plain(bytes(v));
  if (g.unit === "share") return plain(`${figure(Math.round(v * 1000) / 10)}%`);
  const round = figure(Math.round(v * 100) / 100);
  if (g.unit === "cores" || g.unit === "threads") return text(`doctor.unit.${g.unit}`, { v: round });
  return g.unit === "per second" ? text("doctor.unit.rate", { v: round }) : plain(round);
}

/** Puts a text where it differs from what stands there. @param {HTMLElement} e @param {import("./events.js").Text} t */
function say(e, t) {
  if (e.dataset.said === t.ko + t.en) return;
  e.dataset.said = t.ko + t.en;
  e.replaceChildren(both(t));
}

/** One of the seven: its elements stay, so that focus and open commands do too. */
class Step {
  #mark = el("span", { class: "doctor-mark", "aria-hidden": "true" });
  #state = el("em", { class: "doctor-state" });
  #why = el("p", { class: "doctor-why", hidden: true });
  #list = el("ul", { class: "doctor-signals" });
  #commands = el("div", { class: "doctor-commands" });
  /** @type {Map<string, {root: HTMLElement, mark: HTMLElement, value: HTMLElement, more: HTMLElement, proof: HTMLElement|null, now: DoctorSignal}>} */
  #rows = new Map();
  #said = "";

  /** @param {string} id @param {boolean} proving */
  constructor(id, proving) {
    this.proving = proving;
    this.root = el("li", { class: "doctor-step", "data-step": id },
      el("h4", {}, this.#mark, el("span", {}, both(`doctor.step.${id}`)), this.#state), this.#why, this.#list,
      el("details", {}, el("summary", {}, both("doctor.commands")), this.#commands));
  }

  /** @param {DoctorStep} s @param {boolean} over */
  draw(s, over) {
    this.root.dataset.state = s.state;
    put(this.#mark, SHAPE[s.state]);
    say(this.#state, text(`doctor.state.${s.state}`));
    this.#why.hidden = !s.why;
    if (s.why) say(this.#why, text(`doctor.${s.why}`));
    const ids = new Set(s.signals.map((g) => g.id));
    for (const [id, row] of this.#rows) if (!ids.has(id)) { row.root.remove(); this.#rows.delete(id); }
    for (const g of s.signals) this.#signal(g);
    this.#tell(s.commands, over);
  }

  /** @param {DoctorSignal} g */
  #signal(g) {
    const row = this.#rows.get(g.id) ?? this.#row(g);
    row.now = g;
    row.root.dataset.state = g.state;
    put(row.mark, SHAPE[g.state]);
    say(row.value, value(g, g.value));
    const now = value(g, g.now), when = text("doctor.when", { from: figure(g.from), to: figure(g.to) });
    const bad = g.state === "ok" ? { ko: "", en: "" } : { ko: `${when.ko} · `, en: `${when.en} · ` };
    const part = (/** @type {"ko"|"en"} */ l) => `${text("doctor.now")[l]} ${now[l]} · ${bad[l]}`;
    say(row.more, { ko: part("ko"), en: part("en") });
    if (row.proof) label(row.proof, text("doctor.use.of", { signal: text(`doctor.signal.${g.id}`), from: figure(g.from), to: figure(g.to) }));
  }

  /** @param {DoctorSignal} g */
  #row(g) {
    const mark = el("span", { class: "doctor-mark", "aria-hidden": "true" }), shown = el("data"), more = el("span");
    const proof = this.proving ? el("button", { class: "button button-bare", type: "button" }, both("doctor.use")) : null;
    const root = el("li", { title: g.metric }, mark, el("span", { class: "doctor-name" }, both(`doctor.signal.${g.id}`)), shown,
      el("small", {}, more, ...(g.look || g.sick ? [both("doctor.normal"), " "] : []), both(`doctor.normal.${g.id}`), ...(proof ? [" ", proof] : [])));
    const row = { root, mark, value: shown, more, proof, now: g };
    proof?.addEventListener("click", () => document.dispatchEvent(new CustomEvent("proof", { detail: row.now })));
    this.#rows.set(g.id, row);
    this.#list.append(root);
    return row;
  }

  /** @param {string[]} commands @param {boolean} over */
  #tell(commands, over) {
    const said = JSON.stringify([commands, over]);
    if (said === this.#said) return;
    this.#said = said;
    const lines = commands.map((c) => el("p", { class: "pane-bar" }, el("code", {}, c), el("button", { class: "button button-bare", type: "button", "data-act": "copy" }, both("app.copy"))));
    const notes = [...(commands.length ? [] : ["doctor.commands.none"]), ...(over && commands.length ? ["doctor.over"] : []), ...(commands.some((c) => c.includes("strace")) ? ["doctor.strace"] : [])];
    this.#commands.replaceChildren(...lines, ...notes.map((n) => el("p", { class: "doctor-why" }, both(n))));
  }
}

export class Doctor {
  #pane = byId("ui-doctor");
  #list = one(this.#pane, ".doctor");
  #empty = one(this.#pane, ".run-empty");
  #told = one(this.#pane, ".doctor-told");
  #count = byId("ui-doctor-n");
  /** @type {Map<string, Step>} */
  #steps = new Map();
  /** @type {Run|null} */
  #run = null;
  #asked = 0;
  #asking = false;
  #final = false;

  /** @param {Run|null} run @param {Experiment} x */
  draw(run, x) {
    if (run !== this.#run) this.#clear(run);
    if (!run || this.#final || this.#pane.hidden || this.#asking) return;
    if (!run.author && !run.series.begun && !run.over) return;
    const rest = this.#asked + EVERY - 50 - performance.now();
    if (rest > 0) {
      if (run.over) setTimeout(() => { if (run === this.#run) this.draw(run, x); }, rest); // nothing else would come back for the end
      return;
    }
    this.#asked = performance.now();
    this.#ask(run, run.author ? `/api/experiments/${x.name}/author/doctor` : `/api/runs/${run.id}/doctor`);
  }

  /** @param {Run|null} run */
  #clear(run) {
    this.#run = run;
    this.#asked = 0;
    this.#final = false;
    this.#list.hidden = this.#told.hidden = true;
    this.#empty.hidden = false;
    this.#empty.replaceChildren(both("doctor.empty"));
    put(this.#count, "");
  }

  /** @param {Run} run @param {string} path */
  async #ask(run, path) {
    const over = run.over;
    this.#asking = true;
    try {
      const x = /** @type {Examination} */ (await get(path));
      if (run !== this.#run) return;
      this.#final = over || run.author;
      this.#show(x, over || run.author);
    } catch {
      if (run !== this.#run) return;
      this.#empty.hidden = false;
      this.#empty.replaceChildren(both("doctor.lost"));
    } finally {
      this.#asking = false;
    }
  }

  /** @param {Examination} x @param {boolean} over */
  #show(x, over) {
    this.#empty.hidden = true;
    this.#list.hidden = this.#told.hidden = false;
    const queue = x.bottleneck?.queue ?? "none", name = page.words?.queues?.[queue] ?? plain(queue);
    const told = queue === "none" ? text("doctor.no-bottleneck", { n: figure(x.seconds) }) : text("doctor.bottleneck", { n: figure(x.seconds), queue: name });
    say(this.#told, told);
    for (const s of x.steps) {
      let step = this.#steps.get(s.id);
      if (!step) {
        step = new Step(s.id, document.getElementById("ui-mystery") !== null);
        this.#steps.set(s.id, step);
        this.#list.append(step.root);
      }
      step.draw(s, over);
    }
    const sick = x.steps.filter((s) => s.state === "sick").length;
    put(this.#count, sick ? String(sick) : "");
  }
}
