// @ts-check
// One control: segments for a bool, a list for a choice, a range with an entry for
// a number. The range is logarithmic where the values are.

/** @import {Setting, Value, Text} from "./events.js" */
import { el } from "./dom.js";
import { parse, settingText } from "./format.js";
import { both, label, plain, text } from "./words.js";

const STEPS = 1000;

/** A number on the range, 0 to 1. @param {Setting} s @param {number} v */
function place(s, v) {
  const { min = 0, max = 1 } = s;
  if (!isLog(s)) return (v - min) / (max - min || 1);
  if (min > 0) return Math.log(v / min) / Math.log(max / min);
  const k = s.kind === "duration" ? 1000 : 1;
  return Math.log1p(v * k) / Math.log1p(max * k);
}

/** The round number at a place. @param {Setting} s @param {number} p */
function round(s, p) {
  const { min = 0, max = 1 } = s, k = s.kind === "duration" ? 1000 : 1;
  let v = min + p * (max - min);
  if (isLog(s)) v = min > 0 ? min * (max / min) ** p : Math.expm1(p * Math.log1p(max * k)) / k;
  if (s.unit === "bytes" && v >= 1) v = 2 ** Math.round(Math.log2(v));
  else if (isLog(s) && v > 0) v = Number(v.toPrecision(v * k < 100 ? 1 : 2));
  if (s.kind === "int" || !isLog(s)) v = Math.round(v);
  return Math.min(max, Math.max(min, v));
}

/** @param {Setting} s */
const isLog = ({ unit, min = 0, max = 1 }) => unit === "bytes" || max - min > 100 || max / Math.max(min, 1e-3) > 200;

export class Knob {
  /** @type {Value} */
  value;
  /** @type {Text|null} why the entry is not allowed */
  wrong = null;
  #show;
  #was;
  #error;
  root;

  /**
   * @param {Setting} setting
   * @param {string} name knob.buf
   * @param {() => void} changed
   */
  constructor(setting, name, changed) {
    this.setting = setting;
    this.name = name;
    this.value = setting.value;
    const id = `ui-${name.replace(".", "-")}`, flag = name.startsWith("knob.");
    this.#was = el("span", { class: "knob-was", hidden: true });
    this.#error = el("span", { class: "knob-error", id: `${id}-error`, role: "alert", hidden: true });
    const title = el("span", { class: "knob-name", id: `${id}-name`, title: setting.doc ?? "" }, el("code", {}, (flag ? "-" : "") + setting.name), el("span", {}, both(setting.label)));
    this.root = el("div", { class: "knob", "data-knob": name }, title);
    this.#show = this.#control(id, changed);
    const cap = setting.capped ? [el("span", { class: "knob-was", id: `${id}-cap` }, both("run.capped", { max: plain(settingText(setting, setting.max ?? 0)) }))] : [];
    this.root.append(this.#was, ...cap, this.#error);
    this.#mark();
  }

  /** @param {string} id @param {() => void} changed @returns {() => void} */
  #control(id, changed) {
    if (this.setting.kind === "bool") return this.#segments(id, [false, true], changed);
    const choices = this.setting.choices ?? [];
    const fit = choices.every((c) => c.length * choices.length <= 18); // as segments
    if (this.setting.kind === "choice" && choices.length <= 3 && fit) return this.#segments(id, choices, changed);
    return this.setting.kind === "choice" ? this.#select(id, choices, changed) : this.#number(id, changed);
  }

  /** @param {string} id @param {Value[]} values @param {() => void} changed */
  #segments(id, values, changed) {
    const buttons = values.map((v) => el("button", { type: "button" }, settingText(this.setting, v)));
    buttons.forEach((b, i) => b.addEventListener("click", () => { this.set(values[i]); changed(); }));
    this.root.append(el("span", { class: "segments", role: "group", "aria-labelledby": `${id}-name` }, ...buttons));
    return () => buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(values[i] === this.value)));
  }

  /** @param {string} id @param {string[]} choices @param {() => void} changed */
  #select(id, choices, changed) {
    const select = el("select", { "aria-labelledby": `${id}-name` }, ...choices.map((c) => el("option", { value: c }, c)));
    select.addEventListener("change", () => { this.set(select.value); changed(); });
    this.root.append(select);
    return () => { select.value = String(this.value); };
  }

  /** @param {string} id @param {() => void} changed */
  #number(id, changed) {
    const s = this.setting;
    const range = el("input", { type: "range", min: 0, max: STEPS, step: isLog(s) ? 1 : STEPS / Math.max(1, (s.max ?? 1) - (s.min ?? 0)), "aria-labelledby": `${id}-name` });
    const entry = el("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-describedby": s.capped ? `${id}-cap ${id}-error` : `${id}-error` });
    label(entry, this.setting.label);
    range.addEventListener("input", () => { this.set(round(s, Number(range.value) / STEPS)); changed(); });
    entry.addEventListener("change", () => { this.#type(entry.value); changed(); });
    this.root.append(el("span", { class: "knob-number" }, range, entry));
    return () => {
      const v = Number(this.value);
      range.value = String(Math.round(place(s, v) * STEPS));
      range.setAttribute("aria-valuetext", settingText(s, v));
      entry.setAttribute("aria-invalid", String(this.wrong !== null));
      if (!this.wrong) entry.value = settingText(s, v);
    };
  }

  /** @param {string} typed */
  #type(typed) {
    const s = this.setting, v = parse(s, typed), { min = 0, max = 0 } = s;
    const bounds = { min: settingText(s, min), max: settingText(s, max) };
    if (Number.isNaN(v)) this.refuse(text(s.kind === "duration" ? "run.wrong.seconds" : "run.wrong.number"));
    else if (s.kind === "int" && !Number.isInteger(v)) this.refuse(text("run.wrong.whole"));
    else if (v < min || v > max) this.refuse(text("run.wrong.range", bounds));
    else this.set(v);
  }

  /** @param {Value} v that is allowed */
  set(v) {
    this.value = v;
    this.wrong = null;
    this.#mark();
  }

  /** The value is not allowed, as this page or the site found. @param {Text} why */
  refuse(why) {
    this.wrong = why;
    this.#mark();
  }

  get changed() { return this.value !== this.setting.value; }

  /** The value as the site reads it. */
  get said() { return String(this.value); }

  /** @param {boolean} off */
  disable(off) {
    for (const c of this.root.querySelectorAll("button, input, select")) /** @type {HTMLInputElement} */ (c).disabled = off;
  }

  #mark() {
    this.#show();
    this.root.classList.toggle("is-changed", this.changed);
    this.root.classList.toggle("is-wrong", this.wrong !== null);
    this.#was.hidden = !this.changed || this.wrong !== null;
    this.#was.replaceChildren(both("run.was", { value: plain(settingText(this.setting, this.setting.value)) }));
    this.#error.hidden = this.wrong === null;
    this.#error.replaceChildren(this.wrong ? both(this.wrong) : "");
  }
}
