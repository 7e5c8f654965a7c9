// @ts-check
// The page of what was found, in an exported book: the site writes it itself.

/** @import {Hit} from "./events.js" */
import { address } from "./address.js";
import { get } from "./api.js";
import { el, every, one } from "./dom.js";
import { page } from "./page.js";
import { both, language } from "./words.js";

/** Answers the question that the page's address asks. */
export async function startFound() {
  const form = document.querySelector(".found-form"), q = (new URLSearchParams(location.search).get("q") ?? "").trim();
  if (page.root === undefined || !(form instanceof HTMLElement) || q === "") return;
  for (const input of every(document, "[type=search][name=q]")) if (input instanceof HTMLInputElement) input.value = q;
  const { hits } = /** @type {{hits: Hit[]}} */ (await get(`/api/search?q=${encodeURIComponent(q)}&lang=${language()}`));
  const list = hits.map((h) => el("li", {}, el("a", { href: address(language(), h.Lesson, h.Section ? `#${h.Section}` : "") }, both(h.Title)), ...(h.Where?.ko ? [" ", el("small", {}, both(h.Where))] : []), el("p", {}, h.Before, el("mark", {}, h.Match), h.After)));
  const said = el("p", { role: "status" }, hits.length ? both("search.found", { n: hits.length }) : both("search.none", { query: q }));
  for (let e = form.nextElementSibling; e; e = form.nextElementSibling) e.remove();
  one(document, ".found").append(said, ...(list.length ? [el("ol", { class: "found-list" }, ...list)] : []));
}
