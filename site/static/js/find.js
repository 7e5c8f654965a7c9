// @ts-check
// The search of an exported book: what content/search.go does, over the same
// entries. A test asks both the same.

/** @import {Hit, Text} from "./events.js" */

/** @typedef {{lesson: string, section: string, title: Text, where: Text, weight: number, text: string}} Entry */
/** @typedef {{particles: string, entries: Entry[]}} Index what follows a Korean noun, as a regular expression */
/** @typedef {{runes: string[], norm: string[], at: number[]}} Folded */
/** @typedef {{entry: number, from: number, to: number, score: number}} Match */

const MOST = 30, LEAST = 0.6, CONTEXT = 40;

/** @type {WeakMap<Entry[], Folded[]>} */
const folded = new WeakMap();

/** Lower case, without white space; at is the place of each character that is kept. @param {string} text @returns {Folded} */
function fold(text) {
  const runes = [...text], norm = [], at = [];
  for (const [i, r] of runes.entries()) {
    if (/\p{White_Space}/u.test(r)) continue;
    const low = r.toLowerCase();
    norm.push([...low].length === 1 ? low : r);
    at.push(i);
  }
  return { runes, norm, at };
}

/** Hangul letters as syllables. @param {string} text */
const compose = (text) => text.replace(/[\u1100-\u1112\uac00-\ud7a3][\u1161-\u1175\u11a8-\u11c2]+/gu, (s) => s.normalize("NFC"));

/** Each word without its particles, when more than a character is left. @param {string} query @param {RegExp} particles */
function stems(query, particles) {
  return compose(query).split(/\s+/u).map((word) => {
    const runes = [...word];
    for (let i = 1; i < runes.length; i++) {
      const tail = runes.slice(i).join("");
      if (/^\p{Script=Hangul}+$/u.test(tail) && particles.test(tail)) return i > 1 ? runes.slice(0, i).join("") : word;
    }
    return word;
  }).join(" ");
}

/** @param {Index} index @param {string} query @returns {Hit[]} the best first */
export function find({ entries, particles }, query) {
  const q = fold(compose(query)).norm, bare = fold(stems(query, new RegExp(particles, "u"))).norm, inflected = bare.join("") !== q.join("");
  if (q.length === 0 || q.length > 200) return [];
  const all = folded.get(entries) ?? entries.map((e) => fold(e.text));
  folded.set(entries, all);
  const pairs = new Set(q.slice(1).map((r, i) => q[i] + r));
  /** @type {Match[]} */
  const found = [];
  for (const [i, e] of entries.entries()) {
    const at = whole(all[i].norm, q);
    if (at >= 0) found.push({ entry: i, from: at, to: at + q.length, score: 1.2 * e.weight });
    const stem = inflected ? whole(all[i].norm, bare) : -1;
    if (stem >= 0) found.push({ entry: i, from: stem, to: stem + bare.length, score: 1.1 * e.weight });
    const near = q.length > 1 ? closest(all[i].norm, pairs, q.length + Math.floor(q.length / 2)) : null;
    if (near) found.push({ entry: i, from: near.from, to: near.to, score: near.share * near.share * e.weight });
  }
  found.sort((a, b) => b.score - a.score || a.entry - b.entry || a.from - b.from);
  const seen = new Set(), hits = [];
  for (const m of found) {
    const e = entries[m.entry], place = `${e.lesson}#${e.section}`;
    if (seen.has(place) || hits.length >= MOST) continue;
    seen.add(place);
    hits.push(hit(e, all[m.entry], m));
  }
  return hits;
}

/** @param {string[]} text @param {string[]} q */
function whole(text, q) {
  for (let i = 0; i + q.length <= text.length; i++) if (q.every((r, k) => text[i + k] === r)) return i;
  return -1;
}

/**
 * The stretch of at most width characters that has the most of the pairs, if that
 * is enough of them.
 * @param {string[]} text @param {Set<string>} pairs @param {number} width
 */
function closest(text, pairs, width) {
  /** @type {number[]} */
  const spots = [];
  for (let i = 0; i + 1 < text.length; i++) if (pairs.has(text[i] + text[i + 1])) spots.push(i);
  const pair = (/** @type {number} */ at) => text[at] + text[at + 1];
  /** @type {Map<string, number>} */
  const count = new Map();
  let first = 0, best = null;
  for (const at of spots) {
    count.set(pair(at), (count.get(pair(at)) ?? 0) + 1);
    for (let p = pair(spots[first]); at + 2 - spots[first] > width || (count.get(p) ?? 0) > 1; p = pair(spots[first])) {
      const n = (count.get(p) ?? 0) - 1;
      if (n > 0) count.set(p, n);
      else count.delete(p);
      first++;
    }
    const share = count.size / pairs.size, from = spots[first];
    if (share < LEAST) continue;
    if (!best || share > best.share || (share === best.share && from === best.from && at + 2 > best.to)) best = { from, to: at + 2, share };
  }
  return best;
}

/** @param {Entry} e @param {Folded} f @param {Match} m @returns {Hit} */
function hit(e, f, m) {
  const from = f.at[m.from], to = f.at[m.to - 1] + 1;
  return { Lesson: e.lesson, Section: e.section, Title: e.title, Where: e.where, Before: lastWords(f.runes.slice(0, from)), Match: f.runes.slice(from, to).join(""), After: firstWords(f.runes.slice(to)) };
}

/** @param {string[]} r */
function lastWords(r) {
  if (r.length <= CONTEXT) return r.join("");
  const text = r.slice(-CONTEXT).join(""), rest = text.includes(" ") ? text.slice(text.indexOf(" ") + 1) : "";
  return `…${rest || text}`;
}

/** @param {string[]} r */
function firstWords(r) {
  if (r.length <= CONTEXT) return r.join("");
  const text = r.slice(0, CONTEXT).join(""), i = text.lastIndexOf(" ");
  return `${i > 0 ? text.slice(0, i) : text}…`;
}
