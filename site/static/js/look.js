// @ts-check
// Language, theme, and the colours that canvases need.

import { root as home } from "./address.js";
import { every, hit } from "./dom.js";
import { keep, kept } from "./exported.js";
import { page } from "./page.js";
import { language } from "./words.js";

const root = document.documentElement;

/** @param {string} name @param {string} value */
function remember(name, value) {
  if (page.root !== undefined) keep(name, value);
  else document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=strict`;
}

/** Tells every canvas that colours or words have changed. */
const changed = () => { colours.clear(); document.dispatchEvent(new Event("look")); };

/** The block that is being read: the first that is seen below the header. */
function block() {
  const blocks = every(document, ".prose > *, .prose > div[lang] > *, .home > *, .found > *").filter((e) => !e.matches("div[lang]"));
  return blocks.find((e) => e.getBoundingClientRect().bottom > 60 && e.getClientRects().length > 0);
}

/** The same block in the language that is read now: Korean stands first. @param {HTMLElement} e */
function twin(e) {
  const half = e.closest(".prose > [lang]");
  if (!half || half.getClientRects().length > 0) return e;
  const other = root.lang === "en" ? half.nextElementSibling : half.previousElementSibling;
  return half === e ? other : other?.children[[...half.children].indexOf(e)];
}

/**
 * Changes the language in place: the block that is being read keeps its position.
 * @param {"ko"|"en"} lang
 */
export function speak(lang) {
  const read = scrollY > 0 ? block() : undefined, was = read?.getBoundingClientRect().top ?? 0;
  root.style.overflowAnchor = "none"; // else the browser moves the page too
  root.lang = lang;
  remember("lang", lang);
  attributes(lang);
  addresses(lang);
  const now = read && twin(read)?.getBoundingClientRect().top;
  if (now !== undefined) scrollBy({ top: now - was, behavior: "instant" });
  requestAnimationFrame(() => { root.style.overflowAnchor = ""; });
  changed();
}

/** @param {"ko"|"en"} lang */
function attributes(lang) {
  const key = lang === "ko" ? "Ko" : "En";
  for (const e of document.querySelectorAll("[data-label-ko]")) e.setAttribute("aria-label", e.getAttribute(`data-label-${lang}`) ?? "");
  for (const e of every(document, "[data-hint-ko]")) e.setAttribute("placeholder", e.dataset[`hint${key}`] ?? "");
  for (const e of every(document, "[data-lang]")) e.toggleAttribute("aria-current", false);
  for (const e of every(document, `[data-lang=${lang}]`)) e.setAttribute("aria-current", "true");
  document.title = document.querySelector("title")?.getAttribute(`data-${lang}`) ?? document.title;
}

/** Links lead on in the language that is being read. @param {"ko"|"en"} lang */
function addresses(lang) {
  const other = lang === "ko" ? "en/" : "ko/", from = home + other, here = new URL(from, location.href).pathname;
  for (const e of every(document, `a[href^="${from}"]:not([data-lang]), form[action^="${from}"]`)) {
    const name = e.hasAttribute("href") ? "href" : "action";
    e.setAttribute(name, `${home}${lang}/${e.getAttribute(name)?.slice(from.length)}`);
  }
  if (!location.pathname.startsWith(here)) return;
  try {
    history.replaceState(history.state, "", `${here.slice(0, -3)}${lang}/${location.pathname.slice(here.length)}${location.search}${location.hash}`);
  } catch { /* a page from a disk keeps its address */ }
}

const dark = matchMedia("(prefers-color-scheme: dark)");

export function toggleTheme() {
  const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  remember("theme", root.dataset.theme);
  changed();
}

/** An exported book sets no cookie; what was chosen stays in the browser. */
function restore() {
  const theme = kept("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (root.lang !== "ko" && root.lang !== "en") return;
  keep("lang", root.lang);
}

export const toggleLanguage = () => speak(language() === "ko" ? "en" : "ko");

/** @type {Map<string, string>} */
const colours = new Map();

/** What a token is now: tokens are light-dark() pairs, which only the browser resolves. @param {string} name */
export function colour(name) {
  let c = colours.get(name);
  if (c === undefined) {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    probe.style.forcedColorAdjust = "none"; // a canvas has colours of its own: all in one it would be blank
    document.body.append(probe);
    c = getComputedStyle(probe).color;
    probe.remove();
    colours.set(name, c);
  }
  return c;
}

export const font = "11px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/**
 * Clears a canvas at the device's resolution; the context is in CSS pixels.
 * @param {HTMLCanvasElement} canvas
 * @returns {{g: CanvasRenderingContext2D, w: number, h: number}|null} null when it cannot be seen
 */
export function sheet(canvas) {
  const { width: w, height: h } = canvas.getBoundingClientRect();
  const g = canvas.getContext("2d"), d = devicePixelRatio;
  if (!g || w < 2 || h < 2) return null;
  if (canvas.width !== Math.round(w * d) || canvas.height !== Math.round(h * d)) {
    canvas.width = Math.round(w * d);
    canvas.height = Math.round(h * d);
  }
  g.setTransform(d, 0, 0, d, 0, 0);
  g.clearRect(0, 0, w, h);
  return { g, w, h };
}

/** Paper is light: canvases are drawn again for it. */
function paper() {
  /** @type {string|undefined} */
  let before;
  const look = (/** @type {string|undefined} */ theme) => {
    if (theme === undefined) delete root.dataset.theme;
    else root.dataset.theme = theme;
    changed();
  };
  addEventListener("beforeprint", () => { before = root.dataset.theme; look("light"); });
  addEventListener("afterprint", () => look(before));
}

export function startLook() {
  paper();
  if (page.root !== undefined) restore();
  dark.addEventListener("change", changed);
  document.addEventListener("click", (e) => {
    const link = hit(e, "[data-lang]");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    speak(link.dataset.lang === "en" ? "en" : "ko");
  });
}
