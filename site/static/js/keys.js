// @ts-check
// One key, one act; each act has a visible control too.

/** @typedef {Record<string, () => void>} Keys */

const busy = "input, select, textarea, dialog, [role=slider], [role=tablist], [contenteditable], .exercise-code";

/** @param {Keys} keys by KeyboardEvent.key; Escape and Ctrl+K work in fields too */
export function startKeys(keys) {
  document.addEventListener("keydown", (e) => {
    if (e.isComposing) return;
    if ((e.ctrlKey || e.metaKey) && e.key === "k") {
      e.preventDefault();
      keys["/"]();
      return;
    }
    if (e.key === "Escape") keys.Escape();
    const inField = e.target instanceof Element && e.target.closest(busy);
    if (e.ctrlKey || e.metaKey || e.altKey || inField || !keys[e.key] || e.key === "Escape") return;
    e.preventDefault();
    keys[e.key]();
  });
}
