// @ts-check
// The microscope's page: what to look at, the traces one after the other, and
// what they show side by side.

/** @import {Trace, Order, View, Mark} from "./scope-data.js" */
import { asApiError, get, post } from "./api.js";
import { byId, el, every, hit, one } from "./dom.js";
import { duration, figure } from "./format.js";
import { Knob } from "./knob.js";
import { page } from "./page.js";
import { reach } from "./reach.js";
import { signs } from "./scope-data.js";
import { detail } from "./scope-detail.js";
import { nameOf } from "./scope-draw.js";
import { Panel } from "./scope-panel.js";
import { axes } from "./scope-time.js";
import { both, known, say } from "./words.js";

const view = /** @type {View} */ (/** @type {any} */ (page).microscope);
const what = /** @type {HTMLSelectElement} */ (byId("ui-scope-what"));
const schedule = /** @type {HTMLSelectElement} */ (byId("ui-scope-schedule"));
const go = /** @type {HTMLButtonElement} */ (byId("ui-scope-go"));
const stop = byId("ui-scope-stop"), note = byId("ui-scope-note"), lamp = byId("ui-scope-lamp"), box = byId("ui-scope-panels"), about = byId("ui-scope-detail");
const all = /** @type {HTMLInputElement} */ (byId("ui-scope-all"));

/** @type {Panel[]} */
let panels = [];
/** @type {Knob[]} */
let knobs = [];
let zoom = 1, asked = false, lost = false, live = "";

const setOf = () => view.sets.find((s) => `set:${s.id}` === what.value);

/** Options are in one language each: they are written again when it changes. */
function choices() {
  const was = [what.value, schedule.value];
  what.replaceChildren(...view.sets.map((s) => el("option", { value: `set:${s.id}` }, say(`scope.set.${s.id}`))), ...view.labs.map((l) => el("option", { value: l.name }, `${say(l.title)} · labs/${l.name}`)));
  schedule.replaceChildren(...view.schedules.map((s) => el("option", { value: s.id }, say(`scope.schedule.${s.id}`))));
  if (was[0]) [what.value, schedule.value] = was;
}

function fit() {
  const lab = view.labs.find((l) => l.name === what.value), more = byId("ui-scope-knobs");
  more.hidden = !lab;
  knobs = (lab?.knobs ?? []).map((s) => new Knob(s, `knob.${s.name}`, () => {}));
  one(more, ".knobs").replaceChildren(...knobs.map((k) => k.root));
  byId("ui-scope-story").replaceChildren(both(`scope.schedule.${schedule.value}.story`));
}

/** @returns {Order[]} */
function orders() {
  const of = setOf()?.traces ?? [{ lab: what.value, settings: Object.fromEntries(knobs.filter((k) => k.changed).map((k) => [k.name, k.said])), schedule: "" }];
  return of.map((o) => ({ ...o, schedule: schedule.value }));
}

/** @param {string} state @param {string} key @param {import("./words.js").Args} [args] */
function light(state, key, args) {
  lamp.dataset.state = state;
  lamp.replaceChildren(both(key, args));
}

/** What, why, and what to do. @param {string} kind @param {...Node} said */
const tell = (kind, ...said) => note.replaceChildren(...(kind ? [el("div", { class: "note", "data-kind": kind }, ...said)] : []));

/** @param {Trace} t why it is not whole */
function trouble(t) {
  const key = t.reason?.code ?? "trace-failed", base = known(`reason.${key}.title`) ? `reason.${key}` : "reason.trace-failed";
  const raw = [t.reason?.file ? `${t.reason.file}:${t.reason.at}` : "", t.reason?.line ?? "", ...t.log.slice(-8)].filter(Boolean).join("\n");
  tell(t.phase === "stopped" ? "void" : "failed", el("b", {}, both(`${base}.title`)), el("p", {}, both(`${base}.why`)), el("p", {}, both(`${base}.do`)), ...(raw ? [el("pre", { tabindex: 0 }, raw)] : []));
}

const over = (/** @type {Trace} */ t) => ["finished", "failed", "stopped", "interrupted"].includes(t.phase);

/** Waits for the end of the one that is live. @param {string} lab @param {number} i @param {number} n @returns {Promise<Trace>} */
async function follow(lab, i, n) {
  for (;;) {
    const t = await reached(live);
    if (t === null) {
      light("lost", "scope.phase.lost", { i: i + 1, n, lab });
      await new Promise((wake) => setTimeout(wake, 1000));
      continue;
    }
    if (over(t)) return t;
    const line = t.phase === "queued" ? t.reason?.args : undefined;
    light(t.phase, line ? (t.reason?.code === "paused" ? "scope.phase.paused" : "scope.phase.waits") : `scope.phase.${t.phase}`, { i: i + 1, n, lab, ...line });
    await new Promise((wake) => setTimeout(wake, 250));
  }
}

/** How a trace stands; null: the site is out of reach, and nobody has pressed Stop. @param {string} id @returns {Promise<Trace|null>} */
async function reached(id) {
  try {
    const t = await get(`/api/traces/${id}`);
    if (lost) within(true);
    return t;
  } catch (e) {
    const out = asApiError(e).code === "unreachable";
    if (out === !lost) within(!out);
    if (!out || asked) throw e;
    return null;
  }
}

/** @param {boolean} on */
function within(on) {
  lost = !on;
  reach(on);
}

/** Traces in turn; those that were begun before the page came are followed to their end. @param {Order[]} list @param {Trace[]} begun */
async function take(list, begun) {
  const set = setOf()?.id, titles = list.map((_, i) => (set ? `scope.set.${set}.${i + 1}` : "")), ids = begun.map((t) => t.id);
  go.disabled = true;
  stop.hidden = asked = false;
  tell("");
  light("queued", "scope.phase.queued", { i: 1, n: list.length, lab: list[0].lab });
  /** @type {Trace[]} */
  const seen = [];
  let more = false;
  try {
    for (const [i, o] of list.entries()) {
      if (asked) break;
      live = ids[i] ??= (await post("/api/traces", o)).id;
      remember(ids, i < list.length - 1);
      seen.push(begun[i] && over(begun[i]) ? begun[i] : await follow(o.lab, i, list.length));
      show(seen, titles);
    }
    light(seen.at(-1)?.phase ?? "stopped", `scope.phase.${seen.at(-1)?.phase ?? "stopped"}`, { n: seen.length });
    const bad = seen.find((t) => t.reason);
    if (bad) trouble(bad);
  } catch (e) {
    const said = asApiError(e);
    more = said.code === "unreachable" && !asked; // so does every request of a page that is left
    light("failed", "scope.phase.failed");
    knobs.find((k) => k.name === said.field)?.refuse(said.said);
    tell("failed", el("b", {}, both(said.said)));
  }
  remember(ids, more);
  go.disabled = false;
  stop.hidden = true;
  live = "";
}

/** The traces of a set that this tab is going through. Not in the history's state: a page that is being loaded again loses what is written there meanwhile. */
const UNDERWAY = "socket-labs.traces";

/** @param {string[]} ids those that have begun, of a set that is not yet whole; none: it is */
function underway(ids) {
  try { ids.length ? sessionStorage.setItem(UNDERWAY, ids.join()) : sessionStorage.removeItem(UNDERWAY); } catch { /* then a page that is loaded again shows these, and no more */ }
}

/** @returns {string[]} */
function wasUnderway() {
  try { return sessionStorage.getItem(UNDERWAY)?.split(",") ?? []; } catch { return []; }
}

/** The address leads back to the traces for as long as the site keeps them. @param {string[]} ids @param {boolean} more are to come: a page that is loaded again goes on with them */
function remember(ids, more) {
  underway(more ? ids : []);
  if (!ids.length) return;
  const q = new URLSearchParams({ t: ids.join(), ...(setOf() ? { set: what.value.slice(4) } : {}) });
  history.replaceState(history.state, "", `${location.pathname}?${q}`);
}

/** What the address names, or else what goes on. */
async function recall() {
  const q = new URLSearchParams(location.search), lab = view.labs.find((l) => l.name === q.get("lab")), asks = q.get("t")?.split(",").slice(0, 6) ?? [], was = wasUnderway();
  const more = asks.length > 0 && was[0] === asks[0], named = more ? was : asks;
  if (lab) what.value = lab.name;
  if (lab) fit();
  go.disabled = true;
  try {
    const going = named.length && !more ? [] : (await get("/api/traces")).filter((/** @type {Trace} */ t) => !over(t)).map((/** @type {Trace} */ t) => t.id);
    const ids = [...new Set([...named, ...going])]; // the page may have gone before the address had the last one
    const begun = /** @type {Trace[]} */ (await Promise.all(ids.map((/** @type {string} */ id) => get(`/api/traces/${encodeURIComponent(id)}`))));
    if (begun.length) await take(again(begun, q.get("set"), more), begun);
  } catch (e) {
    const said = asApiError(e);
    if (said.code !== "no-trace") return tell("failed", el("b", {}, both(said.said)));
    tell("void", el("b", {}, both("scope.forgotten")));
    history.replaceState(null, "", location.pathname);
  } finally {
    go.disabled = false;
  }
}

/**
 * Sets the form to what these came from.
 * @param {Trace[]} begun @param {string|null} set @param {boolean} more of the set are to come
 * @returns {Order[]} theirs, and those that are still to come
 */
function again(begun, set, more) {
  what.value = set ? `set:${set}` : begun[0].lab;
  schedule.value = begun[0].schedule.id;
  fit();
  for (const k of set ? [] : knobs) k.set(begun[0].knobs?.[k.setting.name] ?? k.value);
  return [...begun.map((t) => ({ lab: t.lab, settings: {}, schedule: t.schedule.id })), ...(more ? orders().slice(begun.length) : [])];
}

/** @param {Trace[]} seen @param {string[]} titles */
function show(seen, titles) {
  panels = seen.filter((t) => t.events.length).map((t) => new Panel(t, titles[seen.indexOf(t)] ?? "", chosen, scrolled));
  byId("ui-scope-seen").hidden = panels.length === 0;
  box.replaceChildren(...panels.map((p) => p.root));
  about.hidden = true;
  for (const p of panels) p.sort(all.checked);
  const costs = panels.map((p) => p.trace.cost).filter((c) => c.plain > 0), worst = costs.reduce((a, c) => (c.traced / c.plain > a.traced / a.plain ? c : a), costs[0]);
  byId("ui-scope-cost").replaceChildren(...(worst ? [both("scope.cost", { times: figure(Math.round(worst.traced / worst.plain)), traced: duration(worst.traced), plain: duration(worst.plain) })] : []),
    ...(panels.some((p) => p.trace.no_packets) ? [" ", both("scope.no-packets", { why: panels[0].trace.no_packets })] : []));
  draw();
}

function draw() {
  if (!panels.length) return;
  const times = panels.map((p) => p.marks.flatMap((m) => [m.t, Math.max(0, m.end)]).filter((t) => Number.isFinite(t) && (all.checked || t >= -0.001)));
  const taken = Math.min(...panels.map((p) => p.trace.steps.length)), steps = panels.map((p) => p.trace.steps.slice(0, taken)); // one was cut off
  const scale = axes(times, steps, zoom);
  const most = Math.max(...panels.flatMap((p) => p.trace.conns.flatMap((c) => c.queue.map((q) => q.bytes))), 1);
  panels.forEach((p, i) => p.draw(scale[i], most));
}

/** @param {Panel} panel @param {Mark} mark @param {boolean} toDetail */
function chosen(panel, mark, toDetail) {
  for (const p of panels) if (p !== panel) p.unmark();
  about.hidden = false;
  panel.root.append(about); // below its drawing
  one(about, "[aria-live]").replaceChildren(...detail(panel.trace, mark, nameOf(panel.rows[mark.row])));
  if (toDetail) about.focus();
}

/** @param {Panel} from @param {number} left */
function scrolled(from, left) {
  for (const p of panels) if (p !== from) p.left = left;
}

byId("ui-scope-form").addEventListener("submit", (e) => { e.preventDefault(); if (!go.disabled) take(orders(), []); });
stop.addEventListener("click", () => { asked = true; underway([]); if (live) post(`/api/traces/${live}/stop`).catch(() => {}); });
what.addEventListener("change", fit);
schedule.addEventListener("change", fit);
all.addEventListener("change", () => { for (const p of panels) p.sort(all.checked); draw(); });
document.addEventListener("click", (e) => {
  const way = hit(e, "[data-zoom]")?.dataset.zoom;
  if (!way) return;
  if (way === "fit" && panels[0]?.axis) zoom = Math.max(0.1, zoom * (panels[0].room - 26) / (panels[0].axis.width - 24));
  else if (way !== "fit") zoom = Math.min(8, Math.max(0.1, zoom * (way === "in" ? 1.5 : 1 / 1.5)));
  draw();
});
document.addEventListener("look", () => { choices(); draw(); });

byId("ui-scope-legend").replaceChildren(...["wait", "read", "write", "short", "again", "end", "open", "close", "error"].map((k) => el("li", { "data-kind": k }, el("i", { "aria-hidden": "true" }, signs[k]), both(`scope.mark.${k}`))));
choices();
fit();
light("stopped", "scope.phase.idle");
for (const e of every(document, ".scope .js")) e.classList.add("is-live");
recall();
