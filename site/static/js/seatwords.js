// @ts-check
// What a seat on the wall says in words. Nothing here touches the page.

/** @import {Text} from "./events.js" */
/** @import {Seat} from "./wallfeed.js" */
import { duration, figure } from "./format.js";
import { alias } from "./names.js";
import { page } from "./page.js";
import { known, plain, text } from "./words.js";

/** Who has done nothing for so long may be stuck, in ms. */
const STUCK = 120_000;
const LIVE = new Set(["queued", "building", "starting", "running", "draining"]);
const WRONG = new Set(["failed", "void", "interrupted"]);

/** @param {Seat} s */
export const isLive = (s) => LIVE.has(s.state);

/** @param {Seat} s @param {boolean} hidden names are hidden */
export const nameOf = (s, hidden) => (hidden ? alias(s.n) : plain(s.name));

/** @param {string} id */
export const lessonOf = (id) => page.lead?.find((l) => l.id === id);

/** Its experiments and comparisons, in the order of the text. @param {string} id */
export const stepsOf = (id) => lessonOf(id)?.spots.filter((p) => p.kind !== "section") ?? [];

/** A lesson's step: "Exp. 2". @param {string} lesson @param {string} step @returns {Text} */
export function stepName(lesson, step) {
  if (step === "reading" || step === "done") return text(`seat.step.${step}`);
  const steps = stepsOf(lesson), at = steps.find((p) => p.id === step);
  if (!at) return plain(step);
  const alike = steps.filter((p) => p.kind === at.kind);
  return alike.length === 1 && at.kind === "comparison" ? text("seat.step.comparison") : text(`seat.step.${at.kind}.n`, { n: alike.indexOf(at) + 1 });
}

/** Where they are; with the lesson's title when the others are elsewhere. @param {Seat} s @param {string} most the lesson of most */
export function whereOf(s, most) {
  if (!s.lesson) return text("seat.step.nowhere");
  const step = stepName(s.lesson, s.step || "reading"), l = lessonOf(s.lesson);
  if (s.lesson === most || !l) return step;
  return { ko: `${step.ko} · ${l.title.ko}`, en: `${step.en} · ${l.title.en}` }; // the title may be cut
}

/** @param {Seat} s */
export const stateText = (s) => text(s.state === "lost" && s.joined ? "seat.coming" : `seat.${s.state}`);

/** How long nothing was done that may be stuck, in ms; 0: they are not. @param {Seat} s @param {number} now */
export function stuckFor(s, now) {
  if (isLive(s) || s.state === "lost" || s.step === "done" || !s.lesson) return 0;
  const since = now - s.moved;
  return since > STUCK ? since : 0;
}

/** Minutes and seconds, hours when there are any. @param {number} ms */
export function clock(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), two = (/** @type {number} */ v) => String(v).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** The higher, the sooner help is needed. @param {Seat} s @param {number} now */
export function need(s, now) {
  const hand = s.hand?.state === "raised" ? 1e12 + (now - s.hand.at) : 0;
  return hand + (WRONG.has(s.state) ? 1e9 : 0) + stuckFor(s, now);
}

/** Why a seat has no trace, or what its trace does not say; null: nothing is to be said. @param {Seat} s @param {number} now @returns {Text|null} */
export function whyOf(s, now) {
  if (s.state === "queued" && s.paused) return text("seat.why.paused", { n: s.place ?? 0 });
  if (s.state === "queued") return s.begins && s.begins - now > 1000 ? text("seat.why.queued", { n: s.place ?? 0, t: span(s.begins - now) }) : text("seat.why.next");
  if (s.state === "building" || s.state === "starting") return text(`seat.why.${s.state}`);
  if (s.state === "lost") return s.seen ? text("seat.why.lost", { t: span(now - s.seen) }) : s.joined ? text("seat.why.joined", { t: span(now - s.joined) }) : text("seat.why.never");
  if (s.state === "void") return doubt(s);
  if (s.state === "failed" || s.state === "interrupted") return reason(s);
  if (s.state === "stopped") return text("seat.why.stopped");
  if (s.state !== "reading") return null;
  const title = lessonOf(s.lesson)?.spots.find((p) => p.id === s.section)?.title ?? lessonOf(s.lesson)?.title;
  return title ? text("seat.why.reading", { title }) : text("seat.why.nowhere");
}

/** So long. @param {number} ms @returns {Text} */
function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  return s < 120 ? text("seat.seconds", { n: s }) : text("seat.minutes", { n: Math.round(s / 60) });
}

/** @param {Seat} s */
function reason(s) {
  const code = s.reason?.code ?? "unknown", raw = s.reason?.line;
  const what = text(known(`reason.${code}.title`) ? `reason.${code}.title` : "reason.unknown.title", s.reason?.args);
  return raw ? { ko: `${what.ko}: ${raw}`, en: `${what.en}: ${raw}` } : what;
}

/** @param {Seat} s */
function doubt(s) {
  const d = s.doubt;
  if (!d?.code) return text("seat.why.void");
  const name = text(known(`doubt.${d.code}`) ? `doubt.${d.code}` : "doubt.unknown", { code: d.code });
  const amount = (/** @type {number} */ v) => (d.code === "late" ? duration(v) : figure(v));
  return text("seat.why.doubt", { name, value: amount(d.value), bound: amount(d.bound) });
}

/** What the filter finds a seat by. @param {Seat} s @param {boolean} hidden */
export function findable(s, hidden) {
  const said = [nameOf(s, hidden), stateText(s), whereOf(s, ""), ...(s.simulated ? [text("seat.simulated")] : []), ...(s.hand ? [text("seat.hand"), ...(hidden ? [] : [plain(s.hand.text)])] : [])];
  return said.map((t) => `${t.ko} ${t.en}`).join(" ").toLowerCase();
}
