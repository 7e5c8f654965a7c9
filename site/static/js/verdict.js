// @ts-check
// What a run says about a prediction, in words: how near it was, and how wide the
// band was that counted as right.

/** @import {Guess} from "./events.js" */
import { figure } from "./format.js";
import { both, plain, text } from "./words.js";

/** "10%" as ±10 %. @param {string} [t] */
const allowed = (t = "0") => (t.startsWith("x") ? `×${t.slice(1)}` : `±${t}`);

/** @param {number} share */
const percent = (share) => (share >= 0.995 ? String(Math.round(100 * share)) : String(Number((100 * share).toPrecision(2))));

/** A run's answer beside what somebody gave who did not start it. A curve is not scored. @param {Guess} g @param {import("./events.js").Answer|null} given @returns {Guess} */
export function judged(g, given) {
  const bare = { ...g, given: given ?? undefined, score: undefined, shape: undefined }, band = g.bands?.[0];
  if (given === null || g.answer === null) return { ...bare, right: false };
  if (g.kind === "number") return { ...bare, right: band ? Number(given) >= band.low && Number(given) <= band.high : given === g.answer };
  return { ...bare, right: given === g.answer };
}

/** @param {Guess} g @param {boolean} given @returns {Node[]} */
export function verdictOf(g, given) {
  if (g.answer === null) return [g.why === "the run is void" ? both("predict.void") : both("predict.no-answer", { why: plain(g.why ?? "–") })];
  if (g.kind === "curve") return curve(g);
  if (g.kind === "number") return number(g, given);
  return given ? [both(g.right ? "predict.right" : "predict.choice.off")] : [];
}

/** @param {Guess} g @param {boolean} given */
function number(g, given) {
  const answer = Number(g.answer), band = g.bands?.[0];
  if (!given) return [both("predict.only", { answer: figure(answer) })];
  const said = [both(g.right ? "predict.near" : "predict.off", { given: figure(Number(g.given)), answer: figure(answer) })];
  if (!band || band.low === band.high) return said;
  const noise = g.noise && answer !== 0 ? text("predict.noise", { noise: percent(g.noise / Math.abs(answer)) }) : plain("");
  return [...said, " ", both("predict.band", { low: figure(band.low), high: figure(band.high), tolerance: allowed(g.tolerance), noise })].map(node);
}

/** @param {Guess} g */
function curve(g) {
  if (g.score === undefined || !Array.isArray(g.answer)) return [both("predict.curve.only")];
  const bands = (g.bands ?? []).filter((b) => b !== null).length;
  const args = { in: Math.round(g.score * bands), all: bands, score: percent(g.score) };
  const height = Math.max(...g.answer.map((v) => Math.abs(Number(v ?? 0)))) || 1;
  const noise = g.noise ? text("predict.noise", { noise: percent(g.noise / height) }) : plain("");
  return [
    both(g.right ? "predict.curve.right" : "predict.curve.off", args), " ",
    g.shape === undefined ? both("predict.curve.flat") : both("predict.curve.shape", { shape: percent(g.shape) }), " ",
    both(g.tolerance?.endsWith("%") ? "predict.curve.width.share" : "predict.curve.width", { tolerance: allowed(g.tolerance), noise }),
  ].map(node);
}

/** @param {Node|string} n */
const node = (n) => (typeof n === "string" ? document.createTextNode(n) : n);
