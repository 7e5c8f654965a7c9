// @ts-check
// The run that lies underneath: what else differs between the two than their
// figures, so that nobody takes one for the other.

/** @import {Run} from "./run.js" */
import { get } from "./api.js";
import { rows } from "./compare.js";
import { byId, el } from "./dom.js";
import { both, plain } from "./words.js";

/**
 * @typedef {object} Overlay
 * @property {{what: string, a: string, b: string}[]} differ
 * @property {import("./events.js").Difference[]} metrics
 * @property {{name: string, lines: {op: string, a?: number, b?: number, text: string}[]}[]} source
 */

export class Beneath {
  #box = byId("ui-beneath");
  #key = "";

  /** @param {Run|null} run @param {Run|null} under */
  async draw(run, under) {
    const key = run?.id && under?.id && run.over ? `${under.id}/over/${run.id}?a=${under.block}&b=${run.block}` : "";
    if (key === this.#key) return;
    this.#key = key;
    this.#box.hidden = true;
    if (!key) return;
    try {
      const o = /** @type {Overlay} */ (await get(`/api/runs/${key}`));
      if (key === this.#key) this.#tell(o, run?.id === under?.id);
    } catch { /* one of them was deleted: there is nothing to warn of */ }
  }

  /** @param {Overlay} o @param {boolean} pair two blocks of one comparison, which has a verdict of its own */
  #tell(o, pair) {
    const odd = o.differ.filter((d) => ["host", "lab", "code", "command"].includes(d.what));
    this.#box.hidden = odd.length === 0;
    if (odd.length === 0) return;
    this.#box.replaceChildren(
      el("p", {}, el("b", {}, both(pair ? "beneath.pair" : "beneath.title")), " ", both(pair ? "beneath.pair.why" : "beneath.why")),
      el("ul", {}, ...odd.map((d) => el("li", {}, both(`beneath.${d.what}`), " ", el("span", { class: "num" }, both(plain(`${d.a} → ${d.b}`)))))),
      rows(o.metrics),
      ...o.source.map((f) => el("details", { class: "diff" }, el("summary", {}, both("beneath.source", { name: f.name })), lines(f.lines))));
  }
}

/** @param {Overlay["source"][0]["lines"]} all */
function lines(all) {
  const body = el("pre", { tabindex: 0 });
  for (const l of all) body.append(el("code", { "data-op": l.op }, `${String(l.b ?? l.a ?? "").padStart(4)} ${l.op} ${l.text}\n`));
  return body;
}
