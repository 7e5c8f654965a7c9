// @ts-check
// Lock-step: what lies beyond the gate waits for the class. It can be read, and not run.
// What the class votes on waits until the vote is over.

import { el, every } from "./dom.js";
import { page } from "./page.js";
import { both } from "./words.js";

/** @type {{waiting: Set<string>, voting: Set<string>}} ids of experiments and comparisons */
const now = { waiting: new Set(), voting: new Set() };

/** Whether an experiment or a comparison of this page waits for the class. @param {string} id */
export const waits = (id) => now.waiting.has(id);

/** Whether an experiment or a comparison of this page waits for a vote. @param {string} id */
export const voting = (id) => now.voting.has(id);

/** @param {string[]|undefined} names LESSON/ID of what a vote holds */
export function hold(names) {
  const of = `${page.lesson}/`, held = new Set((names ?? []).filter((n) => n.startsWith(of)).map((n) => n.slice(of.length)));
  if ([...held].join() === [...now.voting].join()) return;
  now.voting = held;
  document.dispatchEvent(new Event("gates"));
}

/** @param {Record<string, string>|undefined} gates by lesson */
export function gate(gates) {
  const upto = gates?.[page.lesson] ?? "", spots = every(document, ".section[id], [data-experiment-card], [data-compare-card]");
  const at = spots.findIndex((s) => s.id === upto);
  let from = at < 0 ? spots.length : at + 1;
  if (at >= 0 && spots[at].matches(".section")) from = spots.findIndex((s, i) => i > at && s.matches(".section"));
  if (from < 0) from = spots.length;
  const waiting = new Set();
  spots.forEach((s, i) => {
    const on = i >= from;
    if (on && !s.matches(".section")) waiting.add(s.id);
    if (s.hasAttribute("data-waits") === on) return;
    s.toggleAttribute("data-waits", on);
    if (on) (s.querySelector(".heading") ?? s).after(el("p", { class: "waits" }, both("class.waits")));
    else (s.matches(".section") ? s.querySelector(":scope > .prose > .waits") : s.querySelector(":scope > .waits"))?.remove();
  });
  if ([...waiting].join() === [...now.waiting].join()) return;
  now.waiting = waiting;
  document.dispatchEvent(new Event("gates"));
}
