// @ts-check
// The run's head: Run and Stop, the lamp, the clock, the steps, and the note.

/** @import {Act, Situation} from "./state.js" */
import { byId, el, every } from "./dom.js";
import { fixed } from "./format.js";
import { isLive, lampText, mayRun, mayStop, noteOf, stateOf, stepOf } from "./state.js";
import { both, text } from "./words.js";

const LAMP = /** @type {Record<string, string>} */ ({ locked: "idle", gated: "idle", voting: "idle", wrong: "idle", nolinux: "idle", exported: "idle", loading: "idle", asking: "starting", interrupted: "stopped" });

export class Head {
  #go = /** @type {HTMLButtonElement} */ (byId("ui-go"));
  #halt = /** @type {HTMLButtonElement} */ (byId("ui-halt"));
  #lamp = byId("ui-lamp");
  #clock = byId("ui-clock");
  #steps = every(byId("ui-steps"), "li");
  #note = byId("ui-note");
  #said = "";
  #noted = "";
  #held = false;
  #act;

  /** @param {(act: Act) => void} act */
  constructor(act) {
    this.#act = act;
    this.#go.addEventListener("click", () => act({ act: "run", key: "" }));
    this.#halt.addEventListener("click", () => act({ act: "stop", key: "" }));
  }

  /** @param {Situation} s */
  draw(s) {
    const state = stateOf(s);
    this.#hold();
    const turned = this.#go.disabled === mayRun(state) || this.#halt.disabled === mayStop(state);
    this.#go.disabled = !mayRun(state);
    this.#halt.disabled = !mayStop(state);
    if (turned && this.#held) (this.#halt.disabled ? this.#go : this.#halt).focus({ preventScroll: true });
    this.#go.classList.toggle("button-main", !isLive(state));
    this.#halt.classList.toggle("button-main", mayStop(state));
    this.#light(state, s);
    this.#time(s);
    const step = stepOf(state, s.run);
    this.#steps.forEach((li, i) => {
      li.toggleAttribute("data-done", i < step);
      li.toggleAttribute("data-now", i === step);
    });
    this.#tell(noteOf(state, s));
    return state;
  }

  /** A keyboard's focus goes to the other button when its own is disabled. */
  #hold() {
    const at = document.activeElement;
    if (at !== document.body) this.#held = (at === this.#go || at === this.#halt) && at.matches(":focus-visible");
  }

  /** The lamp is announced, so only its words count, not its seconds. @param {import("./state.js").State} state @param {Situation} s */
  #light(state, s) {
    this.#lamp.dataset.state = LAMP[state] ?? state;
    if (state === this.#said && state !== "queued" && state !== "building") return;
    const counting = state === this.#said;
    this.#said = state;
    this.#lamp.setAttribute("aria-live", counting ? "off" : "polite");
    this.#lamp.replaceChildren(both(lampText(state, s)));
  }

  /** @param {Situation} s */
  #time({ run, experiment: x }) {
    const total = run?.series.total ?? x.warmup + x.seconds;
    const at = { now: fixed(run?.series.now ?? 0, 1), all: String(total) }, blocks = run?.begin?.plan?.order.length;
    const now = blocks ? text("run.clock.block", { ...at, n: (run?.block ?? 0) + 1, blocks: Math.max(blocks, run?.blocks.length ?? 0) }) : text("run.clock", at);
    const key = now.ko + now.en;
    if (this.#clock.dataset.said === key) return;
    this.#clock.dataset.said = key;
    this.#clock.replaceChildren(both(now));
  }

  /** @param {import("./state.js").Note} n */
  #tell(n) {
    const key = JSON.stringify(n);
    if (key === this.#noted) return;
    const focused = document.activeElement instanceof HTMLElement && this.#note.contains(document.activeElement) ? document.activeElement.dataset.do : "";
    this.#noted = key;
    const box = el("div", { class: "note", "data-kind": n.kind }, el("b", {}, both(n.title)), ...n.body.map((t) => el("p", {}, both(t))));
    if (n.raw) box.append(el("pre", { tabindex: 0 }, n.raw));
    if (n.acts.length || n.raw) box.append(this.#buttons(n));
    this.#note.replaceChildren(box);
    const restored = every(this.#note, "[data-do]").find((b) => b.dataset.do === focused);
    restored?.focus();
  }

  /** @param {import("./state.js").Note} n */
  #buttons(n) {
    const box = el("div", { class: "note-do" });
    for (const a of n.acts) {
      if (a.act === "download") {
        box.append(el("a", { class: "button", href: `/api/runs/${a.arg}/recording`, download: true }, both(a.key)));
        continue;
      }
      const b = el("button", { class: a.main ? "button button-main" : "button", type: "button", "data-do": a.act }, both(a.key));
      b.addEventListener("click", () => this.#act(a));
      box.append(b);
    }
    if (n.raw) box.append(el("button", { class: "button", type: "button", "data-act": "copy" }, both("app.copy")));
    return box;
  }
}
