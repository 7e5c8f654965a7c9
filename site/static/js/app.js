// @ts-check
// Wires the page. Every page has a header; a lesson with experiments has a bench.

import { Bench } from "./bench.js";
import { startBreakIt } from "./breakit.js";
import { CapacityPage } from "./capacity.js";
import { startChosen } from "./chosen.js";
import { dressCode, startCopy } from "./copy.js";
import { byId, every, hit, one } from "./dom.js";
import { startErrorMap } from "./errormap.js";
import { Exercise } from "./exercise.js";
import { recall } from "./exported.js";
import { startFound } from "./found.js";
import { startGlossary } from "./glossary.js";
import { startKeys } from "./keys.js";
import { Live } from "./live.js";
import { startHarden } from "./harden.js";
import { setMath } from "./math.js";
import { startLook, toggleLanguage, toggleTheme } from "./look.js";
import { comparisons, experimentOf, experiments, inClass, page } from "./page.js";
import { startMystery } from "./mystery.js";
import { onWidth } from "./place.js";
import { count, followReading } from "./progress.js";
import { startAsking } from "./reach.js";
import { Recordings } from "./recordings.js";
import { Replay } from "./replayed.js";
import { Search } from "./search.js";
import { dressTerms, startTerms } from "./terms.js";

/** @param {Element} root */
const dress = (root) => { setMath(); dressCode(root); dressTerms(root); };
new Live(dress); // first: it must see the page as the site sent it
recall();
startLook();
startCopy();
startTerms();
startGlossary();
setMath();
count();
followReading();

const search = new Search();
const help = /** @type {HTMLDialogElement} */ (byId("ui-help"));
const menu = one(document, "[data-act=contents]");
const replay = page.run && !page.watch ? new Replay() : null;
const bench = !replay && !page.watch && document.getElementById("ui-bench") && experiments.length ? new Bench() : null;
if (document.querySelector("main.runs")) new Recordings();
const capacity = document.getElementById("ui-sweep") ? new CapacityPage() : null;
if (bench && page.exercise?.file === "") startChosen(page.exercise, bench, dress);
else if (bench && page.exercise) {
  const exercise = new Exercise(page.exercise, bench);
  bench.ready = (x) => exercise.ready(x);
}
startBreakIt();
startErrorMap();
startHarden();
const { wall, watch } = inClass.start?.(bench) ?? {};

/** @param {boolean} open */
function contents(open) {
  document.getElementById("ui-contents")?.classList.toggle("is-open", open);
  menu.setAttribute("aria-expanded", String(open));
}

/** @param {string} rel */
const turn = (rel) => { const a = document.querySelector(`a[rel=${rel}]`); if (a instanceof HTMLAnchorElement) location.assign(a.href); };

function toBench() {
  const box = byId("ui-bench");
  if (!box.contains(document.activeElement)) {
    box.scrollIntoView({ block: "nearest" });
    byId("ui-go").focus({ preventScroll: true });
    if (document.activeElement !== byId("ui-go")) box.focus({ preventScroll: true });
    return;
  }
  const card = byId(bench?.experiment.id ?? "ui-text");
  card.scrollIntoView({ block: "center" });
  one(card, "[data-act=bench]").focus({ preventScroll: true });
}

startKeys({
  "/": () => (wall ?? search).find(),
  "?": () => help.showModal(),
  t: toggleTheme,
  l: toggleLanguage,
  ArrowLeft: () => turn("prev"),
  ArrowRight: () => turn("next"),
  r: () => { bench?.start(); capacity?.start(); },
  c: () => bench?.act({ act: "compare", key: "" }),
  s: () => { bench?.act({ act: "stop", key: "" }); capacity?.stop(); },
  f: () => bench?.act({ act: "freeze", key: "" }),
  n: () => (bench ?? replay ?? watch)?.note(),
  h: () => wall?.hide(),
  b: () => { if (bench) toBench(); },
  Escape: (inField) => {
    search.close();
    const open = menu.getAttribute("aria-expanded") === "true";
    if (!open && !help.open) wall?.fold();
    if (!open && !inField) watch?.leave(); // in a field it is about what is typed there
    if (!open) return;
    contents(false);
    menu.focus();
  },
});

document.addEventListener("click", (e) => {
  const button = hit(e, "[data-act]"), card = hit(e, "[data-experiment-card]");
  if (button?.dataset.act === "theme") toggleTheme();
  else if (button?.dataset.act === "help") help.showModal();
  else if (button?.dataset.act === "print") print();
  else if (button?.dataset.act === "contents") contents(menu.getAttribute("aria-expanded") !== "true");
  else if (button?.dataset.act === "compare" && hit(e, "[data-compare-card]")) pose(hit(e, "[data-compare-card]")?.dataset.compareCard ?? "");
  else if (button?.dataset.act === "bench" && card) mount(card.dataset.experimentCard ?? "");
  else if (hit(e, ".contents a")) contents(false);
});

/** @param {string} id of an experiment @param {string} [run] */
function mount(id, run) {
  const x = experimentOf(id);
  if (x && bench && (x !== bench.experiment || run)) bench.put(x, run);
  if (x && bench) history.replaceState(history.state, "", `${location.pathname}${run ? `?run=${run}` : ""}#${id}`);
}

/** Puts a comparison of the lesson on the bench. @param {string} id @param {string} [run] */
function pose(id, run) {
  const c = comparisons.find((k) => k.id === id);
  if (!c || !bench) return;
  bench.pose(c, run);
  history.replaceState(history.state, "", `${location.pathname}${run ? `?run=${run}` : ""}#${id}`);
}

/** The experiment that the address names, else the one that was run last, else the first. */
function start() {
  if (!bench) return;
  const named = experimentOf(decodeURIComponent(location.hash.slice(1)));
  const run = new URLSearchParams(location.search).get("run") ?? undefined;
  const of = experiments.find((x) => run && x.latest?.id === run);
  const posed = comparisons.find((c) => c.id === decodeURIComponent(location.hash.slice(1)));
  onWidth(() => bench.settle());
  if (posed) pose(posed.id, run);
  else bench.put(named ?? of ?? experiments[0], run);
  addEventListener("hashchange", () => { const c = comparisons.find((k) => `#${k.id}` === location.hash); if (c) pose(c.id); });
  addEventListener("hashchange", () => { const x = experimentOf(decodeURIComponent(location.hash.slice(1))); if (x && x !== bench.experiment) bench.put(x); });
}

document.addEventListener("called", (e) => { const { experiment, run } = /** @type {CustomEvent<{experiment: string, run: string}>} */ (e).detail; mount(experiment, run); });

start();
startMystery();
startFound();
for (const e of every(document, ".js")) e.classList.add("is-live");
if (!page.linux) byId("ui-link").dataset.state = "stopped";
else if (page.root === undefined && !inClass.start) startAsking();
