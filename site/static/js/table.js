// @ts-check
// The charts as a table: their text alternative, one row a second.

/** @import {Experiment} from "./events.js" */
/** @import {Run} from "./run.js" */
import { byId, el, every, one } from "./dom.js";
import { figure, runCommand } from "./format.js";
import { metricOf, page } from "./page.js";
import { savePicture } from "./picture.js";
import { plans } from "./scale.js";
import { HZ } from "./series.js";
import { both } from "./words.js";

export class Table {
  #pane = byId("ui-table");
  #head = one(this.#pane, "thead");
  #body = one(this.#pane, "tbody");
  #empty = one(this.#pane, ".run-empty");
  #box = one(this.#pane, ".scroll-x");
  #links = { csv: link("ui-csv"), json: link("ui-json"), recording: link("ui-recording") };
  #offers = byId("ui-give");
  /** @type {{name: string, by: number, unit: import("./events.js").Text}[]} */
  #columns = [];
  #name = "";
  #blob = "";
  #blobOf = "";

  constructor() {
    this.#links.csv.addEventListener("click", () => this.#freshen());
    addEventListener("beforeprint", () => { if (this.#run && this.#upTo > 0) this.#fill(this.#run, this.#upTo); }); // on paper it is seen
    byId("ui-png").addEventListener("click", () => savePicture(every(document, "#ui-charts .run-chart"), `${this.#file()}.png`));
  }

  /** @param {Experiment} x */
  build(x) {
    this.#name = x.name;
    this.#columns = plans(x).flatMap((p) => p.metrics.map((name) => ({ name, by: p.scale.by, unit: p.scale.unit })));
    const heads = this.#columns.map((c) => el("th", { scope: "col", class: "right" }, both(metricOf(c.name).label), " ", both(c.unit)));
    this.#head.replaceChildren(el("tr", {}, el("th", { scope: "col", class: "right" }, both("table.time"), " s"), ...heads));
    one(this.#pane, "code").textContent = `${runCommand(x.name)} --json`;
  }

  /** @type {Run|null} */
  #run = null;

  /** @param {Run|null} run @param {number} upTo the last row that is shown */
  draw(run, upTo) {
    this.#run = run;
    const any = run !== null && upTo > 0;
    this.#empty.hidden = any;
    this.#box.hidden = !any;
    for (const a of [...Object.values(this.#links), this.#offers]) a.hidden = !any;
    if (!any) return;
    this.#address(run);
    this.#upTo = upTo;
    if (!this.#pane.hidden) this.#fill(run, upTo);
  }

  #upTo = -1;

  /** @param {Run} run @param {number} upTo */
  #fill(run, upTo) {
    const rows = [];
    for (let row = HZ; row <= upTo; row += HZ) rows.push(el("tr", {}, cell(figure(row / HZ)), ...this.#columns.map((c) => cell(this.#text(run, c, row)))));
    this.#body.replaceChildren(...rows);
  }

  /** @param {Run} run @param {{name: string, by: number}} c @param {number} row */
  #text(run, c, row) {
    const v = run.series.shown(c.name, row);
    return figure(Number.isFinite(v) ? v * c.by : null);
  }

  #file() { return `${this.#name.replace("/", "-")}${this.#run?.id ? `-${this.#run.id}` : ""}`; }

  /** What a run that has ended is given away as. @param {Run} run */
  #give(run) {
    const file = run.author || page.offline === true;
    for (const a of every(this.#offers, "a[data-as]")) {
      a.hidden = file || !run.over;
      if (a instanceof HTMLAnchorElement && !a.hidden) a.href = `/api/runs/${run.id}/export/${a.dataset.as}`;
    }
  }

  /** @param {Run} run */
  #address(run) {
    this.#give(run);
    byId("ui-png").dataset.picture = run.author ? this.#name : `${this.#name} ${run.id}`;
    const give = document.getElementById("ui-run-link");
    if (give) {
      give.hidden = run.author || !run.id;
      give.dataset.link = `/runs/${run.id}`;
    }
    this.#links.json.hidden = page.offline === true;
    this.#links.json.href = run.author ? `/api/experiments/${this.#name}/author/series` : `/api/runs/${run.id}/series`;
    this.#links.recording.hidden = run.author || page.offline === true;
    this.#links.recording.href = run.author ? "" : `/api/runs/${run.id}/recording`;
    this.#links.csv.download = `${this.#file()}.csv`;
    const key = `${run.id}:${run.series.last}`;
    if (!this.#blob || (key !== this.#blobOf && run.over)) this.#freshen();
  }

  /** Every row of the grid, in the schema's own units, as comma-separated values (RFC 4180). */
  #freshen() {
    const run = this.#run;
    if (!run) return;
    const lines = [["t", ...this.#columns.map((c) => c.name + (metricOf(c.name).kind === "counter" ? "_per_second" : ""))].join(",")];
    for (let row = 0; row <= run.series.last; row++) {
      lines.push([row / HZ, ...this.#columns.map((c) => run.series.shown(c.name, row)).map((v) => (Number.isFinite(v) ? v : ""))].join(","));
    }
    if (this.#blob) URL.revokeObjectURL(this.#blob);
    this.#blob = URL.createObjectURL(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    this.#blobOf = `${run.id}:${run.series.last}`;
    this.#links.csv.href = this.#blob;
  }
}

/** @param {string} id */
const link = (id) => /** @type {HTMLAnchorElement} */ (byId(id));
/** @param {string} s */
const cell = (s) => el("td", { class: "right" }, s);
