// @ts-check
// The form of a sweep: an experiment, one of its settings, and the values to step it
// through. Nothing that was typed is lost when it is not allowed.

/** @import {Experiment, PageData, Setting, Text} from "./events.js" */
import { get } from "./api.js";
import { byId, el, every } from "./dom.js";
import { figure, parse, settingText } from "./format.js";
import { both, language, say, text } from "./words.js";

const MAX = 12;
/** What a block takes beside its load, in seconds (labs.Plan). */
const BESIDE = 0.6;
const SERIES = /** @type {Record<string, string>} */ ({ connections: "1, 2, 4, 8, 16, 32, 64", depth: "1, 2, 4, 8, 16", rate: "500, 1000, 2000, 4000, 8000, 16000" });

/** @typedef {{lesson: string, experiment: string, setting?: string, values?: string[], seconds?: number, settings?: Record<string, string>}} Order */

/** Values worth trying, within what is allowed. @param {Setting} s */
function suggestion(s) {
  if (s.kind === "bool") return "off, on";
  if (s.kind === "choice") return (s.choices ?? []).slice(0, MAX).join(", ");
  const { min = 0, max = 1 } = s, series = (SERIES[s.name] ?? "").split(", ").filter((n) => n !== "" && Number(n) >= min && Number(n) <= max);
  if (series.length > 1) return series.join(", ");
  const v = Number(s.value) || Number(s.default) || Math.max(min, s.kind === "int" ? 1 : max / 16);
  const all = [1 / 4, 1 / 2, 1, 2, 4].map((k) => Number((v * k).toPrecision(3))).map((n) => (s.kind === "int" ? Math.round(n) : n));
  return [...new Set(all.map((n) => Math.min(max, Math.max(min, n))))].join(", ");
}

/** A value as the site reads it, or why it is not allowed. @param {Setting} s @param {string} typed @returns {string|Text} */
function value(s, typed) {
  if (s.kind === "bool") return ["on", "true", "yes"].includes(typed) ? "true" : ["off", "false", "no"].includes(typed) ? "false" : text("capacity.wrong.choice", { choices: "on, off" });
  if (s.kind === "choice") return s.choices?.includes(typed) ? typed : text("capacity.wrong.choice", { choices: (s.choices ?? []).join(", ") });
  const v = parse(s, typed), { min = 0, max = 0 } = s;
  if (Number.isNaN(v)) return text(s.kind === "duration" ? "run.wrong.seconds" : "run.wrong.number");
  if (s.kind === "int" && !Number.isInteger(v)) return text("run.wrong.whole");
  return v < min || v > max ? text("run.wrong.range", { min: settingText(s, min), max: settingText(s, max) }) : String(v);
}

export class SweepForm {
  #form = /** @type {HTMLFormElement} */ (byId("ui-sweep"));
  #experiment = this.#select("experiment");
  #setting = this.#select("setting");
  #values = this.#input("values");
  #seconds = this.#input("seconds");
  #objective = this.#input("objective");
  /** @type {Map<string, Promise<PageData>>} */
  #lessons = new Map();
  /** @type {Experiment|null} */
  #x = null;
  /** @type {PageData["caps"]} a workshop's, for its learners */
  #caps;
  /** @type {{name: string, setting: Setting}[]} */
  #settings = [];
  #changed;

  /** @param {{changed: () => void, submit: () => void, judged: () => void}} act */
  constructor(act) {
    this.#changed = act.changed;
    this.#form.addEventListener("submit", (e) => { e.preventDefault(); act.submit(); });
    this.#experiment.addEventListener("change", () => this.load());
    this.#setting.addEventListener("change", () => this.#choose());
    for (const e of [this.#values, this.#seconds]) e.addEventListener("input", () => this.#changed());
    this.#objective.addEventListener("change", () => { this.#changed(); if (this.p99 > 0) act.judged(); });
    document.addEventListener("look", () => this.#speak());
  }

  /** @param {string} name */
  #select(name) { return /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem(name)); }
  /** @param {string} name */
  #input(name) { return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name)); }

  #speak() {
    for (const o of every(this.#experiment, "option")) o.textContent = `${o.dataset[language()]} · ${o.getAttribute("value")}`;
    for (const o of every(this.#setting, "option")) o.textContent = this.#label(o.getAttribute("value") ?? "");
    this.#changed();
  }

  /** @param {string} name */
  #label(name) {
    const s = this.#settings.find((x) => x.name === name)?.setting;
    return s ? `${name} · ${say(s.label)}` : name;
  }

  /** Loads the settings of the chosen experiment. @param {{experiment?: string, setting?: string, values?: string}} [wish] */
  async load(wish = {}) {
    if (wish.experiment) this.#experiment.value = wish.experiment;
    if (!this.#experiment.value) this.#experiment.selectedIndex = 0;
    const [lesson, id] = this.#experiment.value.split("/");
    this.#x = null;
    this.#changed();
    let data = this.#lessons.get(lesson);
    if (!data) this.#lessons.set(lesson, (data = get(`/api/lessons/${lesson}`)));
    try {
      const { experiments, caps } = await data, x = experiments?.find((e) => e.id === id);
      if (this.#experiment.value !== `${lesson}/${id}` || !x) return;
      this.#caps = caps;
      this.#fill(x, wish);
    } catch (e) {
      this.#lessons.delete(lesson);
      throw e;
    }
  }

  /** @param {Experiment} x @param {{setting?: string, values?: string}} wish */
  #fill(x, wish) {
    this.#x = x;
    const load = (x.load ?? []).filter((s) => !["client", "model"].includes(s.name)).map((s) => ({ name: `load.${s.name}`, setting: s }));
    const knobs = x.knobs.map((s) => ({ name: `knob.${s.name}`, setting: s }));
    this.#settings = [...load, ...knobs];
    /** @param {"capacity.load"|"capacity.knobs"} key @param {{name: string}[]} list */
    const group = (key, list) => (list.length ? [el("optgroup", { label: say(key) }, ...list.map((s) => el("option", { value: s.name }, this.#label(s.name))))] : []);
    this.#setting.replaceChildren(...group("capacity.load", load), ...group("capacity.knobs", knobs));
    const open = x.load?.find((s) => s.name === "model")?.value === "open";
    const usual = x.sweep?.setting ?? (open ? "load.rate" : "load.connections");
    this.#setting.value = this.#settings.some((s) => s.name === wish.setting) ? String(wish.setting) : usual;
    this.#seconds.value = String(x.seconds);
    for (const e of [this.#setting, this.#values, this.#seconds]) e.disabled = false;
    this.#choose(wish.values);
  }

  /** @param {string} [values] */
  #choose(values) {
    const s = this.setting;
    if (!s || !this.#x) return;
    const own = this.#x.sweep?.setting === s.name ? this.#x.sweep.values.join(", ") : suggestion(s.setting);
    this.#values.value = values ?? own;
    this.#changed();
  }

  get setting() { return this.#settings.find((s) => s.name === this.#setting.value); }
  get ready() { return this.#x !== null; }
  /** Seconds; 0: what was typed is no objective. */
  get p99() { const v = Number(this.#objective.value) / 1e3; return v > 0 && v <= 60 ? v : 0; }
  /** @param {number} v seconds */
  set p99(v) { this.#objective.value = String(Number((v * 1e3).toPrecision(6))); }

  get #list() { return this.#values.value.split(",").map((v) => v.trim()).filter((v) => v !== ""); }
  /** An experiment without a rate is measured with an open load. */
  get opens() { return this.#setting.value === "load.rate" && this.#x?.load?.find((s) => s.name === "model")?.value !== "open"; }
  get blocks() { return this.#list.length; }
  get time() { return this.blocks * (BESIDE + (this.#x?.warmup ?? 0) + Number(this.#seconds.value)); }

  /** How long each value may be measured: what the experiment says about parts of its time must fit. */
  get #bounds() {
    const x = this.#x, ends = [...(x?.windows ?? []).map((w) => w.to), ...(x?.faults ?? []).map((f) => f.at + (f.for || 0.1))];
    return { least: Math.max(0.1, ...ends), most: Math.min(60 - (x?.warmup ?? 0), Math.max(this.#caps?.seconds ?? 60, x?.seconds ?? 0)) };
  }

  /** The lesson's own sweep, which no cap is about. */
  get #own() {
    const x = this.#x, s = this.setting;
    return !!x?.sweep && x.sweep.setting === s?.name && x.sweep.values.join() === this.#list.map((v) => value({ ...s.setting, max: Infinity }, v)).join() && Number(this.#seconds.value) === x.seconds;
  }

  /** Says what the workshop allows of what is chosen. @param {Setting} s */
  #sayCaps(s) {
    const caps = this.#caps, at = byId("ui-sweep-caps");
    at.hidden = !caps;
    if (!caps) return;
    const times = { seconds: figure(this.#bounds.most), total: figure(caps.total) };
    at.replaceChildren(s.capped ? both("capacity.caps.setting", { name: s.label, max: settingText(s, s.max ?? 0), ...times }) : both("capacity.caps", times));
  }

  /** Says beside each entry what is wrong with it. @returns {boolean} nothing is */
  check() {
    const s = this.setting;
    if (!s) return false;
    this.#sayCaps(s.setting);
    const ok = this.#tell("values", this.#own ? null : this.#wrongValues(s.setting));
    const n = Number(this.#seconds.value), { least, most } = this.#bounds;
    const time = this.#tell("seconds", n >= least && n <= most ? null : text("capacity.wrong.seconds", { least: figure(least), most: figure(most) }));
    return this.#tell("objective", this.p99 > 0 ? null : text("capacity.wrong.objective")) && ok && time;
  }

  /** @param {Setting} s @returns {Text|null} */
  #wrongValues(s) {
    const all = this.#list, said = all.map((v) => value(s, v)), bad = said.findIndex((v) => typeof v !== "string");
    if (bad >= 0) return text("capacity.wrong.value", { value: all[bad], allowed: /** @type {Text} */ (said[bad]) });
    const twice = said.findIndex((v, i) => said.indexOf(v) < i);
    if (twice >= 0) return text("capacity.wrong.twice", { value: all[twice] });
    if (all.length < 2) return text("capacity.wrong.few", { hint: suggestion(s) });
    if (all.length > MAX) return text("capacity.wrong.many", { n: figure(all.length) });
    const most = this.#caps?.total ?? Infinity;
    return this.time > most ? text("capacity.wrong.total", { max: figure(most), t: figure(Math.ceil(this.time)) }) : null;
  }

  /** @param {"values"|"seconds"|"objective"} field @param {Text|null} why @returns {boolean} */
  #tell(field, why) {
    const at = byId(`ui-${field}-error`);
    this.#input(field).setAttribute("aria-invalid", String(why !== null));
    at.hidden = why === null;
    if (why) at.replaceChildren(both(why));
    return why === null;
  }

  /** The site refused a field. @param {string} field @param {Text} why */
  refuse(field, why) { this.#tell(field === "seconds" || field === "objective" ? field : "values", why); }

  /** @returns {Order} */
  order() {
    const [lesson, experiment] = this.#experiment.value.split("/"), s = this.setting;
    const values = this.#list.map((v) => String(s && value(s.setting, v))), seconds = Number(this.#seconds.value);
    if (this.#own) return { lesson, experiment }; // with its checks
    return { lesson, experiment, setting: s?.name ?? "", values, seconds, settings: this.opens ? { "load.model": "open" } : {} };
  }

  /** The same in a terminal. */
  get command() {
    const o = this.order();
    if (!o.setting) return `labs sweep ${o.lesson}/${o.experiment}`;
    const open = this.opens ? " --set load.model=open" : "", length = o.seconds === this.#x?.seconds ? "" : ` --for ${o.seconds}s`;
    return `labs sweep ${o.lesson}/${o.experiment} --set ${o.setting}=${(o.values ?? []).join(",")}${open}${length}`;
  }
}
