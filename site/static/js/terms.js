// @ts-check
// The first use of a term in a lesson opens what it means, in place. Without this
// script, or in a browser without popovers, it leads to the glossary.

import { every, hit } from "./dom.js";

const GAP = 6, EDGE = 8;

/** @param {Element} link @returns {HTMLElement|null} */
const cardOf = (link) => (link instanceof HTMLElement ? document.getElementById(`term-${link.dataset.term}`) : null);

/** @type {{card: HTMLElement, link: HTMLElement}|null} what is open, and from where */
let open = null;
/** The link that was pressed while its card was open: the press has closed it. @type {Element|null} */
let closing = null;

/** Whether the card of a link is open: its toggle event comes later than its end. @param {Element|null} link */
const shown = (link) => link !== null && open?.link === link && open.card.matches(":popover-open");

/** Says what the links do. @param {ParentNode} root */
export function dressTerms(root) {
  for (const link of every(root, "a.term")) {
    if (!cardOf(link)?.showPopover) continue;
    link.setAttribute("aria-haspopup", "dialog");
    link.setAttribute("aria-expanded", "false");
  }
}

/** Under the word, or above it where there is no room. @param {HTMLElement} card @param {HTMLElement} link */
function place(card, link) {
  const word = link.getClientRects()[0] ?? link.getBoundingClientRect(), { width, height } = card.getBoundingClientRect();
  const below = word.bottom + GAP + height < innerHeight || word.top < height + GAP;
  card.style.left = `${scrollX + Math.max(EDGE, Math.min(word.left, document.documentElement.clientWidth - width - EDGE))}px`;
  card.style.top = `${scrollY + (below ? word.bottom + GAP : word.top - GAP - height)}px`;
}

/** @param {HTMLElement} card @param {HTMLElement} link */
function show(card, link) {
  open?.link.setAttribute("aria-expanded", "false"); // of a card that the press on this word has closed
  card.showPopover();
  place(card, link);
  open = { card, link };
  link.setAttribute("aria-expanded", "true");
  card.focus({ preventScroll: true });
}

/** A card was closed, by whatever: who came from its word goes back to it. @param {HTMLElement} card */
function closed(card) {
  if (open?.card !== card) return;
  const { link } = open, lost = !document.activeElement || document.activeElement === document.body || card.contains(document.activeElement);
  open = null;
  link.setAttribute("aria-expanded", "false");
  if (lost && link.isConnected) link.focus({ preventScroll: true });
}

export function startTerms() {
  dressTerms(document);
  document.addEventListener("pointerdown", (e) => {
    const link = hit(e, "a.term");
    closing = shown(link) ? link : null;
  }, true);
  document.addEventListener("click", (e) => {
    const link = hit(e, "a.term"), card = link && cardOf(link);
    if (hit(e, "[data-act=term-close]")) open?.card.hidePopover();
    if (!link || !card?.showPopover || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    if (closing === link || shown(link)) open?.card.hidePopover();
    else show(card, link);
    closing = null;
  });
  document.addEventListener("toggle", (e) => {
    if (e instanceof ToggleEvent && e.newState === "closed" && e.target instanceof HTMLElement && e.target.matches(".term-card")) closed(e.target);
  }, true);
  document.addEventListener("look", () => open?.card.hidePopover());
}
