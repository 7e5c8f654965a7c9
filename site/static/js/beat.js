// @ts-check
// Whether the site still answers, for a page that is only read: what runs has a stream
// that finds out sooner, and a class its own line.

/** How often a page that is seen asks, in ms; also how long an answer may take. */
const EVERY = 3000;
/** How many answers in a row must be missing: one may be lost to a busy host. */
const MISSES = 2;

let missed = 0;

async function ask() {
  if (document.hidden) return;
  try {
    await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(EVERY) });
    if (missed >= MISSES) tell(true);
    missed = 0;
  } catch {
    if (++missed === MISSES) tell(false);
  }
}

/** @param {boolean} on */
const tell = (on) => document.dispatchEvent(new CustomEvent("reach", { detail: on }));

export function startBeat() {
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
}
