// @ts-check
// Making and finding elements. Data goes into text nodes only.

/** @typedef {Record<string, string|number|boolean|null|undefined>} Attributes */

/**
 * @template {Element} T
 * @param {T} e
 * @param {Attributes} attributes true is an attribute without a value; false, null and undefined are none
 * @param {(Node|string)[]} kids
 */
function dress(e, attributes, kids) {
  for (const [name, v] of Object.entries(attributes)) {
    if (v !== undefined && v !== null && v !== false) e.setAttribute(name, v === true ? "" : String(v));
  }
  e.append(...kids);
  return e;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Node|string)} kids
 * @returns {HTMLElementTagNameMap[K]}
 */
export const el = (tag, attributes = {}, ...kids) => dress(document.createElement(tag), attributes, kids);

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Node|string)} kids
 * @returns {SVGElementTagNameMap[K]}
 */
export const svg = (tag, attributes = {}, ...kids) => dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, kids);

/** @param {string} name of a symbol in the page */
export const icon = (name) => svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const e = document.getElementById(id);
  if (!e) throw new Error(`the page has no #${id}`);
  return e;
}

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
export function one(root, selector) {
  const e = root.querySelector(selector);
  if (!(e instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return e;
}

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement[]} */
export const every = (root, selector) => [...root.querySelectorAll(selector)].filter((e) => e instanceof HTMLElement);

/** Writes only what is different: a digit that stays is not painted again. @param {Node} e @param {string} s */
export function put(e, s) {
  if (e.textContent !== s) e.textContent = s;
}

/** The element with an attribute that was clicked, if any. @param {Event} e @param {string} selector @returns {HTMLElement|null} */
export const hit = (e, selector) => (e.target instanceof Element ? e.target.closest(selector) : null);
