// @ts-check
// Has this host's tools look at the hardening that the page shows.

/** @import {Text} from "./events.js" */
import { asApiError, post } from "./api.js";
import { el, one } from "./dom.js";
import { both, language, text } from "./words.js";

/** @typedef {{tool: string, command: string, state: string, said: string[]|null}} Finding */

/** What a state's badge looks like. @type {Record<string, string>} */
const levels = { fine: "green", objects: "void", broken: "void", binary: "amber", absent: "amber", nothing: "green" };

/** @param {Finding} f */
function finding(f) {
  return el("div", { class: "note", "data-kind": f.state === "objects" || f.state === "broken" ? "failed" : "ok" },
    el("p", {}, el("span", { class: "badge", "data-level": levels[f.state] ?? "amber" }, both(`harden.state.${f.state}`)), " ", el("code", {}, f.command)),
    el("p", {}, both(f.tool === "security" && f.state === "fine" ? "harden.said.security" : `harden.said.${f.state}`)),
    ...(f.said?.length ? [el("pre", { tabindex: 0 }, f.said.join("\n"))] : []));
}

/** @param {Text} why @param {string} [run] that is in the way */
function refused(why, run) {
  const see = run ? [" ", el("a", { href: `/${language()}/runs/${run}` }, both("note.other"))] : [];
  return el("div", { class: "note", "data-kind": "failed" }, el("p", {}, both(why), ...see));
}

export function startHarden() {
  const box = document.getElementById("ui-harden");
  if (!box) return;
  const button = /** @type {HTMLButtonElement} */ (one(box, "[data-act=verify]")), out = one(box, "[data-findings]");
  const numbers = Object.fromEntries(new URLSearchParams(box.dataset.numbers));
  button.addEventListener("click", async () => {
    button.disabled = true;
    out.replaceChildren(el("p", {}, el("span", { class: "lamp", "data-state": "starting" }, both("harden.asking"))));
    try {
      const { findings, when } = /** @type {{findings: Finding[], when: string}} */ (await post("/api/hardening/verify", { numbers }));
      out.replaceChildren(el("p", { class: "table-note" }, both(text("harden.asked", { when: `${when.slice(0, 19).replace("T", " ")} UTC` }))), ...findings.map(finding));
    } catch (e) {
      const error = asApiError(e);
      out.replaceChildren(refused(error.said, error.run));
    }
    button.disabled = false;
    button.focus();
  });
}
