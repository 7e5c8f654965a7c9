// @ts-check
// The map of the queues: the way of a request and of its answer, each queue a tank.
// Which stage is the bottleneck is answered by clicking it.

/** @import {Experiment, Path} from "./events.js" */
/** @import {Run} from "./run.js" */
import { byId, el, one, put } from "./dom.js";
import { duration, figure, fixed } from "./format.js";
import { HZ } from "./series.js";
import { amount, flow, Tank } from "./tank.js";
import { command, headline, reasons, stageName } from "./bottleneck.js";
import { both, say } from "./words.js";

const STAGES = ["client", "client_sendq", "link", "recvq", "accept", "parser", "workers", "out", "sendq"];

export class QueueMap {
  #pane = byId("ui-map");
  #said = one(this.#pane, ".map-said");
  #why = one(this.#pane, ".map-why");
  #bar = one(this.#pane, ".map-command");
  #when = one(this.#pane, ".map-time");
  #rows = one(this.#pane, "tbody");
  #none = one(this.#pane, "[data-pick=none]");
  #answers = el("li", { "data-stage": "answers" }, el("span", { class: "tank-name" }, both("map.answers")), el("b", { class: "num" }, "–"));
  #tanks;
  /** What was clicked, by experiment: another one is another question. @type {Map<string, string>} */
  #picks = new Map();
  #experiment = "";
  #touch;
  #go;

  /** @param {() => void} touch something was clicked @param {(t: number) => void} go shows a moment of the measured time */
  constructor(touch, go) {
    this.#touch = touch;
    this.#go = go;
    this.#tanks = STAGES.map((id) => new Tank(id, (picked) => this.#pick(picked)));
    this.#none.addEventListener("click", () => this.#pick("none"));
    one(this.#pane, "details").addEventListener("toggle", () => touch());
    one(this.#pane, ".map-way").replaceChildren(...this.#tanks.map((t) => t.item), this.#answers);
  }

  /** @param {Experiment} x */
  build(x) { this.#experiment = x.name; }

  get #mine() { return this.#picks.get(this.#experiment) ?? ""; }

  /** @param {string} id */
  #pick(id) {
    this.#picks.set(this.#experiment, id);
    this.#touch();
  }

  /** @param {Run|null} run @param {number} row the moment that is shown */
  draw(run, row) {
    if (this.#pane.hidden) return;
    const at = run?.paths.findLast((p) => p.t <= row / HZ + 0.05) ?? null, path = at?.path ?? null, mine = this.#mine;
    const verdict = mine && path ? path.verdict : null, guess = run?.end?.guesses?.find((g) => g.kind === "queue");
    for (const t of this.#tanks) {
      t.draw(path?.stages.find((s) => s.id === t.id), {
        mine: mine === t.id, fact: verdict?.stage === t.id, behind: verdict?.behind?.includes(t.id) ?? false,
        guess: guess?.given === t.id, answer: guess?.answer === t.id,
      });
    }
    this.#none.setAttribute("aria-pressed", String(mine === "none"));
    const answers = run?.series.rate("load.requests", row) ?? NaN;
    put(one(this.#answers, "b"), Number.isFinite(answers) ? flow(answers, "") : "–");
    put(this.#when, at && run ? say("map.time", { t: fixed(at.t - run.series.warmup, 1) }) : "");
    this.#answer(run, path);
    this.#table(path);
  }

  /** @param {Run|null} run @param {Path|null} path */
  #answer(run, path) {
    const mine = this.#mine, first = headline(mine, path), key = `${mine} ${run?.void} ${JSON.stringify(path?.verdict ?? null)}`;
    const stage = (mine && path?.verdict.stage) || "none", port = run?.facts.addr?.split(":").pop() ?? "";
    const line = mine && path && stage !== "none" ? command(stage, port, run?.id ?? "") : "";
    this.#bar.hidden = line === "";
    put(one(this.#bar, "code"), line);
    if (this.#said.dataset.said !== first.en) {
      this.#said.dataset.said = first.en;
      this.#said.replaceChildren(both(first));
    }
    this.#pane.dataset.verdict = mine === "" || !path ? "" : path.verdict.stage === mine ? "right" : "other";
    if (this.#why.dataset.of === key) return;
    this.#why.dataset.of = key;
    this.#why.replaceChildren(...(mine && path ? reasons(mine, path, run?.void ?? false, this.#go) : []));
  }

  /** The same in words. @param {Path|null} path */
  #table(path) {
    if (!this.#rows.closest("details")?.open) return;
    const number = (/** @type {Node|string} */ s) => el("td", { class: "right" }, s);
    this.#rows.replaceChildren(...STAGES.map((id) => {
      const s = path?.stages.find((x) => x.id === id), name = el("th", { scope: "row" }, both(stageName(id)), ...(s?.rtt === undefined ? [] : [" ", el("small", { class: "num" }, both("map.travel", { rtt: duration(s.rtt), n: figure(s.again) }))]));
      if (!s) return el("tr", {}, name, el("td", { colspan: 5 }, "–"));
      if (s.absent) return el("tr", {}, name, el("td", { colspan: 5, class: "map-absent" }, both(`map.absent.${s.absent}`)));
      return el("tr", {}, name, number(both(amount(s.level, s.unit))), number(s.limit === undefined ? "–" : figure(s.limit)),
        number(flow(s.in, s.unit)), number(flow(s.out, s.unit)), number(s.wait === undefined ? "–" : duration(s.wait)));
    }));
  }
}
