// @ts-check
// The sweeps that were made before, each to be opened again.

/** @import {Summary} from "./events.js" */
import { get } from "./api.js";
import { byId, el } from "./dom.js";
import { when } from "./format.js";
import { both, language } from "./words.js";

/** "epollet load.connections=16" in its parts. @param {string} arm */
function parts(arm) {
  const [name, value] = arm.split("="), words = name.split(" ");
  return { server: words.length > 1 ? words[0] : "", setting: words[words.length - 1], value };
}

/** What the form would say to make this sweep again; the ladder says nothing. @param {Summary} r */
export function wishOf(r) {
  const arms = (r.arms ?? []).map(parts);
  return arms.some((a) => a.server) ? {} : { experiment: r.experiment, setting: arms[0]?.setting, values: arms.map((a) => a.value).join(", ") };
}

export class Earlier {
  #body = byId("ui-earlier");
  #shown = "";
  #open;
  /** @type {Summary[]} the newest first */
  #runs = [];

  /** @param {(run: Summary) => void} open */
  constructor(open) {
    this.#open = open;
    document.addEventListener("look", () => this.#draw());
  }

  async refresh() {
    this.#runs = (await get("/api/sweeps")).runs;
    this.#draw();
    return this.#runs;
  }

  /** @param {string} shown */
  mark(shown) {
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#draw();
  }

  #draw() {
    const box = this.#body.closest(".scroll-x");
    if (box instanceof HTMLElement) box.hidden = this.#runs.length === 0;
    byId("ui-earlier-none").hidden = this.#runs.length > 0;
    this.#body.replaceChildren(...this.#runs.map((r) => this.#row(r)));
  }

  /** @param {Summary} r */
  #row(r) {
    const arms = (r.arms ?? []).map(parts), servers = new Set(arms.map((a) => a.server)).size > 1, values = [...new Set(arms.map((a) => a.value))];
    const now = r.id === this.#shown, open = el("button", { class: "button button-bare", type: "button" }, both("history.open"));
    open.addEventListener("click", () => this.#open(r));
    const trust = r.phase === "finished" && r.trust ? el("span", { class: "badge", "data-level": r.trust }, both(`trust.${r.trust}`)) : both(`state.${r.phase}`, { t: "" });
    return el("tr", { "aria-current": now ? "true" : null },
      el("td", {}, el("time", { datetime: r.began, title: r.id }, when(r.began, language()))), el("td", {}, now ? el("span", { class: "history-now" }, both("history.now")) : open),
      el("td", {}, servers ? both("capacity.ladder") : r.experiment), el("td", {}, `${arms[0]?.setting ?? ""} ${values.join(", ")}`), el("td", {}, trust));
  }
}
