// @ts-check
// One queue of the map: a tank with its level, its limit and its flows, which is
// also the button that names it as the bottleneck.

/** @import {Stage} from "./events.js" */
import { el, put, svg } from "./dom.js";
import { bytes, duration, figure, short } from "./format.js";
import { both, text } from "./words.js";

/** The top of the scale, by unit; the scale is logarithmic, and its bottom is nothing. */
const TOP = /** @type {Record<string, number>} */ ({ bytes: 2 ** 24, requests: 1e4, connections: 1e4 });
const HEIGHT = 40;

/** How high a value stands, from 0 to HEIGHT. @param {number} v @param {string} unit */
const high = (v, unit) => Math.min(1, Math.log1p(Math.max(0, v)) / Math.log1p(TOP[unit] ?? 1e4)) * HEIGHT;

/** A level or a limit in words. @param {number|undefined} v @param {string|undefined} unit */
export function amount(v, unit) {
  if (v === undefined) return text("map.unknown");
  if (unit === "bytes") return { ko: bytes(v), en: bytes(v) };
  return text(`map.unit.${unit}${v === 1 ? ".one" : ""}`, { n: figure(v) });
}

/** A flow. @param {number|undefined} v @param {string|undefined} unit of what flows @param {string} [per] "" where it is said that it is a second's */
export const flow = (v, unit, per = "/s") => (v === undefined ? "–" : (unit === "bytes" ? bytes : short)(Math.round(v)) + per);

export class Tank {
  #fill = svg("rect", { class: "tank-fill", x: 4, width: 32 });
  #limit = svg("line", { class: "tank-limit", x1: 0, x2: 40 });
  #level = el("b", { class: "num" });
  #of = el("small", { class: "num" });
  #more = el("small", { class: "num tank-more", hidden: true });
  #in = el("span", { class: "num" });
  #out = el("span", { class: "num" });
  #marks = el("span", { class: "tank-marks" });
  #button;
  #said = "";

  /** @param {string} id of the stage @param {(id: string) => void} chosen */
  constructor(id, chosen) {
    this.id = id;
    const wall = svg("path", { class: "tank-wall", d: `M4 2V${HEIGHT + 2}H36V2` });
    const picture = svg("svg", { class: "tank", viewBox: `0 0 40 ${HEIGHT + 4}`, "aria-hidden": "true" }, this.#fill, wall, this.#limit);
    this.#button = el("button", { type: "button", "aria-pressed": "false", "data-pick": id },
      el("span", { class: "tank-name" }, both(`map.stage.${id}`)), picture,
      el("span", { class: "tank-level" }, this.#level, " ", this.#of, this.#more),
      el("span", { class: "tank-flow" }, el("span", {}, both("map.in"), " ", this.#in), el("span", {}, both("map.out"), " ", this.#out)), this.#marks);
    this.#button.addEventListener("click", () => chosen(id));
    this.item = el("li", { "data-stage": id }, this.#button);
  }

  /** @param {Stage|undefined} s undefined: nothing is known yet @param {{mine: boolean, fact: boolean, behind: boolean, guess: boolean, answer: boolean}} marks */
  draw(s, marks) {
    const absent = s?.absent ?? "", unit = s?.unit ?? "", still = s?.out !== undefined && s.out < 0.5 && (s.level ?? 0) > 0;
    this.item.toggleAttribute("data-absent", absent !== "");
    this.item.toggleAttribute("data-still", still);
    const top = s?.level === undefined ? 0 : high(s.level, unit);
    this.#fill.setAttribute("height", String(top));
    this.#fill.setAttribute("y", String(HEIGHT + 2 - top));
    const limit = String(HEIGHT + 2 - high(s?.limit ?? 0, unit));
    this.#limit.setAttribute("visibility", s?.limit === undefined ? "hidden" : "visible");
    this.#limit.setAttribute("y1", limit);
    this.#limit.setAttribute("y2", limit);
    this.#words(s, absent);
    put(this.#in, absent ? "" : flow(s?.in, unit, ""));
    put(this.#out, absent ? "" : flow(s?.out, unit, ""));
    this.#mark(marks);
  }

  /** @param {Stage|undefined} s @param {string} absent */
  #words(s, absent) {
    const key = absent || `${s?.level} ${s?.limit} ${s?.unit} ${s?.rtt} ${s?.again}`;
    if (this.#said === key) return;
    this.#said = key;
    const bare = s?.unit === "bytes" || s?.level === undefined;
    this.#level.replaceChildren(absent ? both("map.absent") : !s ? "–" : bare ? both(amount(s.level, s.unit)) : figure(s.level));
    const travels = absent === "" && s?.rtt !== undefined;
    this.#more.hidden = !travels;
    if (travels) this.#more.replaceChildren(both("map.travel", { rtt: duration(s?.rtt ?? 0), n: figure(s?.again) }));
    this.#of.replaceChildren(s?.limit === undefined || absent ? "" : `/ ${figure(s.limit)} `, bare ? "" : both(`map.of.${s.unit}`));
  }

  /** @param {{mine: boolean, fact: boolean, behind: boolean, guess: boolean, answer: boolean}} m */
  #mark(m) {
    this.#button.setAttribute("aria-pressed", String(m.mine));
    const words = [m.mine && "map.mine", m.fact && "map.fact", m.behind && "map.behind", m.guess && "map.guess", m.answer && "map.guess.fact"].filter((w) => typeof w === "string");
    this.item.toggleAttribute("data-mine", m.mine);
    this.item.toggleAttribute("data-fact", m.fact);
    this.item.toggleAttribute("data-behind", m.behind);
    if (this.#marks.dataset.said === words.join()) return;
    this.#marks.dataset.said = words.join();
    this.#marks.replaceChildren(...words.map((w) => el("i", { "data-mark": w.slice(4) }, both(w))));
  }
}
