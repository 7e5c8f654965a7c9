// @ts-check
// Faults: those of the experiment on the bench, those that were added for the next
// run, and switches for the run that is being measured.

/** @import {Experiment, FaultKind, Setting, Text} from "./events.js" */
/** @import {Run} from "./run.js" */
/** @import {ApiError} from "./api.js" */
import { byId, el } from "./dom.js";
import { Knob } from "./knob.js";
import { experiments, page } from "./page.js";
import { both, label, plain } from "./words.js";

/** A fault that was added: its parameters as the site takes them. @typedef {{kind: string, with: Record<string, string>}} Extra */

/** @param {string} kind @returns {Text} */
export const faultLabel = (kind) => page.words?.faults?.[kind] ?? plain(kind);

export class Faults {
  #x = experiments[0];
  #kind = /** @type {FaultKind|undefined} */ (page.faults?.[0]);
  /** @type {Extra[]} */
  #extras = [];
  /** @type {Knob[]} */
  #knobs = [];
  #list = el("ul");
  #select = el("select", {}, ...(page.faults ?? []).map((k) => el("option", { value: k.kind }, k.kind)));
  #doc = el("p", { class: "faults-note" });
  #params = el("div", { class: "knobs" });
  #plan = el("button", { class: "button", type: "button" }, both("run.faults.plan"));
  #now = el("button", { class: "button", type: "button" }, both("run.faults.now"));
  #error = el("p", { class: "knob-error", role: "alert", hidden: true });
  /** What the list shows, so that it is made again only when that changes. */
  #shown = "";
  #hands;

  /** @param {{changed: () => void, on: (x: Extra) => void, off: (id: string) => void}} hands */
  constructor(hands) {
    this.#hands = hands;
    label(this.#select, "run.faults.kind");
    this.#select.addEventListener("change", () => this.#choose(this.#select.value));
    this.#plan.addEventListener("click", () => { this.#extras.push(this.#extra()); this.#refuse(null); hands.changed(); });
    this.#now.addEventListener("click", () => { this.#refuse(null); hands.on(this.#extra()); });
    const form = el("details", { class: "faults-add" }, el("summary", {}, both("run.faults.add")), this.#select, this.#doc, this.#params, el("div", { class: "faults" }, this.#plan, this.#now), this.#error);
    byId("ui-faults").replaceChildren(el("h3", {}, both("run.faults")), this.#list, form);
  }

  /** @param {Experiment} x */
  build(x) {
    this.#x = x;
    this.#extras = [];
    this.#shown = "";
    this.#refuse(null);
    byId("ui-faults").hidden = !page.faults?.length || page.root !== undefined;
    if (this.#kind) this.#choose(this.#kind.kind);
  }

  /** @param {string} kind */
  #choose(kind) {
    const k = (this.#kind = page.faults?.find((f) => f.kind === kind));
    if (!k) return;
    const mend = () => this.#fit();
    this.#knobs = [...k.settings, ...this.#times()].map((s) => new Knob(s, `fault.${s.name}`, mend));
    this.#params.replaceChildren(...this.#knobs.map((knob) => knob.root));
    this.#doc.replaceChildren(both(faultLabel(kind)));
    this.#doc.title = k.doc;
    this.#fit();
  }

  /** When it begins and how long it lasts, within the experiment's time. @returns {Setting[]} */
  #times() {
    const { seconds } = this.#x, words = page.words?.settings ?? {};
    return [
      { name: "at", kind: "duration", default: 0, value: 0, min: 0, max: Math.max(0, seconds - 0.1), unit: "seconds", label: words.at ?? plain("at") },
      { name: "for", kind: "duration", default: seconds, value: seconds, min: 0.1, max: seconds, unit: "seconds", label: words.for ?? plain("for") },
    ];
  }

  #live = false;

  #fit() {
    const wrong = this.#knobs.some((k) => k.wrong !== null);
    this.#plan.disabled = wrong || this.#live;
    this.#now.disabled = wrong || !this.#live;
  }

  /** What was set; the rest is as the kind has it, and lasts to the end. @returns {Extra} */
  #extra() {
    return { kind: this.#kind?.kind ?? "", with: Object.fromEntries(this.#knobs.filter((k) => k.changed || k.setting.capped).map((k) => [k.setting.name, k.said])) };
  }

  /** Those that were added, as the site takes them. */
  extras() { return this.#extras; }

  /** @param {Text|null} why */
  #refuse(why) {
    this.#error.hidden = why === null;
    this.#error.replaceChildren(why ? both(why) : "");
  }

  /** The site refused a fault. @param {ApiError} e @returns {boolean} whether it was one of ours */
  refuse(e) {
    if (e.field === undefined || !/^fault(\.|$)/.test(e.field)) return false;
    this.tell(e);
    return true;
  }

  /** @param {ApiError} e */
  tell(e) {
    const knob = this.#knobs.find((k) => k.name === e.field);
    if (knob) knob.refuse(e.said);
    this.#refuse(e.said);
  }

  /** @param {Run|null} run @param {boolean} live it is being measured */
  draw(run, live) {
    this.#live = live;
    this.#fit();
    const on = live && run ? run.suffering() : [];
    const shown = JSON.stringify([this.#x.id, this.#extras, on]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const planned = this.#x.faults.map((f) => this.#item(f.kind, both("run.fault", { label: f.label, at: f.at, to: f.for ? f.at + f.for : this.#x.seconds }), this.#off(on.find((o) => o.id === f.id)?.id)));
    const added = this.#extras.map((e, i) => this.#item(e.kind, Object.entries(e.with).map(([k, v]) => `${k}=${v}`).join(" ") || both(faultLabel(e.kind)), this.#remove(i)));
    const others = on.filter((o) => !this.#x.faults.some((f) => f.id === o.id)).map((o) => this.#item(o.kind, both("run.faults.on"), this.#off(o.id)));
    this.#list.replaceChildren(...planned, ...added, ...others);
  }

  /** @param {string} kind @param {Node|string} said @param {HTMLElement|null} button */
  #item(kind, said, button) { return el("li", {}, el("code", {}, kind), said, ...(button ? [button] : [])); }

  /** @param {string|undefined} id of one that is on @returns {HTMLElement|null} */
  #off(id) {
    if (id === undefined) return null;
    const b = el("button", { class: "button button-bare", type: "button" }, both("run.faults.off"));
    b.addEventListener("click", () => this.#hands.off(id));
    return b;
  }

  /** @param {number} i */
  #remove(i) {
    const b = el("button", { class: "button button-bare", type: "button" }, both("run.faults.remove"));
    b.addEventListener("click", () => { this.#extras.splice(i, 1); this.#hands.changed(); });
    return b;
  }
}
