// @ts-check
// A curve in words and numbers: its table, which is the chart's text alternative, and
// the sentences about knee, objective and scalability law.

/** @import {LoadCurve as Curve, Law, LoadStep as Step, Text} from "./events.js" */
import { nameOf } from "./curves.js";
import { el, svg } from "./dom.js";
import { duration, figure, fixed } from "./format.js";
import { both, known, label, plain, say, text } from "./words.js";

/** @param {Text[]} list @param {string} between @returns {Text} */
const join = (list, between) => ({ ko: list.map((t) => t.ko).join(between), en: list.map((t) => t.en).join(between) });

/** What is special about a step, and why it is void. @param {Step} s @returns {Text[]} */
function remarks(s) {
  const out = [];
  if (s.met === false) out.push(text("capacity.missed"));
  if (s.starved) out.push(text("capacity.waited", { t: duration(s.oldest ?? 0) }));
  if (s.trust === "void") for (const d of s.doubts ?? []) out.push(doubt(d));
  if (s.why) out.push(plain(s.why));
  return out;
}

/** @param {import("./events.js").Doubt} d */
function doubt(d) {
  const name = known(`doubt.${d.code}`) ? text(`doubt.${d.code}`) : text("doubt.unknown", { code: d.code });
  /** @param {number} v */
  const value = (v) => (d.code === "late" ? duration(v) : d.code === "steal" ? `${figure(v * 100)}%` : figure(v));
  return text("capacity.doubt", { what: name, value: value(d.value), bound: value(d.bound) });
}

/** In the page's language, for a pointer. @param {Step} s */
export const remark = (s) => remarks(s).map((t) => say(t)).join(". ");

/** @param {Step} s @param {boolean} now it is being measured */
function trusted(s, now) {
  if (s.trust === "") return both(now ? "capacity.now" : "capacity.pending");
  return el("span", { class: "badge", "data-level": s.trust }, both(`trust.${s.trust}`));
}

/** @param {Curve} c @param {number} i @param {string|null} now the label of the block that is measured @param {string} setting */
function row(c, i, now, setting) {
  const s = c.steps[i], knee = c.knee?.step === i;
  const what = [...(knee ? [text("capacity.knee")] : []), ...remarks(s)];
  const mark = svg("svg", { class: "curve-mark", viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("circle", { cx: 6, cy: 6, r: 4.5 }));
  /** @param {Node|string} kid */
  const right = (kid) => el("td", { class: "right" }, kid);
  const here = now === `${c.server ? `${c.server} ` : ""}${setting}=${s.value}`;
  return el("tr", { "data-void": s.trust === "void", "data-missed": s.met === false, "aria-current": here ? "step" : null },
    el("th", { scope: "row" }, s.value), right(figure(s.throughput)), right(s.p50 === null ? "–" : duration(s.p50)), right(s.p99 === null ? "–" : duration(s.p99)),
    right(s.cpu === null ? "–" : duration(s.cpu)), el("td", {}, trusted(s, here)), el("td", { class: "curve-remark" }, ...(knee ? [mark] : []), both(join(what, ", "))));
}

/** @param {Curve} c @param {string} setting @param {string|null} now */
export function table(c, setting, now) {
  /** @param {Node|string} kid @param {string} [className] */
  const th = (kid, className) => el("th", { scope: "col", ...(className ? { class: className } : {}) }, kid);
  const head = el("tr", {}, th(el("code", {}, setting)), th(both("capacity.col.throughput"), "right"), th("p50", "right"), th("p99", "right"), th(both("capacity.col.cpu"), "right"), th(both("history.trust")), th(both("capacity.col.remark")));
  const box = el("div", { class: "scroll-x", tabindex: 0, role: "region" }, el("table", { class: "grid-table" }, el("thead", {}, head), el("tbody", {}, ...c.steps.map((_, i) => row(c, i, now, setting)))));
  const name = nameOf(c);
  label(box, { ko: text("capacity.table", { name }).ko, en: text("capacity.table", { name }).en });
  return box;
}

/** @param {Curve} c @param {string} setting @returns {Text[]} */
function kneeText(c, setting) {
  if (!c.knee) return [text("capacity.say.knee.none")];
  const at = `${setting} ${c.steps[c.knee.step].value}`;
  return [text("capacity.say.knee", { at }), ...(c.knee.end ? [text(`capacity.say.knee.${c.knee.end}`)] : [])];
}

/** @param {Curve} c @param {string} setting @returns {Text[]} */
function breakText(c, setting) {
  const b = c.break;
  if (!b) return [text("capacity.say.break.none")];
  /** @param {number} i */
  const at = (i) => `${setting} ${c.steps[i].value}`;
  if (b.first < 0) return [text("capacity.say.break.all", { last: at(b.last) })];
  const again = b.again ? [text("capacity.say.break.again")] : [];
  if (b.last < 0) return [text("capacity.say.break.from", { first: at(b.first) }), ...again];
  return [text("capacity.say.break", { last: at(b.last), first: at(b.first) }), ...again];
}

/** @param {Law} l @returns {Text[]} */
function lawText(l) {
  if (!l.fits) {
    const a = l.args ?? {}, args = Object.fromEntries(Object.entries(a).map(([k, v]) => [k, figure(k === "residual" || k === "bound" ? Math.round(v * 100) : v)]));
    return [text(`capacity.law.${l.why ?? "few"}`, args)];
  }
  const out = [text("capacity.law.fits", { lambda: figure(l.lambda), sigma: coefficient(l.sigma), kappa: coefficient(l.kappa), r2: fixed(l.r2, 3), off: fixed(l.residual * 100, 1) })];
  const peak = figure(Math.round(l.peak ?? 0)), ceiling = figure(Math.round(l.ceiling ?? 0));
  if (l.peak) out.push(text(l.beyond ? "capacity.law.beyond" : "capacity.law.peak", { peak, ceiling }));
  else out.push(l.ceiling ? text("capacity.law.ceiling", { ceiling }) : text("capacity.law.linear"));
  return out;
}

/** @param {number} v */
const coefficient = (v) => (v === 0 ? "0" : v.toPrecision(2));

/** @param {Curve} c @param {string} setting */
export function sentences(c, setting) {
  const law = el("p", {}, el("b", {}, both("capacity.law")), ": ", both(join(lawText(c.law), " ")));
  if (c.steps[0]?.at === null) return el("div", { class: "curve-said" });
  return el("div", { class: "curve-said" }, el("p", {}, both(join(kneeText(c, setting), " "))), el("p", {}, both(join(breakText(c, setting), " "))), law);
}
