// @ts-check
// How answers spread: bars for choices, a strip with a tick for each number. First
// vote, second vote, and what was measured stand below each other on one scale.

/** @import {Distribution, Question} from "./events.js" */
import { el, svg } from "./dom.js";
import { figure } from "./format.js";
import { page } from "./page.js";
import { both, label, plain, text } from "./words.js";

/** @typedef {{name: string, of: Distribution, quarters?: [number, number], median?: number}} Row a key of the words, and what it is of */

/** From this ratio of the largest to the smallest on, numbers stand on a log scale: one wild guess would press all others into a corner. */
const WIDE = 100;

/** @param {Question} q @param {import("./events.js").Answer|null|undefined} given */
export function answerText(q, given) {
  if (given === null || given === undefined) return text("vote.nothing");
  const chosen = q.choices?.find((c) => c.id === given);
  if (chosen) return chosen.text;
  const unit = page.words.units?.[q.unit ?? ""], said = typeof given === "number" ? figure(given) : String(given);
  if (!unit) return plain(said);
  return { ko: q.unit === "per second" ? `${unit.ko} ${said}` : `${said} ${unit.ko}`, en: `${said} ${unit.en}` }; // 초당 stands before its number
}

/** @param {Question} q @param {Row[]} rows @returns {HTMLElement} */
export function spread(q, rows) {
  const shown = rows.filter((r) => r.of.n > 0);
  if (shown.length === 0) return el("p", {}, both("vote.nobody"));
  return q.kind === "number" ? strips(q, shown) : bars(q, shown);
}

/** @param {Question} q @param {Row[]} rows */
function bars(q, rows) {
  const body = (q.choices ?? []).map((c) => el("tr", {}, el("th", { scope: "row" }, both(c.text)), ...rows.map((r) => bar(r.of.choices?.[c.id] ?? 0, r.of.n, r.name))));
  return el("table", { class: "spread" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, both("vote.answer")), ...rows.map((r) => el("th", { scope: "col" }, both(r.name), " ", el("small", { class: "num" }, both("vote.n", { n: r.of.n })))))), el("tbody", {}, ...body));
}

/** @param {number} n @param {number} of @param {string} name */
function bar(n, of, name) {
  const share = of ? (100 * n) / of : 0;
  return el("td", { "data-row": name }, svg("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { class: "bed", width: 100, height: 8 }), svg("rect", { class: "done", width: share, height: 8 })), el("span", { class: "num" }, `${n} · ${Math.round(share)}%`));
}

/** @param {Question} q @param {Row[]} rows */
function strips(q, rows) {
  const all = rows.flatMap((r) => r.of.numbers ?? []), least = Math.min(...all), wide = least > 0 && Math.max(...all) >= WIDE * least;
  const low = wide ? least : Math.min(0, least), high = Math.max(...all, low + 1e-9), scale = wide ? Math.log : Number;
  /** @param {number} v */
  const at = (v) => 2 + (96 * (scale(v) - scale(low))) / (scale(high) - scale(low));
  const unit = page.words.units?.[q.unit ?? ""] ?? plain("");
  const box = el("div", { class: "strips" });
  for (const r of rows) {
    const numbers = r.of.numbers ?? [], middle = r.median ?? median(numbers);
    const [a, b] = r.quarters ?? [quantile(numbers, 0.25), quantile(numbers, 0.75)];
    const drawn = svg("svg", { viewBox: "0 0 100 12", preserveAspectRatio: "none", role: "img" },
      svg("line", { class: "strip-axis", x1: 2, x2: 98, y1: 11, y2: 11 }),
      svg("rect", { class: "strip-middle", x: at(a), width: Math.max(0.4, at(b) - at(a)), y: 1, height: 10 }),
      ...numbers.map((v) => svg("line", { class: "strip-tick", x1: at(v), x2: at(v), y1: 3, y2: 11 })),
      svg("line", { class: "strip-median", x1: at(middle), x2: at(middle), y1: 0, y2: 12 }));
    const said = text("vote.strip", { n: r.of.n, median: figure(middle), low: figure(a), high: figure(b), unit });
    label(drawn, { ko: `${text(r.name).ko}: ${said.ko}`, en: `${text(r.name).en}: ${said.en}` });
    box.append(el("div", { class: "strip", "data-row": r.name }, el("b", {}, both(r.name)), drawn, el("span", { class: "num" }, both(said))));
  }
  box.append(el("p", { class: "strip-scale num" }, el("span", {}, figure(low)), ...(wide ? [el("span", {}, both("unit.log"))] : []), el("span", {}, figure(high), " ", both(unit))));
  return box;
}

/** @param {number[]} sorted @param {number} q */
function quantile(sorted, q) {
  const at = q * (sorted.length - 1), i = Math.floor(at);
  return sorted[i] + (at - i) * (sorted[Math.min(i + 1, sorted.length - 1)] - sorted[i]);
}

/** @param {number[]} sorted */
const median = (sorted) => quantile(sorted, 0.5);
