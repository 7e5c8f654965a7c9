// @ts-check
// One seat of the wall.

/** @import {Seat, Trace} from "./wallfeed.js" */
import { el, put } from "./dom.js";
import { figure, short } from "./format.js";
import { HandWords } from "./handwords.js";
import { drawSeat } from "./seatplot.js";
import { clock, isLive, nameOf, stateText, stuckFor, whereOf, whyOf } from "./seatwords.js";
import { both, label, language, say, text } from "./words.js";

/** More checks than these are told in digits. */
const DOTS = 6;

/** How many checks hold. @param {Seat} s */
export const checksText = (s) => (s.checks === 0 ? "" : s.checks <= DOTS ? "●".repeat(s.held) + "○".repeat(s.checks - s.held) : `${s.held}/${s.checks}`);

export class SeatView {
  #name = el("span", { class: "seat-name" });
  #played = el("small", { class: "seat-played", hidden: true }, both("seat.simulated"));
  #at = el("span", { class: "seat-step" });
  #lamp = el("span", { class: "lamp" });
  #checks = el("span", { class: "seat-checks", role: "img" });
  #hand = new HandWords();
  #canvas = el("canvas", { "aria-hidden": "true" });
  #why = el("p", { class: "seat-why" });
  #left = el("span");
  #right = el("span");
  open = el("a", { class: "seat-open", href: "#", tabindex: -1 });
  root = el("li", { class: "seat" }, el("div", { class: "seat-top" }, this.#name, this.#played, this.#at),
    el("div", {}, el("div", { class: "seat-state" }, this.#lamp, this.#checks), this.#hand.root),
    el("div", { class: "seat-plot" }, this.#canvas, this.#why), el("div", { class: "seat-foot" }, this.#left, this.#right), this.open);
  /** Whether it is on the screen: others are not drawn. */
  seen = true;

  /**
   * @param {Seat} s
   * @param {Trace|undefined} trace
   * @param {{now: number, hidden: boolean, most: string}} how
   */
  words(s, trace, { now, hidden, most }) {
    const name = nameOf(s, hidden), at = whereOf(s, most), state = stateText(s);
    put(this.#name, say(name));
    this.#played.hidden = !s.simulated || !hidden; // their names say it too
    put(this.#at, s.state === "reading" && (s.step || "reading") === "reading" && s.lesson === most ? "" : say(at)); // its lamp says so
    this.#at.title = say(at);
    this.#lamp.dataset.state = s.state;
    put(this.#lamp, say(state));
    put(this.#checks, checksText(s));
    this.#checks.hidden = s.checks === 0;
    label(this.#checks, "seat.checks", { held: s.held, all: s.checks });
    const href = `/${language()}/wall/${s.person}`;
    if (this.open.getAttribute("href") !== href) this.open.href = href;
    label(this.open, "seat.open", { name, state, at });
    this.#hand.draw(s.hand, hidden);
    this.root.toggleAttribute("data-hand", s.hand?.state === "raised");
    this.root.toggleAttribute("data-watched", s.watched === true);
    const why = whyOf(s, now) ?? (isLive(s) && !trace?.points.length ? text("seat.why.first") : null);
    put(this.#why, why ? say(why) : "");
    this.#why.title = why ? say(why) : "";
    this.#foot(s, trace, stuckFor(s, now));
  }

  /** @param {Seat} s @param {Trace|undefined} trace @param {number} stuck */
  #foot(s, trace, stuck) {
    const last = trace?.points.at(-1), going = s.state === "running" || s.state === "draining", shows = last && (going || s.state === "finished");
    const errors = trace?.points.reduce((sum, p) => sum + p[3], 0) ?? 0;
    this.root.toggleAttribute("data-stuck", stuck > 0);
    const left = shows ? [short(last[1]), "seat.rps", "of-rps"] : errors > 0 ? [figure(errors), "seat.errors", "of-errors"] : null;
    const right = stuck > 0 ? [clock(stuck), "seat.stuck", "seat-stuck"] : shows && last[2] !== null ? [figure(last[2] * 1000), "seat.p99", "of-p99"] : null;
    amount(this.#left, left);
    amount(this.#right, right);
  }

  /** Words take the place of the lines; errors stay below them. @param {Trace|undefined} trace */
  plot(trace) { drawSeat(this.#canvas, trace, this.#why.textContent !== ""); }
}

/** Writes a number with its unit, and only what is different. @param {HTMLElement} box @param {(string)[]|null} what */
function amount(box, what) {
  const key = what ? `${what[1]} ${what[2]}` : "";
  if (box.dataset.key !== key) {
    box.dataset.key = key;
    box.className = what?.[2] ?? "";
    const unit = what ? el("small", { class: what[2] }, both(text(what[1]))) : "";
    if (!what) box.replaceChildren();
    else if (what[2].startsWith("of-") && what[2] !== "of-errors") box.replaceChildren(el("b"), " ", unit);
    else box.replaceChildren(unit, " ", el("b"));
  }
  const number = box.querySelector("b");
  if (what && number) put(number, what[0]);
}
