// @ts-check
// What a comparison shows: its blocks as they run, the interval, then the words.

/** @import {Comparison, Difference, End} from "./events.js" */
/** @import {Run} from "./run.js" */
import { el, svg } from "./dom.js";
import { figureName, figureText } from "./figures.js";
import { figure } from "./format.js";
import { metricOf } from "./page.js";
import { both, label, text } from "./words.js";

/** @typedef {import("./events.js").Text} Text */

/** The blocks of a run in order: what was, what is, what is to come. @param {Run} run @param {((n: number) => void)|null} open */
export function strip(run, open) {
  const order = run.begin?.plan?.order ?? [], all = run.blocks, box = el("span", { class: "blocks", role: "group" });
  all.forEach((b, n) => {
    const state = b.trust === "void" ? "void" : b.trust ? "done" : run.over ? "cut" : "now", name = run.begin?.kind === "comparison" ? ("AB"[b.arm] ?? "?") : String(n + 1);
    const said = text(`compare.block.${state}`, { n: n + 1, name });
    const piece = open && b.trust ? el("button", { type: "button" }, name) : el("span", {}, name);
    piece.toggleAttribute("data-b", b.arm === 1);
    piece.dataset.state = state;
    piece.title = b.doubts.map((d) => `${d.code} ${figure(d.value)}`).join(", ");
    if (n === run.block && run.over) piece.setAttribute("aria-current", "true");
    label(piece, said);
    if (open && piece instanceof HTMLButtonElement) piece.addEventListener("click", () => open(n));
    box.append(piece);
  });
  const repeats = all.filter((b) => b.retry).length;
  if (!run.over) for (const arm of order.slice(Math.max(0, all.length - repeats))) box.append(el("span", { "data-b": arm === 1, "data-state": "wait", "aria-hidden": "true" }, "AB"[arm] ?? "?"));
  label(box, "compare.blocks", { done: all.filter((b) => b.trust).length, total: Math.max(order.length, all.length) });
  return box;
}

/** The block of the other arm that was measured beside the one that is shown; -1: none. @param {Run} run */
export const partner = (run) => run.blocks.findLastIndex((b) => b.slot === ((run.blocks[run.block]?.slot ?? -2) ^ 1) && b.trust !== "");

/** How many blocks are void, and what became of them. @param {Run} run @param {Comparison|undefined} c @returns {Text|null} */
export function voided(run, c) {
  const bad = run.blocks.filter((b) => b.trust === "void").length, again = run.blocks.filter((b) => b.retry).length;
  if (bad === 0) return null;
  return text(c?.lost ? "compare.void.lost" : "compare.void", { n: bad, again, lost: c?.lost ?? 0 });
}

/** Where the axis ends, as a power of two. @param {Difference[]} all */
function reach(all) {
  const far = all.flatMap((d) => [d.low, d.high, d.ratio]).filter((v) => v !== null && v !== undefined && v > 0).map((v) => Math.abs(Math.log2(Number(v))));
  return Math.min(5, Math.max(1, Math.ceil(Math.max(0, ...far.filter((v) => v < 6)))));
}

const times = (/** @type {number} */ v) => `×${v >= 10 ? Math.round(v) : v.toFixed(2)}`;

/** @param {Difference} d @param {number} ends @param {Difference[]} [earlier] the same one after fewer pairs */
function drawing(d, ends, earlier = []) {
  const x = (/** @type {number} */ r) => Math.min(100, Math.max(0, 50 + (50 * Math.log2(r)) / ends));
  const height = 16 + 5 * earlier.length, box = svg("svg", { viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  if (earlier.length) box.style.height = `${1.4 + 0.4 * earlier.length}rem`;
  const line = (/** @type {string} */ name, /** @type {number} */ x1, /** @type {number} */ x2, /** @type {number} */ y1, /** @type {number} */ y2) =>
    box.append(svg("line", { class: name, x1, x2, y1, y2, "vector-effect": "non-scaling-stroke" }));
  line("axis", 0, 100, 8, 8);
  line("one", 50, 50, 0, height);
  if (d.low && d.high) line("span", x(d.low), Math.max(x(d.high), x(d.low) + 0.5), 8, 8);
  for (const r of d.pairs ?? []) line("pair", x(r), x(r), 5, 11);
  if (d.ratio) line("mid", x(d.ratio), x(d.ratio), 3, 13);
  earlier.forEach((e, i) => line("was", x(e.low ?? 1), x(e.high ?? 1), 18 + 5 * i, 18 + 5 * i));
  return box;
}

/** How large a difference has to be to be seen: 7%, or a factor. @param {number|null|undefined} least */
export const leastText = (least) => (!least ? "–" : least > 2 ? `×${figure(least)}` : `${figure(Math.max(100 * (least - 1), 0.01))}%`);

/** @param {Difference} d @param {boolean} going */
function said(d, going) {
  const box = el("span", { class: "said" });
  const interval = d.low && d.high ? ` [${d.low.toFixed(2)}, ${d.high.toFixed(2)}]` : "";
  if (d.ratio) box.append(el("data", { value: d.ratio }, `${times(d.ratio)}${interval} `));
  if (d.verdict) box.append(el("b", {}, both(`compare.is.${d.verdict}`)));
  else if (d.why) box.append(el("span", { title: d.line ?? "" }, both(going && d.why === "few" ? "compare.sofar.few" : `compare.why.${d.why}`)));
  if (d.verdict === "none") box.append(` < ${leastText(d.least)}`);
  return box;
}

/** What the pairs say that have ended, while others are still to come. No verdict is made of it. @param {Run} run @returns {Node[]} */
export function provisional(run) {
  const all = run.blocks.flatMap((b) => (b.soFar?.pairs ? [b.soFar] : [])), now = all[all.length - 1];
  if (!now) return [];
  const looks = all.filter((c, i) => c.pairs > 1 && c.pairs < now.pairs && c.pairs !== all[i + 1]?.pairs).reverse();
  const total = Math.floor((run.begin?.plan?.order.length ?? 0) / 2);
  return [el("div", { class: "compare-sofar" }, el("p", {}, el("b", {}, both("compare.sofar", { n: now.pairs, total }))), rows(now.metrics, looks.map((c) => c.metrics[0])), el("p", {}, both("compare.sofar.why")))];
}

/** @param {Difference[]} all @param {Difference[]} [earlier] the first one after fewer pairs, newest first; given where there is no verdict yet */
export function rows(all, earlier) {
  const ends = reach(all), scale = el("span", { class: "compare-scale", "aria-hidden": "true" }, el("span", {}, `×1/${2 ** ends}`), el("span", {}, "×1"), el("span", {}, `×${2 ** ends}`));
  return el("div", { class: "compare-rows" }, el("div", {}, el("span"), scale, el("span", { class: "said" })), ...all.map((d, i) => {
    const values = `${figureText(d.expr, d.a ?? undefined)} → ${figureText(d.expr, d.b ?? undefined)}`;
    return el("div", { "data-verdict": d.verdict }, el("span", {}, figureName(d.expr), el("small", { class: "num" }, values)), drawing(d, ends, i === 0 ? earlier : []), said(d, earlier !== undefined));
  }));
}

/** The first metric in a sentence, and whether the lesson expected it. @param {Comparison} c */
export function sentence(c) {
  const d = c.metrics[0], box = el("p", { class: "compare-verdict" });
  if (!d) return box;
  const name = metricOf(d.expr).label, by = d.ratio ? times(d.ratio) : "–";
  box.append(el("b", {}, both(`compare.says.${d.verdict || "nothing"}`, { name, by })));
  if (d.verdict === "none") box.append(" ", both("compare.says.least", { least: leastText(d.least) }));
  if (!d.verdict && d.why) box.append(" ", both(`compare.why.${d.why}.do`));
  if (c.as !== undefined && c.as !== null) box.append(" ", both(c.as ? "compare.as" : "compare.as.not"));
  return box;
}

/** @param {End|null} end */
export const comparisonOf = (end) => (end?.phase === "finished" ? end.comparison : undefined);
