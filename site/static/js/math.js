// @ts-check
// Sets the formulas of a page. KaTeX is loaded only where there is one; it writes
// MathML, which browsers draw with their own fonts and screen readers read.

import { load, root } from "./address.js";

/** @typedef {{ render(tex: string, into: Element, options: object): void }} Katex */

/** Replaces the text of every formula by what it means. A formula that KaTeX cannot read stays as it was written. */
export async function setMath() {
  const formulas = document.querySelectorAll(".math:not(:has(math))");
  if (formulas.length === 0) return;
  await load(`${root}static/vendor/katex.min.js`); // no module: it leaves its name on the window
  const katex = /** @type {{ katex?: Katex }} */ (/** @type {unknown} */ (globalThis)).katex;
  for (const f of formulas) {
    katex?.render(f.textContent, f, { displayMode: f.hasAttribute("data-display"), output: "mathml", throwOnError: false, trust: false });
  }
}
