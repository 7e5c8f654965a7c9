// @ts-check
// Checks: value and bound, in that order of weight; on the bench and in the text.

/** @import {Check, Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
import { byId, every, one, put } from "./dom.js";
import { quantity } from "./format.js";
import { experiments } from "./page.js";
import { both, label } from "./words.js";

const SIGNS = /** @type {Record<string, string>} */ ({ "==": "=", "!=": "≠", "<=": "≤", ">=": "≥" });

/** The unit of a check's numbers: those of its first comparison when it passes, else of one with its operator. @param {Check} c */
function unit(c) {
  const sides = experiments.flatMap((x) => x.checks).find((k) => k.expr === c.expr)?.sides ?? [];
  const told = c.pass ? sides.slice(0, 1) : sides.filter((s) => s.op === c.op);
  return told.length > 0 && told.every((s) => s.unit === told[0].unit) ? told[0].unit : "";
}

/** @param {Check} c */
export const boundText = (c) => `${SIGNS[c.op] ?? c.op} ${quantity(c.bound, unit(c))}`;

export class Checks {
  #list = byId("ui-checks");
  #count = byId("ui-checks-n");
  /** @type {Map<string, HTMLElement[]>} rows of the bench and of the text, by id */
  #rows = new Map();
  #name = "";

  /** @param {Experiment} x */
  build(x) {
    this.#rows.clear();
    this.#name = x.id;
    this.#list.replaceChildren();
    for (const { id } of x.checks) {
      const inText = every(document, `.checks-text [data-check="${id}"][data-experiment="${x.id}"]`);
      const here = inText[0]?.cloneNode(true);
      if (!(here instanceof HTMLElement)) continue;
      this.#list.append(here);
      this.#rows.set(id, [here, ...inText]);
    }
    byId("ui-checks-none").hidden = x.checks.length > 0;
    put(this.#count, "");
  }

  /** @param {Run|null} run @param {number|null} [at] the moment that is shown, in seconds since load began; null: the latest */
  draw(run, at = null) {
    const checks = run?.moment(at).checks;
    let held = 0;
    const live = run !== null && !run.over && run.phase !== "";
    for (const [id, rows] of this.#rows) {
      const check = run?.void ? undefined : checks?.get(id);
      held += check?.pass ? 1 : 0;
      for (const row of rows) show(row, check, live && run.phase === "running", run?.author ?? false);
    }
    put(this.#count, run && this.#rows.size ? `${held} / ${this.#rows.size}` : "");
  }

  /** @param {string} experiment @returns {boolean} */
  isFor(experiment) { return this.#name === experiment; }
}

/**
 * @param {HTMLElement} row
 * @param {Check|undefined} check
 * @param {boolean} measuring
 * @param {boolean} author
 */
export function show(row, check, measuring, author) {
  const state = !check ? "wait" : check.pass ? "pass" : "fail";
  const value = one(row, "data"), bound = one(row, ".bound"), mark = one(row, ".mark");
  row.classList.toggle("is-author", author && check !== undefined);
  bound.dataset.expr ??= bound.textContent ?? "";
  put(bound, check ? boundText(check) : bound.dataset.expr);
  bound.title = bound.dataset.expr;
  value.title = check?.why ?? "";
  if (check && check.value !== null) put(value, quantity(check.value, unit(check)));
  else if (row.dataset.state !== state || value.dataset.measuring !== String(measuring)) value.replaceChildren(check ? both("check.none") : measuring ? both("check.measuring") : "–");
  value.dataset.measuring = String(measuring);
  if (row.dataset.state === state && mark.dataset.said) return;
  row.dataset.state = state;
  mark.dataset.said = "1";
  label(mark, `check.${state}`);
  mark.querySelector("use")?.setAttribute("href", state === "fail" ? "#i-cross" : "#i-check");
}
