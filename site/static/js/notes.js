// @ts-check
// Notes about a run: marks on the timeline and the charts, and their text in a list.

/** @import {Experiment, Note, Notes as Written} from "./events.js" */
/** @import {Run} from "./run.js" */
/** @import {Mark} from "./chart.js" */
import { asApiError, get, post, remove, replace } from "./api.js";
import { byId, el, one, put } from "./dom.js";
import { page } from "./page.js";
import { giveName } from "./rename.js";
import { both, label, plain, say, text } from "./words.js";

/** @param {Note} n */
const span = (n) => (n.to ? text("notes.span", { t: short(n.t), to: short(n.to) }) : text("notes.at", { t: short(n.t) }));
/** @param {number} t */
const short = (t) => String(Number(t.toFixed(2)));
/** @param {number} t */
const tenth = (t) => String(Math.round(t * 10) / 10);

export class Notes {
  #list = byId("ui-notes-list");
  #form = /** @type {HTMLFormElement} */ (byId("ui-notes-form"));
  #none = byId("ui-notes-none");
  #name = byId("ui-notes-name");
  #count = byId("ui-notes-n");
  #said = byId("ui-notes-said");
  #act;
  /** @type {Run|null} */
  #run = null;
  /** @type {Written} */
  #written = {};
  #editing = 0;
  /** The block that a note is about that is written now. */
  #block = 0;
  /** @type {Note|null} that was deleted last */
  #gone = null;

  /** @param {{changed: () => void, go: (t: number, block: number) => void, at: () => number}} act */
  constructor(act) {
    this.#act = act;
    this.#form.addEventListener("submit", (e) => { e.preventDefault(); this.#commit(); });
    this.#form.addEventListener("keydown", (e) => { if (e.key === "Escape") this.#compose(); });
    one(this.#form, "[data-act=leave]").addEventListener("click", () => this.#compose());
    this.#field("text").addEventListener("focus", () => { if (!this.#editing && !this.#field("text").value) this.#field("t").value = tenth(this.#act.at()); });
    document.addEventListener("named", () => { if (this.#run && this.#mine) this.#load(this.#run); });
  }

  /** @param {string} name */
  #field(name) { return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name)); }

  /** @param {Experiment} x */
  build(x) {
    const groups = [...new Set(x.charts.map((c) => c.group))];
    one(this.#form, "select").replaceChildren(el("option", { value: "" }, say("notes.chart.all")), ...groups.map((g) => el("option", { value: g }, say(page.words.groups?.[g] ?? plain(g)))));
  }

  /** Whether notes can be written about what is shown. */
  get #mine() { return this.#run !== null && this.#run.id !== "" && page.offline !== true; }

  /** @param {Run|null} run */
  draw(run) {
    if (run === this.#run) return;
    this.#run = run;
    this.#gone = null;
    this.#take(run?.notes ?? {});
    if (run && this.#mine) this.#load(run);
  }

  /** @param {Run} run */
  async #load(run) {
    try {
      const written = /** @type {Written} */ (await get(`/api/runs/${run.id}/notes`));
      if (run === this.#run) this.#take(written);
    } catch { /* the run is gone, and the bench says so */ }
  }

  /** @param {Written} written */
  #take(written) {
    this.#written = written;
    const notes = written.notes ?? [];
    put(this.#count, notes.length ? String(notes.length) : "");
    this.#form.hidden = !this.#mine;
    this.#none.hidden = notes.length > 0;
    this.#none.replaceChildren(both(this.#mine ? "notes.none" : this.#run ? "notes.none.read" : "notes.none.idle"));
    this.#name.replaceChildren(...this.#title());
    this.#list.replaceChildren(...notes.map((n, i) => this.#item(n, i)));
    this.#compose();
    this.#act.changed();
  }

  /** @returns {Node[]} */
  #title() {
    const { name, imported } = this.#written, parts = [];
    if (this.#mine) {
      const input = el("input", { class: "history-field", type: "text", maxlength: 80, value: name ?? "" });
      label(input, "history.name.label");
      const form = el("form", { novalidate: true }, el("label", {}, both("runs.name"), input), el("button", { class: "button", type: "submit" }, both("history.name.save")));
      form.addEventListener("submit", (e) => { e.preventDefault(); this.#do(() => giveName(this.#run?.id ?? "", input.value), "notes.saved"); });
      parts.push(form);
    } else if (name) parts.push(el("b", {}, name));
    if (imported) parts.push(el("p", {}, both("notes.imported", { host: imported.host || "–" })));
    return parts;
  }

  /** When a note is of, and of which block where there are several. @param {Note} n */
  #when(n) {
    const t = span(n), block = text("notes.block", { n: (n.block ?? 0) + 1 });
    return (this.#run?.blocks.length ?? 0) > 1 || n.block ? { ko: `${block.ko} · ${t.ko}`, en: `${block.en} · ${t.en}` } : t;
  }

  /** @param {Note} n @param {number} i */
  #item(n, i) {
    const go = el("button", { class: "button button-bare notes-go", type: "button" }, both(this.#when(n)));
    label(go, "notes.go", { t: short(n.t) });
    go.addEventListener("click", () => this.#act.go(n.t, n.block ?? 0));
    const acts = el("span", { class: "history-do" });
    const theirs = n.by !== undefined && page.learner === true;
    if (this.#mine) acts.append(...(theirs ? [] : [button("notes.edit", () => this.#compose(n))]), button("notes.delete", () => this.#delete(n)));
    return el("li", {}, el("span", { class: "num notes-n" }, String(i + 1)), go, el("span", { class: "notes-said" }, ...(n.by ? [el("b", { class: "notes-by" }, both("notes.by")), " "] : []), n.text, ...(n.chart ? [" ", el("small", {}, both(page.words.groups?.[n.chart] ?? plain(n.chart)))] : [])), acts);
  }

  /** The form is for a new note, or to change one. @param {Note} [n] */
  #compose(n) {
    this.#editing = n?.id ?? 0;
    this.#block = n?.block ?? 0;
    for (const [name, v] of [["text", n?.text ?? ""], ["t", n ? String(n.t) : ""], ["to", n?.to ? String(n.to) : ""], ["chart", n?.chart ?? ""]]) this.#field(name).value = v;
    one(this.#form, "[type=submit]").replaceChildren(both(n ? "notes.save" : "notes.add"));
    one(this.#form, "[data-act=leave]").hidden = !n;
    this.#complain(null);
    if (n) this.#field("text").focus();
  }

  /** Opens the tab and stands ready to write. */
  focus() {
    if (!this.#mine) return;
    byId("ui-tab-notes").click();
    this.#field("text").focus();
  }

  async #commit() {
    const t = this.#field("t").value.trim(), to = this.#field("to").value.trim(), id = this.#editing;
    const note = { text: this.#field("text").value, t: Number(t || tenth(this.#act.at())), to: Number(to || 0), block: id ? this.#block : (this.#run?.block ?? 0), chart: this.#field("chart").value };
    const path = `/api/runs/${this.#run?.id}/notes`;
    if (!Number.isFinite(note.t) || !Number.isFinite(note.to)) this.#complain(both("run.wrong.seconds"));
    else if (await this.#do(() => (id ? replace(`${path}/${id}`, note) : post(path, note)), id ? "notes.saved" : "notes.added")) this.#field("text").focus();
  }

  /** @param {Note} n */
  async #delete(n) {
    if (!(await this.#do(() => remove(`/api/runs/${this.#run?.id}/notes/${n.id}`), "notes.deleted"))) return;
    this.#gone = n;
    const undo = button("notes.undo", () => this.#undo());
    this.#list.append(el("li", { class: "notes-gone" }, both("notes.deleted"), " ", undo));
    undo.focus();
  }

  async #undo() {
    const { t = 0, to = 0, block = 0, chart = "", text = "" } = this.#gone ?? {};
    await this.#do(() => post(`/api/runs/${this.#run?.id}/notes`, { t, to, block, chart, text }), "notes.added");
    this.#field("text").focus();
  }

  /** Asks the site, and shows what came of it. @param {() => Promise<unknown>} how @param {string} done what to say then @returns {Promise<boolean>} */
  async #do(how, done) {
    const run = this.#run;
    try {
      await how();
    } catch (e) {
      this.#complain(both(asApiError(e).said));
      return false;
    }
    if (run) await this.#load(run);
    this.#said.replaceChildren(both(done));
    document.dispatchEvent(new Event("noted"));
    return true;
  }

  /** @param {Node|null} why */
  #complain(why) {
    const box = one(this.#form, ".notes-error");
    box.hidden = why === null;
    box.replaceChildren(why ?? "");
  }

  /** @returns {Mark[]} */
  marks() { return (this.#written.notes ?? []).flatMap((n, i) => ((n.block ?? 0) === (this.#run?.block ?? 0) ? [{ t: n.t, to: n.to ?? 0, label: String(i + 1), note: true, chart: n.chart }] : [])); }
}

/** @param {string} key @param {() => void} act */
function button(key, act) {
  const b = el("button", { class: "button button-bare", type: "button" }, both(key));
  b.addEventListener("click", act);
  return b;
}
