// @ts-check
// Whether the site is within reach, as the header's lamp shows it. Whoever finds out says
// so here: a stream, a class's line, and on a page that is only read a question now and then.

import { byId } from "./dom.js";
import { both } from "./words.js";

/** How often a page that is seen asks, in ms; also how long an answer may take. */
const EVERY = 3000;
/** How many answers in a row must be missing: one may be lost to a busy host. */
const MISSES = 2;

let missed = 0;

/** @param {boolean} on */
export function reach(on) {
  const lamp = byId("ui-link");
  lamp.dataset.state = on ? "running" : "lost";
  lamp.replaceChildren(both(on ? "app.host" : "app.lost"));
}

async function ask() {
  if (document.hidden) return;
  try {
    await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(EVERY) });
    if (missed >= MISSES) reach(true);
    missed = 0;
  } catch {
    if (++missed === MISSES) reach(false);
  }
}

export function startAsking() {
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
}
