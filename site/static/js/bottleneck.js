// @ts-check
// What the map says to the stage that was clicked: the rule's answer, and the
// values that it rests on.

/** @import {Bottleneck, Evidence, Path, Text} from "./events.js" */
import { el } from "./dom.js";
import { bytes, duration, figure, fixed } from "./format.js";
import { metricOf } from "./page.js";
import { amount } from "./tank.js";
import { both, text } from "./words.js";

/** @param {string} id @returns {Text} */
export const stageName = (id) => text(`map.stage.${id}`);

/** Names one after the other. @param {string[]} ids @returns {Text} */
const names = (ids) => ({ ko: ids.map((i) => stageName(i).ko).join(", "), en: ids.map((i) => stageName(i).en).join(", ") });

/** @param {Evidence} e @returns {Text} */
function valueOf({ value, unit = "" }) {
  const [of, per] = unit.split("/");
  if (unit === "s/s") return text("map.value.share", { n: fixed(value, 2) });
  if (unit === "cores") return text("map.value.cores", { n: fixed(value, 2) });
  if (of === "seconds") return { ko: duration(value), en: duration(value) };
  if (of === "bytes") return { ko: bytes(Math.round(value)) + (per ? "/s" : ""), en: bytes(Math.round(value)) + (per ? "/s" : "") };
  if (per) return { ko: `${figure(value)}/s`, en: `${figure(value)}/s` };
  return of ? amount(value, of) : { ko: figure(value), en: figure(value) };
}

/** @param {Evidence} e */
function line(e) {
  const named = e.metric.split(" + ").map((m) => metricOf(m).label);
  const metric = { ko: named.map((n) => n.ko).join(" + "), en: named.map((n) => n.en).join(" + ") };
  return el("div", {}, el("dt", {}, both(`map.evidence.${e.code}`, { metric })), el("dd", { class: "num" }, both(valueOf(e))));
}

/**
 * The first sentence: what was measured, beside what was clicked.
 * @param {string} mine the stage that was clicked, "" before
 * @param {Path|null} path
 * @returns {Text}
 */
export function headline(mine, path) {
  const v = path?.verdict;
  if (mine === "") return text(v ? "map.click" : "map.click.first");
  if (!v) return text("map.noted", { stage: stageName(mine) });
  return text(v.stage === mine ? "map.right" : "map.other", { stage: stageName(v.stage), mine: stageName(mine) });
}

/** Why the clicked stage is not it. @param {string} mine @param {Path} path @returns {Text|null} */
function aside(mine, path) {
  const v = path.verdict, absent = path.stages.find((s) => s.id === mine)?.absent;
  if (absent) return text("map.mine.absent", { why: text(`map.absent.${absent}`), mine: stageName(mine) });
  if (v.behind?.includes(mine)) return text("map.mine.behind", { mine: stageName(mine) });
  if (v.others?.includes(mine)) return text("map.mine.others", { mine: stageName(mine) });
  return null;
}

/**
 * What follows the headline.
 * @param {string} mine
 * @param {Path} path
 * @param {boolean} empty the run is void
 * @param {(t: number) => void} go shows another moment, in seconds of the measured time
 * @returns {Node[]}
 */
export function reasons(mine, path, empty, go) {
  const v = path.verdict, out = /** @type {HTMLElement[]} */ ([el("p", {}, both(`map.cause.${v.cause}`))]), why = v.stage === mine ? null : aside(mine, path);
  if (empty) out.unshift(el("p", { class: "map-void" }, both("map.void")));
  if (why) out.push(el("p", {}, both(why)));
  out.push(el("p", { class: "map-when" }, both(v.stage === "none" ? "map.when.none" : "map.when", when(v))));
  if (v.others?.length) out.push(el("p", { class: "map-when" }, both("map.others", { stages: names(v.others) })));
  if (v.stage !== "none") out.push(moment(v.to, go));
  if (v.evidence?.length) out.push(el("dl", { class: "map-evidence" }, ...v.evidence.map(line)));
  return out;
}

/** The end of the longest time that it stood. @param {number} t @param {(t: number) => void} go */
function moment(t, go) {
  const button = el("button", { class: "button", type: "button", "data-act": "map-go" }, both("map.go", { t }));
  button.addEventListener("click", () => go(t));
  return button;
}

/** @param {Bottleneck} v */
const when = (v) => ({ from: v.from, to: v.to, held: v.held, of: v.of, sure: text(`map.sure.${v.confidence}`) });

/** The command that shows a stage in a terminal while the server runs. @param {string} stage @param {string} port @param {string} run @returns {string} */
export function command(stage, port, run) {
  if (port && stage === "accept") return `ss -tln '( sport = :${port} )'`;
  if (port && stage === "client_sendq") return `ss -tin '( dport = :${port} )'`;
  if (port && (stage === "recvq" || stage === "sendq")) return `ss -tin '( sport = :${port} )'`;
  return run ? `labs queues ${run}` : "";
}
