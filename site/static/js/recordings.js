// @ts-check
// All recordings: find, sort, name, delete, give away, and take somebody else's.

/** @import {Summary} from "./events.js" */
import { asApiError, remove, send } from "./api.js";
import { byId, el, every, one, put } from "./dom.js";
import { bytes, when } from "./format.js";
import { rename } from "./rename.js";
import { speakOfRuns } from "./saidrun.js";
import { both, language, say } from "./words.js";

speakOfRuns();

/** What the site takes (runner.MaxImport). */
const MOST = 64 << 20;

export class Recordings {
  #table = document.getElementById("ui-runs");
  #sort = { by: "when", up: false };

  constructor() {
    if (document.getElementById("ui-import")) this.#dropping(byId("ui-import"), /** @type {HTMLInputElement} */ (byId("ui-import-file")));
    if (!this.#table) return;
    for (const tr of this.#rows()) this.#dress(tr);
    for (const th of every(this.#table, "th[data-sort]")) this.#sortable(th);
    this.#lessons();
    this.#welcome(new URLSearchParams(location.search).get("imported"));
    for (const id of ["ui-runs-filter", "ui-runs-lesson"]) byId(id).addEventListener("input", () => this.#sift());
    document.addEventListener("look", () => { for (const tr of this.#rows()) this.#date(tr); this.#lessons(); this.#sift(); });
    this.#sift();
  }

  #rows() { return this.#table ? every(this.#table, "tbody tr") : []; }

  /** Says which recording was just imported. @param {string|null} id */
  #welcome(id) {
    const tr = this.#rows().find((row) => row.dataset.run === id);
    if (!tr) return;
    tr.setAttribute("aria-current", "true");
    byId("ui-import-said").replaceChildren(both("runs.imported", { name: tr.dataset.name || (id ?? "") }), " ", el("a", { href: `/${language()}/runs/${id}` }, both("runs.imported.open")));
    history.replaceState(null, "", location.pathname);
  }

  /** @param {HTMLElement} tr */
  #date(tr) {
    const time = one(tr, "time");
    put(time, when(tr.dataset.began ?? "", language()));
    time.title = tr.dataset.run ?? "";
  }

  /** @param {HTMLElement} tr */
  #dress(tr) {
    this.#date(tr);
    put(one(tr, "[data-bytes]"), bytes(Number(tr.dataset.size)));
    this.#buttons(tr);
  }

  /** @param {HTMLElement} tr */
  #buttons(tr) {
    const id = tr.dataset.run ?? "", acts = one(tr, ".history-do");
    const run = /** @type {Summary} */ ({ id, name: tr.dataset.name });
    const give = el("details", { class: "runs-give" }, el("summary", { class: "button button-bare" }, both("runs.give")), el("span", {}, ...["html", "recording", "csv", "json"].map((as) =>
      el("a", { href: `/api/runs/${id}/export/${as}`, download: true }, both({ html: "table.html", recording: "table.packed", csv: "table.all", json: "table.json" }[as] ?? as)))));
    const name = button("history.name", () => rename(acts, run, () => { this.#named(tr, run.name ?? ""); this.#buttons(tr); one(acts, "button").focus(); }));
    acts.replaceChildren(give, ...("unnamed" in tr.dataset ? [] : [name]), // nobody overwrites what they do not see
      button("history.delete", () => this.#ask(tr, acts)));
  }

  /** @param {HTMLElement} tr @param {string} name */
  #named(tr, name) {
    tr.dataset.name = name;
    put(one(tr, ".runs-name a"), name || (tr.dataset.run ?? ""));
  }

  /** @param {HTMLElement} tr @param {HTMLElement} acts */
  #ask(tr, acts) {
    const keep = button("history.delete.no", () => { this.#buttons(tr); one(acts, "button").focus(); });
    acts.replaceChildren(el("span", { class: "history-sure", role: "alert" }, both("history.delete.sure")), button("history.delete.yes", () => this.#delete(tr, acts)), keep);
    keep.focus();
  }

  /** @param {HTMLElement} tr @param {HTMLElement} acts */
  async #delete(tr, acts) {
    try {
      await remove(`/api/runs/${tr.dataset.run}`);
    } catch (e) {
      acts.replaceChildren(el("span", { role: "alert" }, both(asApiError(e).said)));
      return;
    }
    const next = tr.nextElementSibling ?? tr.previousElementSibling;
    tr.remove();
    if (!next) location.reload(); // the empty page says what to do first
    next?.querySelector("a")?.focus();
    this.#sift();
  }

  /** @param {HTMLElement} th */
  #sortable(th) {
    const by = th.dataset.sort ?? "", b = el("button", { type: "button" }, ...th.childNodes);
    b.addEventListener("click", () => {
      this.#sort = { by, up: this.#sort.by === by ? !this.#sort.up : by === "name" || by === "experiment" };
      for (const other of every(this.#table ?? document, "th[data-sort]")) other.setAttribute("aria-sort", other !== th ? "none" : this.#sort.up ? "ascending" : "descending");
      this.#order();
    });
    th.replaceChildren(b);
  }

  #order() {
    const { by, up } = this.#sort, sign = up ? 1 : -1;
    /** @param {HTMLElement} tr @returns {string|number} */
    const key = (tr) => ({ name: tr.dataset.name || `\uffff${tr.dataset.run}`, experiment: tr.dataset.experiment, when: tr.dataset.began, trust: tr.dataset.trust, checks: Number(tr.dataset.checks), size: Number(tr.dataset.size) }[by] ?? "");
    const sorted = this.#rows().toSorted((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
    this.#table?.querySelector("tbody")?.append(...sorted);
  }

  /** The lessons that have recordings. */
  #lessons() {
    const select = /** @type {HTMLSelectElement} */ (byId("ui-runs-lesson")), chosen = select.value;
    const known = new Map(this.#rows().map((tr) => [tr.dataset.experiment?.split("/")[0] ?? "", (language() === "ko" ? tr.dataset.lessonKo : tr.dataset.lessonEn) ?? ""]));
    select.replaceChildren(el("option", { value: "" }, say("runs.lesson.all")), ...[...known].map(([id, title]) => el("option", { value: id }, title)));
    select.value = known.has(chosen) ? chosen : "";
  }

  #sift() {
    const typed = /** @type {HTMLInputElement} */ (byId("ui-runs-filter")).value.toLowerCase().split(/\s+/).filter(Boolean);
    const lesson = /** @type {HTMLSelectElement} */ (byId("ui-runs-lesson")).value, rows = this.#rows();
    let shown = 0, size = 0;
    for (const tr of rows) {
      const said = `${tr.textContent} ${tr.dataset.run} ${tr.dataset.experiment} ${tr.dataset.began}`.toLowerCase();
      const fits = typed.every((word) => said.includes(word)) && (!lesson || tr.dataset.experiment?.startsWith(`${lesson}/`));
      tr.hidden = !fits;
      shown += fits ? 1 : 0;
      size += Number(tr.dataset.size);
    }
    byId("ui-runs-none").hidden = shown > 0;
    byId("ui-runs-n").replaceChildren(shown < rows.length ? both("runs.shown", { n: shown }) : "");
    byId("ui-runs-total").replaceChildren(both("runs.total", { n: rows.length, size: bytes(size) }));
  }

  /** @param {HTMLElement} place @param {HTMLInputElement} input */
  #dropping(place, input) {
    const over = (/** @type {DragEvent} */ e, /** @type {boolean} */ on) => { e.preventDefault(); place.toggleAttribute("data-over", on); };
    place.addEventListener("dragover", (e) => over(e, true));
    place.addEventListener("dragleave", (e) => over(e, false));
    place.addEventListener("drop", (e) => { over(e, false); this.#take(e.dataTransfer?.files[0]); });
    input.addEventListener("change", () => { this.#take(input.files?.[0]); input.value = ""; });
  }

  /** @param {File|undefined} file */
  async #take(file) {
    if (!file) return;
    const name = file.name.slice(0, 100), most = MOST >> 20;
    /** @param {Node[]} kids @param {boolean} bad */
    const tell = (kids, bad) => { const p = byId("ui-import-said"); p.toggleAttribute("data-bad", bad); p.replaceChildren(...kids); };
    if (file.size > MOST) {
      tell([both("runs.too-large", { most })], true);
      return;
    }
    tell([both("runs.importing", { name })], false);
    try {
      const run = /** @type {Summary} */ (await send("/api/recordings", file));
      location.assign(`/${language()}/runs?imported=${run.id}`); // where it stands in the list
    } catch (e) {
      tell([both(asApiError(e).said)], true);
    }
  }
}

/** @param {string} key @param {() => void} act */
function button(key, act) {
  const b = el("button", { class: "button button-bare", type: "button" }, both(key));
  b.addEventListener("click", act);
  return b;
}
