// @ts-check
// Where pages and files stand: on the site, or beside this one in an exported book.

import { page } from "./page.js";

/** What every address of ours begins with. */
export const root = page.root ?? "/";

/**
 * A page's address.
 * @param {string} lang
 * @param {string} path "epoll"; "" is the contents
 * @param {string} [rest] "?q=…", "#…"
 */
export const address = (lang, path, rest = "") => (page.root === undefined ? `/${lang}/${path}${rest}` : `${root}${lang}/${path || "index"}.html${rest}`);

/**
 * Loads a script that is no module, and returns what it left on its element.
 * @param {string} from
 * @returns {Promise<any>}
 */
export function load(from) {
  const script = /** @type {HTMLScriptElement & {answer?: any}} */ (document.createElement("script"));
  return new Promise((done, failed) => {
    script.addEventListener("load", () => { script.remove(); done(script.answer); });
    script.addEventListener("error", () => { script.remove(); failed(new Error(from)); });
    script.src = from;
    document.head.append(script);
  });
}
