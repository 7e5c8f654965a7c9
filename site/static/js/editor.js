// @ts-check
// The editor of one function: CodeMirror where it loads, else the plain field that
// the page came with. Both hold text, mark a line, and save with Ctrl+S.

import { el } from "./dom.js";
import { label } from "./words.js";

/** @typedef {{line: number, text: string}} Problem */
/** @typedef {{changed: () => void, save: () => void}} Act */

/** Weight and grey, no colour: colour is what is measured. @param {any} cm */
const look = (cm) => [
  cm.EditorView.theme({
    "&": { backgroundColor: "var(--plate)", color: "var(--ink)", fontSize: "var(--t-s)", maxHeight: "34rem" },
    "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "1px" },
    ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.62" },
    ".cm-content": { caretColor: "var(--ink)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-gutters": { backgroundColor: "var(--well)", color: "var(--ink-3)", border: "0" },
    ".cm-activeLine": { backgroundColor: "transparent", boxShadow: "inset 2px 0 var(--edge)" },
    ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "var(--mark)" },
    ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--mark)", outline: "1px solid var(--edge)" },
    ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--edge)" },
    ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  }),
  cm.syntaxHighlighting(cm.HighlightStyle.define([
    { tag: cm.tags.keyword, fontWeight: "700" },
    { tag: cm.tags.comment, color: "var(--ink-3)" },
  ])),
];

export class Editor {
  #field;
  #host;
  #name;
  #act;
  /** @type {any} */
  #cm = null;
  /** @type {any} */
  #view = null;
  #quiet = false;

  /** @param {HTMLTextAreaElement} field @param {import("./events.js").Text} name what is edited @param {Act} act */
  constructor(field, name, act) {
    this.#field = field;
    this.#name = name;
    this.#act = act;
    this.#host = el("div", { class: "exercise-code", hidden: true });
    field.after(this.#host);
    field.readOnly = false;
    field.addEventListener("input", () => act.changed());
    field.addEventListener("keydown", (e) => {
      if (!(e.ctrlKey || e.metaKey) || e.key !== "s") return;
      e.preventDefault();
      act.save();
    });
  }

  /** Puts CodeMirror in the field's place. Its styles live in a shadow root, so that the page's policy stays as strict as it is. */
  async open() {
    if (this.#view) return;
    const cm = await import("../vendor/codemirror.js");
    const root = this.#host.attachShadow({ mode: "open" }), doc = this.text;
    this.#cm = cm;
    this.#host.hidden = false;
    this.#field.hidden = true;
    const keys = [{ key: "Mod-s", preventDefault: true, run: () => { this.#act.save(); return true; } }, cm.indentWithTab, ...cm.defaultKeymap, ...cm.historyKeymap];
    this.#view = new cm.EditorView({
      root, parent: root,
      state: cm.EditorState.create({
        doc,
        extensions: [
          cm.lineNumbers(), cm.lintGutter(), cm.history(), cm.drawSelection(), cm.highlightActiveLine(), cm.highlightSpecialChars(),
          cm.indentOnInput(), cm.bracketMatching(), cm.go(), cm.indentUnit.of("\t"), cm.EditorState.tabSize.of(4), cm.keymap.of(keys), cm.EditorView.contentAttributes.of({ tabindex: "0" }), look(cm),
          cm.EditorView.updateListener.of((/** @type {any} */ u) => { if (u.docChanged && !this.#quiet) this.#act.changed(); }),
        ],
      }),
    });
    const named = () => label(this.#view.contentDOM, this.#name);
    named();
    document.addEventListener("look", named);
  }

  get text() { return this.#view ? this.#view.state.doc.toString() : this.#field.value; }

  set text(t) {
    if (t === this.text) return;
    this.#field.value = t;
    if (!this.#view) return;
    this.#quiet = true;
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: t } });
    this.#quiet = false;
  }

  /** Marks a line, or none. @param {Problem|null} p */
  mark(p) {
    this.#field.setAttribute("aria-invalid", String(p !== null));
    if (!this.#view) return;
    const { doc } = this.#view.state, list = [];
    if (p) {
      const line = doc.line(Math.min(Math.max(1, p.line), doc.lines));
      list.push({ from: line.from, to: line.to, severity: "error", message: p.text });
    }
    this.#view.dispatch(this.#cm.setDiagnostics(this.#view.state, list));
    this.#view.contentDOM.setAttribute("aria-invalid", String(p !== null));
  }
}
