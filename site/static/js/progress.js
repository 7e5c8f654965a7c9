// @ts-check
// What is done: pips in the contents, the total in the header, the reader's place.

/** @import {Progress} from "./events.js" */
import { get, replace } from "./api.js";
import { byId, every, one, put } from "./dom.js";
import { page } from "./page.js";
import { label } from "./words.js";

/** The pips say what is done; the total follows from them. */
export function count() {
  const pips = new Map(every(document, "[data-pip]").map((p) => [p.dataset.pip, p.hasAttribute("data-done")]));
  const done = [...pips.values()].filter(Boolean).length, box = byId("ui-total");
  box.hidden = pips.size === 0;
  put(one(box, "[data-total]"), `${done}/${pips.size}`);
  box.querySelector("rect.done")?.setAttribute("width", String(pips.size ? (100 * done) / pips.size : 0));
  box.setAttribute("role", "img");
  label(box, "app.checks.of", { done, total: pips.size });
}

/** Asks again, after a run. */
export async function refresh() {
  const now = /** @type {Progress} */ (await get("/api/progress"));
  for (const p of every(document, "[data-pip]")) p.toggleAttribute("data-done", now.checks[p.dataset.pip ?? ""] === true);
  for (const box of every(document, ".contents-pips")) box.setAttribute("aria-label", `${box.querySelectorAll("[data-done]").length}/${box.childElementCount}`);
  count();
}

const WAIT = 2000;

/** Notes the section that is being read, and marks it in the contents. */
export function followReading() {
  const sections = every(document, ".section[id]");
  if (!page.lesson || sections.length === 0) return;
  let timer = 0, at = "";
  const look = () => {
    const line = innerHeight * 0.3, here = sections.findLast((s) => s.getBoundingClientRect().top < line)?.id ?? "";
    if (here === at) return;
    at = here;
    document.dispatchEvent(new CustomEvent("reading", { detail: at }));
    for (const a of every(document, ':is(.contents, .outline) a[href^="#"]')) {
      if (a.getAttribute("href") === `#${here}`) a.setAttribute("aria-current", "location");
      else a.removeAttribute("aria-current");
    }
    const name = document.querySelector('.outline [aria-current="location"]')?.cloneNode(true);
    document.querySelector(".outline-here")?.replaceChildren(...(name?.childNodes ?? []));
    clearTimeout(timer);
    timer = setTimeout(() => replace("/api/progress/place", { lesson: page.lesson, section: at }).catch(() => {}), WAIT);
  };
  let frame = 0;
  addEventListener("scroll", () => { frame ||= requestAnimationFrame(() => { frame = 0; look(); }); }, { passive: true });
  look();
  if (!at) timer = setTimeout(() => replace("/api/progress/place", { lesson: page.lesson, section: "" }).catch(() => {}), WAIT);
}
