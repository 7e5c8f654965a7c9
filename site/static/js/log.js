// @ts-check
// What the processes said. Control characters are shown, never obeyed.

/** @import {Event as RunEvent} from "./events.js" */
/** @import {Run} from "./run.js" */
import { byId, el, every, one, put } from "./dom.js";
import { runCommand } from "./format.js";
import { page } from "./page.js";
import { both } from "./words.js";

const LEVELS = ["info", "warn", "error"];

/** @param {string} text @returns {(Node|string)[]} */
function visible(text) {
  return text.split(/([\x00-\x08\x0a-\x1f\x7f])/).filter((s) => s !== "").map((part) =>
    /^[\x00-\x1f\x7f]$/.test(part) && part !== "\t" ? el("span", { class: "ctl" }, `^${String.fromCharCode(part.charCodeAt(0) ^ 64)}`) : part);
}

/** @param {RunEvent} e */
const line = (e) => el("li", { "data-level": e.level ?? "info", "data-from": e.from ?? "" },
  el("time", {}, e.t.toFixed(3)), el("span", { class: "from" }, e.from ?? ""), el("span", { class: "text" }, ...visible(e.text ?? "")));

export class Log {
  #lines = byId("ui-log-lines");
  #filter = /** @type {HTMLInputElement} */ (byId("ui-log-filter"));
  #follow = byId("ui-log-follow");
  #download = /** @type {HTMLAnchorElement} */ (byId("ui-log-download"));
  #count = byId("ui-log-n");
  #command = one(byId("ui-log"), "p.pane-bar");
  #level = 0;
  /** @type {Run|null} */
  #run = null;
  #shown = 0;
  /** The line that was said last at the moment that is shown; -1: all were. */
  #at = -1;
  /** @type {RunEvent|undefined} */
  #first;

  constructor() {
    this.#filter.addEventListener("input", () => this.#sift());
    this.#follow.addEventListener("click", () => this.#following(!this.#isFollowing()));
    this.#lines.addEventListener("wheel", (e) => { if (e.deltaY < 0) this.#following(false); }, { passive: true });
    for (const b of every(byId("ui-log"), "[data-level]")) b.addEventListener("click", () => this.#choose(b));
  }

  #isFollowing() { return this.#follow.getAttribute("aria-pressed") === "true"; }

  /** @param {boolean} on */
  #following(on) {
    this.#follow.setAttribute("aria-pressed", String(on));
    if (on) this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  /** @param {HTMLElement} button */
  #choose(button) {
    for (const b of every(byId("ui-log"), "button[data-level]")) b.setAttribute("aria-pressed", String(b === button));
    this.#level = LEVELS.indexOf(button.dataset.level ?? "info");
    this.#sift();
  }

  /** @param {HTMLElement} li */
  #fits(li) {
    const said = (li.textContent ?? "").toLowerCase();
    return said.includes(this.#filter.value.toLowerCase()) && LEVELS.indexOf(li.dataset.level ?? "info") >= this.#level;
  }

  #sift() {
    for (const li of every(this.#lines, "li[data-level]")) li.hidden = !this.#fits(li);
    if (this.#isFollowing()) this.#following(true);
  }

  /** What was said after the moment that is shown is dimmed. @param {Run|null} run @param {number|null} at in seconds since load began; null: the latest */
  #cut(run, at) {
    const t = run && at !== null && run.series.begun ? run.series.global(at) + 0.051 : Infinity;
    const cut = t === Infinity ? -1 : (run?.log ?? []).filter((e) => e.t <= t).length;
    if (cut === this.#at) return;
    this.#at = cut;
    const lines = every(this.#lines, "li[data-level]");
    lines.forEach((li, i) => li.toggleAttribute("data-later", cut >= 0 && i >= cut));
    if (cut < 0) return;
    const last = lines[Math.max(0, cut - 1)];
    if (last) this.#lines.scrollTop = last.offsetTop - this.#lines.offsetTop - this.#lines.clientHeight + last.offsetHeight * 2;
  }

  /** @param {Run|null} run @param {number|null} [at] the moment that is shown, in seconds since load began; null: the latest */
  draw(run, at = null) {
    this.#lay(run);
    this.#cut(run, at);
  }

  /** @param {Run|null} run */
  #lay(run) {
    const all = run?.log ?? [];
    if (run !== this.#run || all[0] !== this.#first || all.length < this.#shown) {
      this.#lines.replaceChildren();
      this.#shown = 0;
      this.#at = -1;
      if (run?.dropped) this.#lines.append(el("li", { class: "run-log-more" }, both("log.dropped", { n: run.dropped })));
    }
    this.#run = run;
    this.#first = all[0];
    const fresh = all.slice(this.#shown).map(line);
    for (const li of fresh) li.hidden = !this.#fits(li);
    this.#lines.append(...fresh);
    this.#shown = all.length;
    if (all.length === 0 && !this.#lines.firstChild) this.#lines.append(el("li", { class: "run-log-more" }, both("log.empty")));
    else if (fresh.length) this.#lines.querySelector(".run-log-more:not(:first-child)")?.remove();
    put(this.#count, all.length ? String(all.length + (run?.dropped ?? 0)) : "");
    this.#about(run);
    if (fresh.length && this.#isFollowing()) this.#following(true);
  }

  /** @param {Run|null} run */
  #about(run) {
    this.#download.hidden = !run || run.author || page.offline === true;
    if (run && !run.author) this.#download.href = `/api/runs/${run.id}/log`;
    this.#command.hidden = !run?.begin;
    if (run?.begin) put(one(this.#command, "code"), runCommand(run.begin.experiment));
  }
}
