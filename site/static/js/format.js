// @ts-check
// How numbers are written: tabular, three significant digits, integers in full.

/** @import {Setting, Value} from "./events.js" */

const groups = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** @param {number} v @param {number} digits after the point */
export const fixed = (v, digits) => v.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Three significant digits; integers in full. @param {number|null|undefined} v */
export function figure(v) {
  if (v === null || v === undefined || !Number.isFinite(v)) return "–";
  if (Number.isInteger(v) || Math.abs(v) >= 100) return groups.format(v);
  if (v !== 0 && Math.abs(v) < 1e-6) return v.toExponential(1);
  const three = Number(v.toPrecision(3));
  return fixed(three, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(three) || 1))));
}

/** 12,345 as 12.3k. @param {number} v */
export function short(v) {
  if (Math.abs(v) >= 1e9) return `${figure(v / 1e9)}G`;
  if (Math.abs(v) >= 1e6) return `${figure(v / 1e6)}M`;
  if (Math.abs(v) >= 1e4) return `${figure(v / 1e3)}k`;
  return figure(v);
}

/** @param {number} v */
export function bytes(v) {
  for (const [unit, size] of /** @type {[string, number][]} */ ([["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]])) {
    if (Math.abs(v) >= size) return `${figure(v / size)} ${unit}`;
  }
  return `${figure(v)} B`;
}

/** @param {number} v seconds */
export function duration(v) {
  if (v === 0) return "0 s";
  if (Math.abs(v) < 1e-3) return `${figure(v * 1e6)} µs`;
  if (Math.abs(v) < 1) return `${figure(v * 1e3)} ms`;
  return `${figure(v)} s`;
}

/** @param {number|null|undefined} v @param {string} unit of the schema: seconds, bytes or none */
export function quantity(v, unit) {
  if (v === null || v === undefined || !Number.isFinite(v)) return "–";
  if (unit === "seconds") return duration(v);
  if (unit === "bytes") return bytes(v);
  return figure(v);
}

/** @param {Setting} s @param {Value} v */
export function settingText(s, v) {
  if (s.kind === "bool") return v ? "on" : "off";
  if (typeof v !== "number") return String(v);
  if (s.kind === "duration") return duration(v);
  if (!Number.isInteger(v)) return String(v); // a share
  return s.unit === "bytes" && v >= 1024 && v % 1024 === 0 ? bytes(v) : groups.format(v); // 10,000 is not 9.77 KiB
}

const factors = /** @type {Record<string, number>} */ ({ "": 1, k: 1e3, K: 1024, KiB: 1024, M: 2 ** 20, MiB: 2 ** 20 });
const times = /** @type {Record<string, number>} */ ({ "": 1, s: 1, ms: 1e-3, us: 1e-6, "µs": 1e-6, m: 60 });

/** Reads 4096, 4KiB or 250ms, as the server does. @param {Setting} s @param {string} typed @returns {number} NaN when it is none */
export function parse(s, typed) {
  const parts = /^\s*([+-]?[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)\s*([a-zA-Zµ]*)\s*$/.exec(typed);
  if (!parts) return NaN;
  const factor = (s.kind === "duration" ? times : factors)[parts[2]];
  return factor === undefined ? NaN : Number(parts[1].replaceAll(",", "")) * factor;
}

/** @param {string} iso @param {"ko"|"en"} lang */
export function when(iso, lang) {
  const d = new Date(iso);
  const near = Date.now() - d.getTime() < 20 * 3600e3;
  return d.toLocaleString(lang === "ko" ? "ko-KR" : "en-GB", near ? { hour: "2-digit", minute: "2-digit" } : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** @param {string} iso @param {"ko"|"en"} lang */
export const day = (iso, lang) => new Date(iso).toLocaleDateString(lang === "ko" ? "ko-KR" : "en-GB", { year: "numeric", month: "long", day: "numeric" });

/** The command that runs an experiment, or a mystery, in a terminal. @param {string} name LESSON/EXPERIMENT */
export const runCommand = (name) => (name.startsWith("mystery/") ? `labs mystery --seed ${name.slice(8)}` : `labs run ${name}`);
