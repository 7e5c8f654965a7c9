// @ts-check
// The controls of the experiment on the bench: its lab's knobs, and the load.

/** @import {Experiment, Summary} from "./events.js" */
/** @import {ApiError} from "./api.js" */
import { byId, el } from "./dom.js";
import { Knob } from "./knob.js";
import { both } from "./words.js";

/** @param {Knob[]} knobs */
const group = (knobs) => el("div", { class: "knobs" }, ...knobs.map((k) => k.root));

export class Knobs {
  #box = byId("ui-knobs");
  /** @type {Knob[]} */
  #all = [];
  #more = /** @type {HTMLDetailsElement} */ (el("details", { class: "knobs-more" }));
  #reset = el("button", { class: "button button-bare", type: "button" }, both("run.reset"));
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    this.#reset.addEventListener("click", () => this.reset());
  }

  /** @param {Experiment} x */
  build(x) {
    const turned = () => { this.#fit(); this.#changed(); };
    const some = (x.load ?? []).filter((s) => s.name !== "client"); // it speaks what the lab speaks
    const knobs = x.knobs.map((s) => new Knob(s, `knob.${s.name}`, turned));
    const load = some.map((s) => new Knob(s, `load.${s.name}`, turned));
    this.#all = [...knobs, ...load];
    const main = (/** @type {Knob[]} */ list) => list.filter((k) => k.setting.main), rest = this.#all.filter((k) => !k.setting.main);
    this.#box.replaceChildren(el("header", {}, el("h3", {}, both("run.knobs")), el("span", { class: "aside" }, this.#reset)));
    if (main(knobs).length) this.#box.append(group(main(knobs)));
    if (main(load).length) this.#box.append(el("h3", { class: "knobs-load" }, both("run.load")), group(main(load)));
    this.#more.replaceChildren(el("summary", {}, both("run.more")), group(rest));
    this.#more.open = main(this.#all).length === 0;
    if (rest.length) this.#box.append(this.#more);
    this.#box.hidden = this.#all.length === 0; // of a mystery nothing can be turned
    this.#fit();
  }

  /** Settings that the load's model or shape does not have are not shown. */
  #fit() {
    const of = (/** @type {string} */ name) => this.#all.find((k) => k.name === name)?.value;
    const open = of("load.model") === "open", shape = of("load.shape");
    const has = /** @type {Record<string, boolean>} */ ({ "load.rate": open, "load.beside": open, "load.shape": open, "load.peak": open && shape !== "steady", "load.steps": open && shape === "steps" });
    for (const k of this.#all) k.root.hidden = has[k.name] === false;
    if (this.#all.some((k) => !k.setting.main && (k.changed || k.wrong))) this.#more.open = true;
    this.#reset.classList.toggle("is-hidden", !this.#all.some((k) => k.changed || k.wrong));
  }

  reset() {
    for (const k of this.#all) k.set(k.setting.value);
    this.#fit();
    this.#changed();
  }

  /** Sets one of them. @param {string} name @param {import("./events.js").Value} value */
  take(name, value) {
    this.#all.find((k) => k.name === name)?.set(value);
    this.#fit();
    this.#changed();
  }

  /** What differs from the experiment, as the site takes it. @returns {Record<string, string>} */
  settings() {
    return Object.fromEntries(this.#all.filter((k) => k.changed).map((k) => [k.name, k.said]));
  }

  /** Whether the knobs stand as a past run had them. @param {Summary} run */
  alike(run) {
    return this.#all.every((k) => {
      const [space, name] = k.name.split(".");
      return String((space === "knob" ? run.knobs : run.load)?.[name] ?? k.setting.value) === String(k.value);
    });
  }

  /** Where a setting stands; undefined: there is none. @param {string} name */
  value(name) { return this.#all.find((k) => k.name === name)?.value; }

  get wrong() { return this.#all.some((k) => k.wrong !== null); }

  /** The site refused a setting. @param {ApiError} e @returns {boolean} whether it was one of ours */
  refuse(e) {
    const knob = this.#all.find((k) => k.name === e.field);
    knob?.refuse(e.said);
    if (knob && !knob.setting.main) this.#more.open = true;
    return knob !== undefined;
  }

  /** @param {boolean} off */
  disable(off) {
    for (const k of this.#all) k.disable(off);
    this.#reset.disabled = off;
  }

  /** Stands as a past run had them. @param {Summary} run */
  stand(run) {
    for (const k of this.#all) {
      const [space, name] = k.name.split(".");
      const v = (space === "knob" ? run.knobs : run.load)?.[name];
      k.set(v ?? k.setting.value);
    }
    this.#fit();
  }
}
