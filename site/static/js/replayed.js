// @ts-check
// A page that replays one run and starts none: on the site, or as a file that was
// given away and opens without a network.

/** @import {Backfill, Notes} from "./events.js" */
import { get } from "./api.js";
import { comparisonOf, rows, sentence, strip } from "./compare.js";
import { byId, el } from "./dom.js";
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
  /** @type {Backfill[]|null} what a file brings along, block by block */
  #kept = null;
  #show = new Instruments(() => ({ experiment: this.#x, run: this.#loaded ? this.#run : null, under: null }), () => this.#clock());

  constructor() {
    byId("ui-run-name").replaceChildren(both(this.#x.title));
    byId("ui-play").addEventListener("click", () => this.#show.replay());
    this.#show.build(this.#x);
    this.#load();
  }

  async #load() {
    const island = document.getElementById("run-data")?.textContent;
    if (island) {
      const { blocks, notes } = /** @type {{blocks: Backfill[], notes: Notes|null}} */ (JSON.parse(island));
      this.#kept = blocks;
      if (notes) this.#run.notes = notes;
    }
    document.addEventListener("block", (e) => { const { block, then } = /** @type {CustomEvent<{block: number, then: () => void}>} */ (e).detail; this.#open(block).then(then); });
    await this.#open(0);
    this.#loaded = true;
    byId("ui-bench").dataset.loaded = "";
    this.#show.now();
  }

  /** Shows one block. @param {number} n */
  async #open(n) {
    this.#run.load(this.#kept?.[n] ?? (await get(`/api/runs/${page.run}/series?block=${n}`)), n);
    this.#show.clear();
    this.#choose();
    this.#show.now();
  }

  /** The blocks of the run, when it has several, and what they say together. */
  #choose() {
    const box = byId("ui-blocks"), run = this.#run, c = comparisonOf(run.end), kept = box.contains(document.activeElement);
    box.hidden = run.blocks.length < 2;
    if (box.hidden) return;
    const arms = (c && run.begin?.arms) || [];
    box.replaceChildren(el("p", { class: "compare-legend" }, ...arms.map((a, i) => el("span", {}, el("b", {}, "AB"[i] ?? ""), " ", a.label)), strip(run, (n) => this.#open(n)), el("span", {}, both("notes.block", { n: run.block + 1 }), c ? "" : ` · ${run.blocks[run.block]?.label ?? ""}`)), ...(c ? [rows(c.metrics), sentence(c)] : []));
    if (kept) /** @type {HTMLElement|null} */ (box.querySelector("[aria-current]"))?.focus();
  }

  /** Where a note about the run is written. */
  note() { this.#show.note(); }

  #clock() {
    const { now, total } = this.#run.series;
    byId("ui-clock").replaceChildren(both("run.clock", { now: fixed(now, 1), all: String(total) }));
  }
}
