// @ts-check
// In which state the bench is, and what it says about it: what happened, why, and
// what to do now.

/** @import {Experiment, Text} from "./events.js" */
/** @import {Run} from "./run.js" */
/** @import {ApiError} from "./api.js" */
import { day, figure, fixed, when } from "./format.js";
import { known, plain, text } from "./words.js";

/**
 * Everything that the state follows from.
 * @typedef {object} Situation
 * @property {Experiment} experiment
 * @property {Run|null} run on the bench
 * @property {boolean} linux
 * @property {boolean} exported the page is of an exported book
 * @property {boolean} open predictions are not answered
 * @property {boolean} wrong a knob's value is not allowed
 * @property {boolean} gated the class has not come so far
 * @property {boolean} voting the class votes on it
 * @property {boolean} asking a run was asked for
 * @property {boolean} loading a recording is under way
 * @property {boolean} mine this run was started or opened here, not found when the page was opened
 * @property {{since: number, next: number}|null} lost in the time of performance.now()
 * @property {number|null} filled events that were caught up with, a moment ago
 * @property {ApiError|null} refused what the site said to the last request
 */

/** @typedef {"idle"|"locked"|"gated"|"voting"|"wrong"|"nolinux"|"exported"|"asking"|"loading"|"queued"|"building"|"starting"|"running"|"draining"|"finished"|"failed"|"stopped"|"interrupted"|"void"|"lost"} State */
/** @typedef {{act: string, key: string, main?: boolean, arg?: string}} Act */
/** @typedef {{kind: string, title: Text, body: Text[], raw?: string, acts: Act[]}} Note */

/** @param {Situation} s @returns {State} */
export function stateOf(s) {
  const { run } = s, live = run !== null && !run.over && run.phase !== "";
  if (s.asking) return "asking";
  if (live && s.lost) return "lost";
  if (s.loading) return "loading";
  if (live) return /** @type {State} */ (run.phase);
  if (s.exported) return s.open ? "locked" : "exported";
  if (!s.linux) return s.open ? "locked" : "nolinux"; // the author's recording waits for the predictions too
  if (s.gated) return "gated";
  if (s.voting) return "voting";
  if (s.wrong) return "wrong";
  if (s.open) return "locked";
  if (run === null || run.author || run.phase === "") return "idle";
  return run.void ? "void" : /** @type {State} */ (run.phase);
}

const READY = new Set(["idle", "finished", "failed", "stopped", "interrupted", "void"]);
/** @param {State} s */
export const mayRun = (s) => READY.has(s);
/** @param {State} s */
export const mayStop = (s) => ["queued", "building", "starting", "running", "lost"].includes(s);
/** @param {State} s */
export const isLive = (s) => ["asking", "queued", "building", "starting", "running", "draining", "lost"].includes(s);

/** @param {State} state @param {Situation} s @returns {number} seconds in the phase */
const spent = (state, s) => (state === "queued" || state === "building" ? (performance.now() - (s.run?.since ?? 0)) / 1000 : 0);

/** The lamp's words. @param {State} state @param {Situation} s */
export function lampText(state, s) {
  if (state === "queued" && s.run?.reason?.code === "paused") return text("state.paused", { t: fixed(spent(state, s), 1) });
  if (state === "queued" || state === "building") return text(`state.${state}`, { t: fixed(spent(state, s), 1) });
  return text(`state.${state}`);
}

const STEPS = /** @type {Record<string, number>} */ ({ queued: 0, building: 0, starting: 1, draining: 4 });

/** Which of the five steps are done, and which is now. @param {State} state @param {Run|null} run @returns {number} -1: none */
export function stepOf(state, run) {
  const phase = state === "lost" ? (run?.phase ?? "") : state;
  if (phase === "running") return run && run.series.now < run.series.warmup ? 2 : 3;
  return STEPS[phase] ?? (run?.phase === "finished" ? 5 : -1);
}

const replay = { act: "replay", key: "run.replay" };
const again = { act: "run", key: "run.again", main: true };

/** @param {State} state @param {Situation} s @returns {Note} */
export function noteOf(state, s) {
  if (s.refused && !isLive(state)) return refused(s.refused);
  const run = s.run, name = noteName(state, s);
  switch (name) {
    case "author": return say("busy", "author", [text("note.author.why", hostArgs(run))], [replay]);
    case "locked": return say("busy", "locked", undefined, [{ act: "predict", key: "note.locked.go", main: true }, { act: "skip", key: "note.locked.skip" }]);
    case "queued": return queued(run);
    case "building": return say("busy", "building", undefined, [], { lab: s.experiment.lab });
    case "running": return running(s);
    case "draining": return say("ok", "draining");
    case "reconnected": return say("ok", "reconnected", [text("note.reconnected.why", { n: s.filled ?? 0 })]);
    case "lost": return lost(s);
    case "void": return say("void", "void", undefined, [again, replay]);
    case "stopped": return stopped(run);
    case "failed": case "interrupted": return failed(run, state);
    case "finished": return finished(s);
    case "nolinux": return nolinux(s);
    case "exported": return exported(s);
    default: return say(name === "wrong" ? "failed" : "busy", name);
  }
}

/** @param {State} state @param {Situation} s */
function noteName(state, s) {
  if (state === "idle") return s.run?.author ? "author" : "empty";
  if (state === "running" && s.filled !== null) return "reconnected";
  return state === "asking" ? "starting" : state;
}

/** @param {string} kind @param {string} name @param {Text[]} [body] @param {Act[]} [acts] @param {import("./words.js").Args} [args] @returns {Note} */
const say = (kind, name, body, acts = [], args = {}) => ({ kind, title: text(`note.${name}`, args), body: body ?? [text(`note.${name}.why`, args)], acts });

/** @param {Run|null} run */
function hostArgs(run) {
  const h = run?.begin?.host, began = run?.begin?.began ?? "";
  return { os: h?.os ?? "–", cores: h?.cores ?? "–", when: began ? { ko: day(began, "ko"), en: day(began, "en") } : "–" };
}

/** Nothing runs here, but what was recorded can be seen. @param {Situation} s @returns {Note} */
function nolinux(s) {
  const where = { ...say("lost", "nolinux"), raw: "go run ./cmd/labs" };
  if (!s.run) return where;
  const whose = s.run.author ? text("note.author") : text("note.recorded");
  return { ...where, kind: "busy", title: whose, body: [text("note.recorded.why", hostArgs(s.run)), text("note.nolinux.why")], acts: [replay] };
}

/** Nothing runs in an exported book. @param {Situation} s @returns {Note} */
function exported(s) {
  const name = s.experiment.name, raw = `go run ./cmd/labs\ngo run ./cmd/labs run ${name}`;
  if (!s.run) return { ...say("lost", "exported", [text("note.exported.none"), text("note.exported.why")]), raw };
  return { kind: "busy", title: text("note.author"), body: [text("note.recorded.why", hostArgs(s.run)), text("note.exported.why")], raw, acts: [replay] };
}

/** In line, or held up by whoever leads. @param {Run|null} run @returns {Note} */
function queued(run) {
  const r = run?.reason, acts = [{ act: "stop", key: "note.queued.stop" }];
  if (r?.code === "paused") return say("busy", "paused", undefined, acts, r.args);
  const body = r?.args?.place ? [text("note.queued.place", r.args)] : [text("note.queued.why")];
  return say("busy", "queued", run?.begin?.shared ? [...body, text("note.queued.shared")] : body, acts);
}

/** @param {Situation} s */
function running(s) {
  const run = s.run, facts = { addr: run?.facts.addr ?? "–", pid: run?.facts.pid ?? "–" };
  if (run?.begin?.kind) return say("ok", "running", [text("note.running.blocks")], [], facts);
  const warm = run !== null && run.series.now < run.series.warmup;
  const others = run?.series.value("host.beside") ?? 0;
  return say("ok", "running", [text(warm ? "note.running.warm" : "note.running.measure"), ...(others > 0 ? [text("note.running.beside", { n: others })] : [])], [], facts);
}

/** @param {Situation} s */
function lost(s) {
  const now = performance.now(), l = s.lost ?? { since: now, next: now };
  const args = { since: Math.floor((now - l.since) / 1000), at: fixed(s.run?.series.now ?? 0, 1), in: Math.max(0, Math.ceil((l.next - now) / 1000)) };
  const why = navigator.onLine ? [text("note.lost.why", args), text("note.lost.start")] : [text("note.lost.offline", args)];
  return say("lost", "lost", why, [{ act: "reconnect", key: "note.lost.now" }], args);
}

/** @param {Run|null} run */
function stopped(run) {
  const t = run?.series.now ?? 0;
  return { ...say("stopped", t > 0 ? "stopped" : "stopped.early", [text("note.stopped.why")], [again], { t: fixed(t, 1) }) };
}

/** @param {Run|null} run @param {State} state @returns {Note} */
function failed(run, state) {
  const r = run?.reason ?? { code: "unknown" }, name = known(`reason.${r.code}.title`) ? r.code : "unknown";
  const args = { ...(r.args ?? {}), code: r.code }, place = r.file && r.at ? `${r.file}:${r.at}: ` : "";
  const line = r.line ?? "";
  return {
    kind: state === "failed" ? "failed" : "lost", title: text(`reason.${name}.title`, args),
    body: [text(`reason.${name}.why`, args), text(`reason.${name}.do`, args)],
    raw: line.startsWith(r.file ?? "\0") ? line : place + line, acts: [again, ...((run?.series.now ?? 0) > 0 ? [replay] : []), { act: "log", key: "tab.log" }],
  };
}

/** @param {Situation} s @returns {Note} */
function finished(s) {
  if (s.run?.begin?.kind === "comparison") return { ...say("ok", "compared"), acts: s.run.id ? [{ act: "download", key: "note.recording", arg: s.run.id }] : [] };
  const run = s.run, total = s.experiment.checks.length, done = [...(run?.checks.values() ?? [])].filter((c) => c.pass).length;
  const name = total === 0 ? "none" : done === total ? "all" : "some", key = name === "some" ? "note.finished" : `note.finished.${name}`;
  const title = text(key, { total: figure(total), done: figure(done) });
  const body = [text(`note.finished.${name}.why`)];
  const began = run?.begin?.began ?? "";
  if (!s.mine && began) body.unshift(text("note.latest", { when: { ko: when(began, "ko"), en: when(began, "en") } }));
  return { kind: name === "some" ? "some" : "ok", title, body, acts: run ? [replay, { act: "download", key: "note.recording", arg: run.id }] : [] };
}

/** @param {ApiError} e @returns {Note} */
function refused(e) {
  const acts = e.run ? [{ act: "open", key: "note.other", arg: e.run, main: true }, { act: "halt", key: "note.other.stop", arg: e.run }] : [];
  return { kind: "failed", title: e.said, body: e.field && e.code !== "bad-code" ? [plain(e.field)] : [], acts };
}
