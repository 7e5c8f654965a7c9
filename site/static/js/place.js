// @ts-check
// Where the bench stands, and which card says that its experiment is on it.

/** @import {Experiment, LessonComparison} from "./events.js" */
/** @import {Run} from "./run.js" */
import { byId, el, every } from "./dom.js";
import { faultLabel } from "./faults.js";
import { experiments } from "./page.js";
import { both, say } from "./words.js";

const wide = matchMedia("(min-width: 1200px)");

/** Beside the text on wide screens; else in it, after the card of the experiment or comparison. @param {{id: string}} x */
export function settle(x) {
  const bench = byId("ui-bench"), place = document.querySelector(`[data-bench-of="${x.id}"]`);
  const home = wide.matches || !place ? byId("ui-text") : place;
  if (bench.parentElement !== home) home.append(bench);
}

/** @param {() => void} changed */
export const onWidth = (changed) => wide.addEventListener("change", changed);

/** @param {Experiment} x @param {LessonComparison|null} posed */
export function introduce(x, posed) {
  const label = posed ? both("compare.label") : both("experiment.label", { n: experiments.indexOf(x) + 1 });
  byId("ui-run-name").replaceChildren(el("span", { class: "num" }, label), both((posed ?? x).title));
  for (const card of every(document, "[data-experiment-card]")) {
    const on = !posed && card.dataset.experimentCard === x.id;
    card.classList.toggle("is-on", on);
    card.querySelector("[data-act=bench]")?.setAttribute("aria-pressed", String(on));
  }
  settle(posed ?? x);
}

/**
 * From when to when faults were on, or will be, in seconds since load began.
 * @param {Experiment} x
 * @param {Run|null} run
 */
export function marksOf(x, run) {
  const planned = x.faults.map((f) => ({ t: x.warmup + f.at, to: x.warmup + (f.for ? f.at + f.for : x.seconds), label: say(f.label) }));
  const seen = run?.faults.filter((f) => f.on).map((f) => ({
    t: Math.max(0, f.t),
    to: run.faults.find((o) => !o.on && o.id === f.id && o.t >= f.t)?.t ?? Infinity,
    label: say(faultLabel(f.kind)),
  }));
  return seen?.length ? seen : planned;
}
