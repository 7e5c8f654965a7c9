// @ts-check
// Everything on the bench that shows a run, and how often each of it is drawn.

/** @import {Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
import { Charts } from "./charts.js";
import { Checks } from "./checks.js";
import { Doctor } from "./doctor.js";
import { byId, one } from "./dom.js";
import { Figures } from "./figures.js";
import { Log } from "./log.js";
import { QueueMap } from "./map.js";
import { Notes } from "./notes.js";
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
  #map = new QueueMap(() => this.#paint.now(), (t) => this.#point(t + (this.#shown().run?.series.warmup ?? 0)));
  #doctor = new Doctor();
  #log = new Log();
  #table = new Table();
  #trust = new Trust();
  #notes = new Notes({ changed: () => this.#paint.now(), go: (t, block) => this.#go(t, block), at: () => this.#time(this.#shown().run) });
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
    for (const part of [this.#charts, this.#figures, this.#checks, this.#map, this.#table, this.#notes]) part.build(x);
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

  /** The moment that is shown, in seconds since load began; null: the latest. @param {Run|null} run */
  #moment(run) { return this.#replay ? this.#upTo(run) / HZ : this.#at; }

  /** The moment that a note would be about. @param {Run|null} run */
  #time(run) {
    const row = this.#charts.view.row;
    return this.#moment(run) ?? (row === null ? Math.max(0, this.#upTo(run)) / HZ : row / HZ);
  }

  /** A moment of a block, which may not be the one that is shown. @param {number} t @param {number} block */
  #go(t, block) {
    const { run } = this.#shown();
    if (run && run.block !== block) document.dispatchEvent(new CustomEvent("block", { detail: { block, then: () => this.#point(t) } }));
    else this.#point(t);
  }

  /** Where a note is written. */
  note() { this.#notes.focus(); }

  /** @param {number|null} t */
  #point(t) {
    this.#at = t;
    this.#replay = 0;
    this.#charts.point(t);
    this.#paint.now();
  }

  /** @param {Shown} s */
  #traces({ experiment, run, under }) {
    const upTo = this.#upTo(run);
    this.#notes.draw(run);
    const marks = [...marksOf(experiment, run), ...this.#notes.marks()];
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
    badge.hidden = !command && !exercise && (!edited || run?.author === true); // what its author recorded is the workbook's
    badge.title = command?.join(" ") ?? "";
    if (badge.dataset.said === key) return;
    badge.dataset.said = key;
    badge.replaceChildren(both(key));
  }

  /** @param {Shown} s */
  #digits({ experiment, run }) {
    const upTo = this.#upTo(run), row = this.#at === null ? upTo : Math.min(upTo, Math.round(this.#at * HZ));
    this.#charts.digits(run, upTo);
    const at = this.#moment(run);
    this.#figures.draw(run, at);
    this.#checks.draw(run, at);
    this.#source.draw(experiment.lab, run, row);
    this.#map.draw(run, row);
  }

  /** @param {Shown} s */
  #tables({ experiment, run }) {
    const upTo = this.#upTo(run);
    this.#charts.heat(run, upTo);
    const at = this.#moment(run);
    this.#sockets.draw(run, at);
    this.#doctor.draw(run, experiment);
    this.#log.draw(run, at);
    this.#table.draw(run, upTo);
  }
}
