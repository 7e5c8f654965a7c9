// @ts-check
// One key, one act; each act has a visible control too.

/** @typedef {Record<string, (inField?: boolean) => void>} Keys */

const busy = "input, select, textarea, dialog, [role=tablist], [contenteditable], .exercise-code";
/** A slider has arrows of its own and leaves the letters: a note is written from the timeline. @param {KeyboardEvent} e */
const slides = (e) => e.target instanceof Element && e.target.closest("[role=slider]") !== null && e.key.length > 1;

/** @param {Keys} keys by KeyboardEvent.key; Escape and Ctrl+K work in fields too */
export function startKeys(keys) {
  document.addEventListener("keydown", (e) => {
    if (e.isComposing) return;
    if ((e.ctrlKey || e.metaKey) && e.key === "k") {
      e.preventDefault();
      keys["/"]();
      return;
    }
    const inField = slides(e) || (e.target instanceof Element && e.target.closest(busy) !== null);
    if (e.key === "Escape") keys.Escape(inField);
    if (e.ctrlKey || e.metaKey || e.altKey || inField || !keys[e.key] || e.key === "Escape") return;
    e.preventDefault();
    keys[e.key]();
  });
}
