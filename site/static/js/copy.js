// @ts-check
// Copying, also on a plain-HTTP host, where there is no clipboard for scripts.

import { hit } from "./dom.js";
import { both } from "./words.js";

/** @param {Element} from @returns {string} */
function textOf(from) {
  const lines = from.querySelectorAll("li > code");
  return lines.length ? [...lines].map((l) => l.textContent).join("\n") + "\n" : (from.textContent ?? "").trim();
}

/** @param {Element} from what to copy @returns {Promise<boolean>} false: it is selected instead, Ctrl+C works */
async function copy(from) {
  try {
    await navigator.clipboard.writeText(textOf(from));
    return true;
  } catch {
    getSelection()?.selectAllChildren(from);
    return false;
  }
}

export function startCopy() {
  document.addEventListener("click", async (e) => {
    const button = hit(e, "[data-act=copy]");
    const near = button?.closest(".source, .pane-bar, .note");
    const from = near?.querySelector(".source-lines, pre, code");
    if (!button || !from) return;
    const before = [...button.childNodes];
    button.replaceChildren(both((await copy(from)) ? "app.copied" : "app.copy.select"));
    setTimeout(() => button.replaceChildren(...before), 1600);
  });
}
