// @ts-check
// The page's data, as the server put it into the page.

/** @import {PageData, Experiment, LessonComparison, Metric} from "./events.js" */

/** @type {PageData} */
export const page = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}");

/** @type {Experiment[]} */
export const experiments = page.experiments ?? [];

/** @type {LessonComparison[]} */
export const comparisons = page.comparisons ?? [];

/** @param {string} id */
export const experimentOf = (id) => experiments.find((x) => x.id === id);

/**
 * What is known of a metric, of a part of one like load.p99, or of an expression.
 * @param {string} name
 * @returns {Metric}
 */
export function metricOf(name) {
  const all = page.metrics ?? {};
  const has = (/** @type {string} */ key) => (Object.hasOwn(all, key) ? all[key] : undefined);
  const known = has(name), whole = has(name.slice(0, Math.max(0, name.lastIndexOf("."))));
  if (known?.label.ko) return known;
  const part = name.slice(name.lastIndexOf(".") + 1);
  if (!whole) return { kind: "gauge", unit: known?.unit ?? "", label: { ko: name, en: name } };
  return { kind: "gauge", unit: part === "count" ? "" : whole.unit, label: { ko: `${whole.label.ko} ${part}`, en: `${whole.label.en} ${part}` } };
}

/** What begins on a workshop's pages, whose script comes before app.js (inclass.js); elsewhere there is none.
 * @type {{start?: (bench: import("./bench.js").Bench|null) => {wall: import("./wall.js").Wall|null, watch: import("./watch.js").Watch|null}}} */
export const inClass = {};
