// @ts-check
// Whether names are hidden for the projector: this browser keeps it, and tells the site,
// whose pages then come without them.

import { text } from "./words.js";

export const nameless = () => document.cookie.split("; ").includes("names=hidden");

/** @param {boolean} on */
export function hideNames(on) {
  document.cookie = `names=${on ? "hidden" : "shown"}; path=/; max-age=31536000; samesite=strict`;
}

/** What somebody is called meanwhile. @param {number} n in the order of joining, from 1 */
export const alias = (n) => text("seat.n", { n });
