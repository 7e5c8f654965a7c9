// @ts-check
// In which unit a metric is drawn. One chart has one unit: a group whose metrics
// differ becomes several charts.

/** @import {Text, Experiment} from "./events.js" */
import { metricOf, page } from "./page.js";
import { plain, text } from "./words.js";

/**
 * @typedef {object} Scale
 * @property {string} key equal for metrics that may share an axis
 * @property {Text} unit as the chart's title says it
 * @property {number} by what a value of the schema is multiplied with
 * @property {boolean} log a logarithmic axis
 */

/** @param {string} name @param {string} group @returns {Scale} */
export function scaleOf(name, group) {
  const { kind, unit } = metricOf(name), rate = kind === "counter";
  const per = text("unit.rate");
  if (unit === "seconds" && rate) return { key: "cores", unit: text("unit.cores"), by: 100, log: false };
  if (unit === "seconds") return { key: "ms", unit: { ko: `ms, ${text("unit.log").ko}`, en: `ms, ${text("unit.log").en}` }, by: 1e3, log: true };
  if (unit === "bytes") {
    const big = group === "memory", size = big ? "MiB" : "KiB", by = 1 / (big ? 2 ** 20 : 2 ** 10);
    return rate ? { key: `${size}/s`, unit: { ko: size + per.ko, en: size + per.en }, by, log: false } : { key: size, unit: plain(size), by, log: false };
  }
  if (rate) return { key: "/s", unit: { ko: `횟수${per.ko}`, en: `count${per.en}` }, by: 1, log: false };
  return { key: `count:${unit}`, unit: plain(""), by: 1, log: false };
}

/** @typedef {{group: string, title: Text, scale: Scale, metrics: string[]}} Plan one chart */

/** The charts of an experiment, in its order. @param {Experiment} x @returns {Plan[]} */
export function plans(x) {
  /** @type {Plan[]} */
  const out = [];
  for (const { group, metrics } of x.charts) {
    /** @type {Map<string, Plan>} */
    const here = new Map();
    for (const name of metrics) {
      const scale = scaleOf(name, group);
      const plan = here.get(scale.key) ?? { group, title: page.words.groups?.[group] ?? plain(group), scale, metrics: [] };
      plan.metrics.push(name);
      here.set(scale.key, plan);
    }
    out.push(...here.values());
  }
  return out;
}
