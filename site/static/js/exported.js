// @ts-check
// What answers in an exported book, where there is no server: the files beside the
// page, and what this browser keeps.

/** @import {Answer, BreakView} from "./events.js" */
import { load, root } from "./address.js";
import { find } from "./find.js";
import { comparisons, experimentOf, experiments, page } from "./page.js";

const GUESSES = "/api/progress/guesses/";

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try { localStorage.setItem(`socket-labs.${name}`, value); } catch { /* this browser keeps nothing */ }
}

/** @param {string} name @returns {string|null} */
export function kept(name) {
  try { return localStorage.getItem(`socket-labs.${name}`); } catch { return null; }
}

/** @typedef {{given?: Answer, skipped?: boolean}} Guess */

/** @returns {Record<string, Guess>} by LESSON/EXPERIMENT/PREDICTION */
function guesses() {
  try { return JSON.parse(kept("guesses") ?? "{}"); } catch { return {}; }
}

/** Predictions stay answered. */
export function recall() {
  if (page.root === undefined) return;
  const all = guesses();
  for (const x of [...experiments, ...comparisons]) {
    for (const p of x.predictions) {
      const g = all[`${x.name}/${p.id}`];
      if (g) [p.given, p.skipped] = [g.given ?? null, g.skipped ?? false];
    }
  }
}

/** @param {string} file @returns {Promise<any>} */
const read = (file) => load(`${root}data/${file}.js`);

/**
 * What the site would have answered. It fails where only a server can.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function answer(method, path, body) {
  const { pathname, searchParams: q } = new URL(path, "http://book");
  if (method === "PUT" && path.startsWith(GUESSES)) {
    keep("guesses", JSON.stringify({ ...guesses(), [decodeURIComponent(path.slice(GUESSES.length))]: body }));
    return null;
  }
  if (method !== "GET") throw new Error(path);
  if (pathname === "/api/runs") return { runs: [] };
  if (pathname === "/api/search") return { hits: await search(q.get("lang") ?? "en", q.get("q") ?? "") };
  if (pathname.endsWith("/breakit")) return broken(await read(`lessons/${page.lesson}/breakit`));
  const [, name] = /^\/api\/experiments\/([^/]+\/[^/]+)\/author\//.exec(pathname) ?? [];
  if (![...experiments, ...comparisons].some((x) => x.name === name && x.author)) throw new Error(path);
  return read(path.replace("/api/", "").replace("?block=", "-"));
}

/** In a language, or else in the other. @param {string} lang @param {string} query */
async function search(lang, query) {
  const hits = find(await index(lang), query);
  return hits.length ? hits : find(await index(lang === "ko" ? "en" : "ko"), query);
}

/** @type {Map<string, Promise<import("./find.js").Index>>} */
const indexes = new Map();

/** @param {string} lang */
function index(lang) {
  const of = lang === "ko" ? "ko" : "en", known = indexes.get(of) ?? read(`search-${of}`);
  indexes.set(of, known);
  return known;
}

/** The author's runs are no hint: what they say waits for the predictions. @param {BreakView} v */
function broken(v) {
  const open = [v.run, v.cure].some((side) => experimentOf(side.id)?.predictions.some((p) => p.given === null && !p.skipped));
  if (open) throw new Error("predictions are open");
  return v;
}
