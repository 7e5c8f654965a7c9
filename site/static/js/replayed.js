// @ts-check
// A page that replays one run and starts none: on the site, or as a file that was
// given away and opens without a network.

/** @import {Backfill, Notes} from "./events.js" */
import { get } from "./api.js";
import { byId } from "./dom.js";
import { fixed } from "./format.js";
import { Instruments } from "./instruments.js";
import { experiments, page } from "./page.js";
import { Run } from "./run.js";
import { speakOfRuns } from "./saidrun.js";
import { both } from "./words.js";

speakOfRuns();

export class Replay {
  #x = experiments[0];
  #run = new Run(page.run ?? "", this.#x.warmup, this.#x.seconds);
  #loaded = false;
  #show = new Instruments(() => ({ experiment: this.#x, run: this.#loaded ? this.#run : null, under: null }), () => this.#clock());

  constructor() {
    byId("ui-run-name").replaceChildren(both(this.#x.title));
    byId("ui-play").addEventListener("click", () => this.#show.replay());
    this.#show.build(this.#x);
    this.#load();
  }

  async #load() {
    const island = document.getElementById("run-data")?.textContent;
    const { series, notes } = /** @type {{series: Backfill, notes: Notes|null}} */ (island ? JSON.parse(island) : { series: await get(`/api/runs/${page.run}/series?block=0`), notes: null });
    this.#run.load(series, 0);
    if (notes) this.#run.notes = notes;
    this.#loaded = true;
    byId("ui-bench").dataset.loaded = "";
    this.#show.now();
  }

  /** Where a note about the run is written. */
  note() { this.#show.note(); }

  #clock() {
    const { now, total } = this.#run.series;
    byId("ui-clock").replaceChildren(both("run.clock", { now: fixed(now, 1), all: String(total) }));
  }
}
