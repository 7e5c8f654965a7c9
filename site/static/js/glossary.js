// @ts-check
// The glossary in the order of the language that is read.

import { every } from "./dom.js";
import { language } from "./words.js";

export function startGlossary() {
  const list = document.getElementById("ui-glossary");
  if (!list) return;
  let sorted = language();
  document.addEventListener("look", () => {
    if (sorted === language()) return;
    sorted = language();
    const name = (/** @type {HTMLElement} */ e) => e.dataset[sorted] ?? "";
    list.append(...every(list, ".glossary-term").sort((a, b) => name(a).localeCompare(name(b), sorted)));
  });
}
