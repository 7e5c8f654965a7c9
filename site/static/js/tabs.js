// @ts-check
// Tabs: one pane at a time, arrows between them.

import { byId, every } from "./dom.js";

/** @param {HTMLElement} list @param {() => void} chosen */
export function startTabs(list, chosen) {
  const tabs = every(list, "[role=tab]");
  /** @param {HTMLElement} tab */
  const choose = (tab) => {
    for (const t of tabs) {
      const on = t === tab;
      t.setAttribute("aria-selected", String(on));
      t.tabIndex = on ? 0 : -1;
      byId(t.getAttribute("aria-controls") ?? "").hidden = !on;
    }
    chosen();
  };
  for (const t of tabs) t.addEventListener("click", () => choose(t));
  list.addEventListener("keydown", (e) => {
    const at = tabs.findIndex((t) => t === e.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    next.focus();
    choose(next);
  });
}
