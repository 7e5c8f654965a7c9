// @ts-check
// A failure and its cure side by side: the failure's checks, asked of both.

/** @import {BreakView} from "./events.js" */
import { get } from "./api.js";
import { one, put } from "./dom.js";
import { page } from "./page.js";
import { both, label } from "./words.js";

/** @param {BreakView} v */
const said = (v) => (v.gone ? "gone" : v.both ? "still" : v.run.measured ? "next" : "first");

/** @param {HTMLElement} box @param {BreakView} v */
function draw(box, v) {
  for (const kind of /** @type {const} */ (["run", "cure"])) {
    one(box, `[data-side=${kind}] em`).hidden = !v[kind].author;
    for (const row of v.rows) {
      const cell = one(box, `[data-row="${row.id}"] [data-cell=${kind}]`), { state, value, bound, why } = row[kind], mark = one(cell, ".mark");
      cell.dataset.state = state;
      cell.title = why ?? "";
      put(one(cell, "data"), value);
      put(one(cell, "small"), bound);
      label(mark, `check.${state}`);
      mark.querySelector("use")?.setAttribute("href", state === "fail" ? "#i-cross" : "#i-check");
    }
  }
  one(box, ".breakit-said").replaceChildren(both(`breakit.${said(v)}`));
}

/** Keeps the panel true after each run. */
export function startBreakIt() {
  const box = document.querySelector("[data-breakit]");
  if (!(box instanceof HTMLElement)) return;
  document.addEventListener("over", async () => {
    try {
      draw(box, /** @type {BreakView} */ (await get(`/api/lessons/${page.lesson}/breakit`)));
    } catch { /* what was seen stays */ }
  });
}
