// @ts-check
// Follow-me: the page goes where the class is, unless somebody is in the middle of
// something. Then it stays, and the bar asks.

/** @import {Here} from "./events.js" */
import { every } from "./dom.js";
import { page } from "./page.js";

const KEY = "class-followed", ARRIVES = "class-arrives";

/** What was typed or chosen, and not sent. */
const unsent = () => every(document, ".predict input, .predict textarea, #ui-notes-form input, .exercise-work textarea, .history-field, #ui-sweep input[type=text]")
  .some((i) => i instanceof HTMLTextAreaElement ? i.value !== i.defaultValue : i instanceof HTMLInputElement && !i.disabled && (i.type === "radio" ? i.checked && !i.defaultChecked : i.type === "text" && i === document.activeElement && i.value !== ""));

/** @param {Here} h */
const spotOf = (h) => h.experiment ?? h.section ?? "";
/** @param {Here} h */
export const addressOf = (h) => `/${document.documentElement.lang}/${h.lesson}${spotOf(h) ? `#${encodeURIComponent(spotOf(h))}` : ""}`;

/** Whether the class was followed to there, or the learner was asked. */
function followed() {
  try { return localStorage.getItem(KEY); } catch { return null; } // a browser may keep nothing
}

/** @param {Here} h */
export function mark(h) {
  try { localStorage.setItem(KEY, h.since); } catch { /* then it is asked again */ }
}

/** Goes there. @param {Here} h */
export function go(h) {
  mark(h);
  if (h.lesson !== page.lesson) {
    depart(h);
    return location.assign(addressOf(h));
  }
  const spot = document.getElementById(spotOf(h));
  if (!spot) return scrollTo({ top: 0 });
  if (location.hash === `#${encodeURIComponent(spotOf(h))}`) {
    spot.scrollIntoView({ block: "start" });
    return begin(h);
  }
  addEventListener("hashchange", () => begin(h), { once: true }); // the bench has moved by then
  location.hash = spotOf(h);
}

/** An experiment begins above its card when it asks something first. @param {Here} h */
function begin(h) {
  if (h.experiment) document.dispatchEvent(new CustomEvent("brought", { detail: h.experiment }));
}

/** The page that comes is to begin there. @param {Here} h */
export function depart(h) {
  try { sessionStorage.setItem(ARRIVES, h.since); } catch { /* then it begins at the card */ }
}

/** The page has come from another lesson: it begins once, when the browser has scrolled to the card. @param {Here} h */
export function arrive(h) {
  try {
    if (sessionStorage.getItem(ARRIVES) !== h.since || h.lesson !== page.lesson) return;
    sessionStorage.removeItem(ARRIVES);
  } catch { return; }
  if (document.readyState === "complete") begin(h);
  else addEventListener("load", () => setTimeout(() => begin(h)), { once: true });
}

/**
 * Goes there if that takes nothing from anybody.
 * @param {Here} h
 * @param {boolean} busy something else goes on
 * @returns {boolean} whether it has to be asked for
 */
export function follow(h, busy) {
  if (followed() === h.since) return false;
  if (h.lesson === page.lesson && !spotOf(h)) { mark(h); return false; }
  if (busy || unsent()) return true;
  go(h);
  return false;
}
