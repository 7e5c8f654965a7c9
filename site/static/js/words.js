// @ts-check
// The words of the interface. Both languages stand in the page and <html lang>
// decides which is seen, so nothing is rendered again when it changes.

/** @import {Text} from "./events.js" */
import { page } from "./page.js";
import { said } from "./said.js";

/** @typedef {Record<string, string|number|Text>} Args */

/** @param {"ko"|"en"} lang @param {string} said @param {Args} args */
function fill(lang, said, args) {
  return said.replace(/\{(\w+)\}/g, (hole, name) => {
    const v = args[name];
    return v === undefined ? hole : typeof v === "object" ? v[lang] : String(v);
  });
}

/** Those of this page alone stand in it. @param {string} key @returns {Text|undefined} */
const found = (key) => page.text?.[key] ?? (Object.hasOwn(said, key) ? said[key] : undefined);

/** @param {string} key */
export const known = (key) => found(key) !== undefined;

/**
 * The words of a key of text.yaml, {name} filled in; the key itself when there are none.
 * @param {string} key
 * @param {Args} [args]
 * @returns {Text}
 */
export function text(key, args = {}) {
  const t = found(key) ?? { ko: key, en: key };
  return { ko: fill("ko", t.ko, args), en: fill("en", t.en, args) };
}

/** @param {Text|string} t a text, or a key @param {Args} [args] @returns {Text} */
const asText = (t, args) => (typeof t === "string" ? text(t, args) : t);

/**
 * A text in both languages, to be put into the page.
 * @param {Text|string} t a text, or a key
 * @param {Args} [args]
 */
export function both(t, args) {
  const said = asText(t, args);
  const out = document.createDocumentFragment();
  if (said.ko === said.en) {
    out.append(said.en);
    return out;
  }
  for (const lang of /** @type {const} */ (["ko", "en"])) {
    const span = document.createElement("span");
    span.lang = lang;
    span.textContent = said[lang];
    out.append(span);
  }
  return out;
}

/** @returns {"ko"|"en"} */
export const language = () => (document.documentElement.lang === "en" ? "en" : "ko");

/** A text in the page's language: for canvases and attributes. @param {Text|string} t @param {Args} [args] */
export const say = (t, args) => asText(t, args)[language()];

/**
 * Names an element for those who do not see it, in both languages.
 * @param {Element} e
 * @param {Text|string} t
 * @param {Args} [args]
 */
export function label(e, t, args) {
  const said = asText(t, args);
  e.setAttribute("data-label-ko", said.ko);
  e.setAttribute("data-label-en", said.en);
  e.setAttribute("aria-label", said[language()]);
}

/** Numbers are the same in both languages. @param {string} s @returns {Text} */
export const plain = (s) => ({ ko: s, en: s });
