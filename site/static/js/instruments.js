// @ts-check
// Everything on the bench that shows a run, and how often each of it is drawn.

/** @import {Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
import { Charts } from "./charts.js";
import { Checks } from "./checks.js";
import { byId, one } from "./dom.js";
import { Figures } from "./figures.js";
import { Log } from "./log.js";
import { Beneath } from "./overlay.js";
import { DIGITS, Painter, TABLE, TRACE } from "./paint.js";
import { marksOf } from "./place.js";
import { HZ } from "./series.js";
import { Sockets } from "./sockets.js";
import { Source } from "./source.js";
import { Table } from "./table.js";
import { startTabs } from "./tabs.js";
import { Timeline } from "./timeline.js";
import { Trust } from "./trust.js";
import { both } from "./words.js";

/**
 * What is to be shown.
 * @typedef {object} Shown
 * @property {Experiment} experiment
 * @property {Run|null} run
 * @property {Run|null} under the run that lies underneath
 */

export class Instruments {
  #paint = new Painter();
  #charts = new Charts(() => this.#paint.now());
  #timeline = new Timeline((t) => this.#point(t));
  #checks = new Checks();
  #figures = new Figures();
  #source = new Source();
  #sockets = new Sockets();
  #log = new Log();
  #table = new Table();
  #trust = new Trust();
  #beneath = new Beneath();
  /** @type {number|null} the moment that was chosen, in seconds */
  #at = null;
  /** When a replay began, in the time of performance.now(); 0: there is none. */
  #replay = 0;
  #shown;

  /** @param {() => Shown} shown @param {() => void} head draws the run's head */
  constructor(shown, head) {
    this.#shown = shown;
    this.#paint.add(TRACE, () => { this.#traces(shown()); head(); });
    this.#paint.add(DIGITS, () => this.#digits(shown()));
    this.#paint.add(TABLE, () => this.#tables(shown()));
    startTabs(one(byId("ui-bench"), "[role=tablist]"), () => this.#paint.now());
  }

  /** @param {Experiment} x */
  build(x) {
    for (const part of [this.#charts, this.#figures, this.#checks, this.#table]) part.build(x);
  }

  /** Forgets what was chosen about the run before. */
  clear() {
    this.#at = null;
    this.#replay = 0;
    this.#charts.view.zoom = null;
  }

  /** Something new is there to be drawn, in its own time. */
  touch() { this.#paint.touch(); }
  /** Everything is drawn in the next frame. */
  now() { this.#paint.now(); }

  /** Draws the run again as it went, in its own time. */
  replay() {
    this.clear();
    this.#replay = performance.now();
    const tick = () => {
      if (this.#replay && this.#upTo(this.#shown().run) < (this.#shown().run?.series.last ?? 0)) setTimeout(tick, 100);
      else this.#replay = 0;
      this.#paint.touch();
    };
    tick();
  }

  /** The last row that is shown. @param {Run|null} run */
  #upTo(run) {
    const last = run?.series.last ?? -1;
    return this.#replay ? Math.min(last, Math.floor(((performance.now() - this.#replay) / 1000) * HZ)) : last;
  }

  /** @param {number|null} t */
  #point(t) {
    this.#at = t;
    this.#replay = 0;
    this.#charts.point(t);
    this.#paint.now();
  }

  /** @param {Shown} s */
  #traces({ experiment, run, under }) {
    const upTo = this.#upTo(run), marks = marksOf(experiment, run);
    this.#charts.draw(run, under, upTo, marks);
    const { warmup, total } = this.#charts.view;
    this.#timeline.draw(run, { warmup, total, upTo, at: this.#at, marks });
    this.#trust.draw(run);
    this.#beneath.draw(run, under);
    this.#whose(experiment, run);
  }

  /** Says when what ran is not the workbook's own code. @param {Experiment} experiment @param {Run|null} run */
  #whose(experiment, run) {
    const badge = byId("ui-edited"), { command, exercise, edited } = run?.begin ?? { edited: run === null && experiment.edited };
    const key = command ? "run.stranger" : exercise ? "exercise.badge" : "run.edited";
    badge.hidden = !command && !exercise && !edited;
    badge.title = command?.join(" ") ?? "";
    if (badge.dataset.said === key) return;
    badge.dataset.said = key;
    badge.replaceChildren(both(key));
  }

  /** @param {Shown} s */
  #digits({ experiment, run }) {
    const upTo = this.#upTo(run), row = this.#at === null ? upTo : Math.min(upTo, Math.round(this.#at * HZ));
    this.#charts.digits(run, upTo);
    this.#figures.draw(run);
    this.#checks.draw(run);
    this.#source.draw(experiment.lab, run, row);
  }

  /** @param {Shown} s */
  #tables({ run }) {
    const upTo = this.#upTo(run);
    this.#charts.heat(run, upTo);
    this.#sockets.draw(run);
    this.#log.draw(run);
    this.#table.draw(run, upTo);
  }
}
