// @ts-check
// The past runs of the experiment on the bench: open one, lay one under, delete one.

/** @import {Experiment, Setting, Summary, Value} from "./events.js" */
import { asApiError, get, remove } from "./api.js";
import { byId, el, one, put } from "./dom.js";
import { figureName, figureText } from "./figures.js";
import { settingText, when } from "./format.js";
import { page } from "./page.js";
import { both, label, language } from "./words.js";

/** What was turned. @param {Summary} run @param {Experiment} x @returns {string[]} */
function turned(run, x) {
  /** @param {Setting[]} all @param {Record<string, Value>|undefined} given @param {string} dash */
  const differ = (all, given, dash) => all.filter((s) => given?.[s.name] !== undefined && given[s.name] !== s.value)
    .map((s) => `${dash}${s.name} ${settingText(s, given?.[s.name] ?? s.value)}`);
  return [...differ(x.knobs, run.knobs, "-"), ...differ(x.load ?? [], run.load, "")];
}

/** A single run that was measured to its end. @param {Summary} r */
export const measured = (r) => !r.kind && r.phase === "finished" && r.trust !== "void";

/** What was compared. @param {Summary} r */
const sides = (r) => el("span", {}, el("b", {}, "A"), ` ${r.arms?.[0] ?? ""} `, el("b", {}, "B"), ` ${r.arms?.[1] ?? ""}`);

/** @param {Summary} r */
function verdict(r) {
  const d = r.comparison?.metrics[0];
  return d?.verdict ? both(`compare.is.${d.verdict}`) : "–";
}

/** @param {Summary} run */
const over = (run) => ["finished", "failed", "stopped", "interrupted"].includes(run.phase);

export class History {
  #pane = byId("ui-history");
  #head = one(this.#pane, "thead");
  #body = one(this.#pane, "tbody");
  #empty = one(this.#pane, ".note");
  #box = one(this.#pane, ".scroll-x");
  #count = byId("ui-history-n");
  /** @type {Summary[]} the newest first */
  runs = [];
  /** @type {Experiment|null} */
  #x = null;
  #shown = "";
  #under = "";
  #act;

  /** @param {{open: (run: Summary) => void, under: (run: Summary|null) => void, gone: (id: string) => void}} act */
  constructor(act) {
    this.#act = act;
  }

  /** @param {Experiment} x */
  async build(x) {
    this.#x = x;
    this.runs = [];
    const watched = x.watch.slice(0, 3);
    /** @param {Node|string} kid */
    const th = (kid) => el("th", { scope: "col" }, kid);
    this.#head.replaceChildren(el("tr", {}, th(both("history.run")), th(el("span", { class: "sr" }, both("history.more"))), th(both("history.changed")), ...watched.map((w) => el("th", { scope: "col", class: "right" }, figureName(w))), th(both("history.checks")), th(both("history.trust"))));
    one(this.#pane, "code").textContent = `labs run ${x.name} --json`;
    this.#draw();
    await this.refresh();
  }

  async refresh() {
    const x = this.#x;
    if (!x) return;
    const { runs } = await get(`/api/runs?lesson=${page.lesson}&experiment=${x.id}`);
    if (this.#x !== x) return;
    this.runs = runs;
    this.#draw();
  }

  /** @param {string} shown the run on the bench @param {string} under the run beneath it */
  mark(shown, under) {
    if (shown === this.#shown && under === this.#under) return;
    this.#shown = shown;
    this.#under = under;
    this.#draw();
  }

  /** The last one that was measured before another. @param {string} id */
  before(id) {
    const at = this.runs.findIndex((r) => r.id === id);
    return this.runs.slice(at + 1).find(measured);
  }

  #draw() {
    const x = this.#x;
    if (!x) return;
    put(this.#count, this.runs.length ? String(this.runs.length) : "");
    this.#empty.hidden = this.runs.length > 0;
    this.#box.hidden = this.runs.length === 0;
    this.#body.replaceChildren(...this.runs.map((r) => this.#row(r, x)));
  }

  /** @param {Summary} r @param {Experiment} x */
  #row(r, x) {
    const marks = el("span", { class: "pips", role: "img" }, ...(r.checks ?? []).map((c) => el("i", { "data-done": c.pass })));
    label(marks, "app.checks.of", { done: (r.checks ?? []).filter((c) => c.pass).length, total: x.checks.length });
    const trust = r.trust && r.phase === "finished" ? el("span", { class: "badge", "data-level": r.trust }, both(`trust.${r.trust}`)) : both(`state.${r.phase}`, { t: "" });
    const acts = el("div", { class: "history-do" });
    this.#buttons(acts, r);
    return el("tr", { "aria-current": r.id === this.#shown ? "true" : null },
      el("td", {}, el("time", { datetime: r.began, title: r.id }, when(r.began, language()))), el("td", {}, acts), el("td", {}, r.kind === "comparison" ? sides(r) : turned(r, x).join(" ") || both("history.none")),
      ...x.watch.slice(0, 3).map((w) => el("td", { class: "right" }, figureText(w, r.metrics?.[w] ?? r.metrics?.[`${w}.last`]))),
      el("td", {}, r.kind === "comparison" ? verdict(r) : r.checks?.length ? marks : "–"), el("td", {}, trust));
  }

  /** @param {HTMLElement} acts @param {Summary} r */
  #buttons(acts, r) {
    /** @param {string} key @param {() => void} act @param {import("./dom.js").Attributes} [more] */
    const button = (key, act, more = {}) => {
      const b = el("button", { class: "button button-bare", type: "button", ...more }, both(key));
      b.addEventListener("click", act);
      return b;
    };
    const open = r.id === this.#shown ? el("span", { class: "history-now" }, both("history.now")) : button("history.open", () => this.#act.open(r));
    const under = r.id === this.#under;
    acts.replaceChildren(open);
    if (!over(r)) return;
    if (r.id !== this.#shown && !r.kind) acts.append(button("history.ghost", () => this.#act.under(under ? null : r), { "aria-pressed": String(under) }));
    acts.append(button("history.delete", () => {
      const keep = button("history.delete.no", () => this.#buttons(acts, r));
      acts.replaceChildren(el("span", { class: "history-sure", role: "alert" }, both("history.delete.sure")), button("history.delete.yes", () => this.#delete(acts, r)), keep);
      keep.focus();
    }));
  }

  /** @param {HTMLElement} acts @param {Summary} r */
  async #delete(acts, r) {
    try {
      await remove(`/api/runs/${r.id}`);
    } catch (e) {
      acts.replaceChildren(el("span", { role: "alert" }, both(asApiError(e).said)));
      return;
    }
    this.runs = this.runs.filter((x) => x.id !== r.id);
    this.#draw();
    this.#act.gone(r.id);
  }
}
