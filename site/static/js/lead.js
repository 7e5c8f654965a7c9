// @ts-check
// The instructor leads: where everybody is, how far the class may go, notes, votes,
// hands, hints, and the same experiment for all.

/** @import {ClassState, Desk, Hand, LeadLesson, Outcome, Text, Vote} from "./events.js" */
import { asApiError, get, post, remove, replace } from "./api.js";
import { byId, el, hit, one } from "./dom.js";
import { alias } from "./names.js";
import { page } from "./page.js";
import { spread } from "./spread.js";
import { both, label, language, plain, say, text } from "./words.js";

/** What the buttons of a vote do, by its state. */
const STEPS = /** @type {Record<string, string[]>} */ ({ open1: ["close"], closed1: ["next", "show"], open2: ["close"], closed2: ["show"], shown: [] });
/** Until then a run of what is voted on is held. */
const HOLDS = new Set(["open1", "closed1", "open2"]);

class Lead {
  #lessons = page.lead ?? [];
  #lesson = select("ui-lead-lesson");
  #spot = select("ui-lead-spot");
  #ask = select("ui-lead-ask");
  #hints = select("ui-lead-hints");
  #said = byId("ui-lead-said");
  /** @type {ClassState|null} */
  #now = null;
  #drawn = { place: "", vote: "", hands: "", notes: "" };
  /** The vote that is about to be shown from here. */
  #shows = "";
  /** The vote that is drawn. */
  #polled = "";

  constructor() {
    this.#lesson.replaceChildren(...this.#lessons.map((l) => option(l.id, say(l.title))));
    this.#lesson.addEventListener("change", () => this.#choose());
    document.addEventListener("workshop", (e) => this.#told(/** @type {CustomEvent<ClassState>} */ (e).detail));
    document.addEventListener("look", () => this.#choose());
    document.addEventListener("nameless", () => { this.#said.hidden = true; this.#draw(); }); // what was said may name somebody
    byId("ui-lead").addEventListener("click", (e) => { const b = hit(e, "[data-lead]"); if (b) this.#act(b.dataset.lead ?? "", b.dataset.arg ?? ""); });
    byId("ui-lead-note").addEventListener("submit", (e) => { e.preventDefault(); this.#broadcast(); });
    byId("ui-lead-hands").addEventListener("submit", (e) => { e.preventDefault(); this.#answer(/** @type {HTMLFormElement} */ (e.target)); });
    this.#choose();
  }

  /** @returns {LeadLesson|undefined} */
  get #of() { return this.#lessons.find((l) => l.id === this.#lesson.value); }

  /** Another lesson is to be led to. */
  #choose() {
    const l = this.#of, kept = [this.#spot.value, this.#ask.value];
    this.#spot.replaceChildren(option("", say("lead.whole")), ...["section", "experiment", "comparison"].map((kind) => {
      const of = l?.spots.filter((s) => s.kind === kind) ?? [];
      return of.length ? el("optgroup", { label: say(`lead.${kind}s`) }, ...of.map((s) => option(s.id, kind === "section" ? say(s.title) : `${s.id} · ${say(s.title)}`))) : ""; // notes and plans name an experiment by its id
    }));
    const asks = l?.asks.filter((q) => q.kind !== "curve") ?? []; // a curve is drawn in its lesson
    this.#ask.replaceChildren(...asks.map((q) => option(q.question, `${q.question.slice(q.question.lastIndexOf("/") + 1)} · ${say(q.ask)}`)));
    for (const [s, v] of /** @type {[HTMLSelectElement, string][]} */ ([[this.#spot, kept[0]], [this.#ask, kept[1]]])) if ([...s.options].some((o) => o.value === v)) s.value = v;
    byId("ui-lead-asks").hidden = asks.length === 0;
    byId("ui-lead-noasks").hidden = asks.length > 0;
    byId("ui-lead-help").hidden = !l?.hints;
    this.#hints.replaceChildren(option("", say("lead.hints.free")), ...Array.from({ length: (l?.hints ?? -1) + 1 }, (_, n) => option(String(n), say("lead.hints.n", { n, of: l?.hints ?? 0 }))));
    this.#drawn.place = "";
    this.#draw();
  }

  /** @param {ClassState} now */
  #told(now) {
    const first = this.#now === null;
    this.#now = now;
    if (first && now.class.here) { this.#lesson.value = now.class.here.lesson; this.#choose(); }
    this.#draw();
  }

  #draw() {
    const now = this.#now;
    if (!now?.desk) return;
    this.#once("place", [now.class.here, now.class.gates, now.class.hints, now.desk.present, now.desk.following, this.#lesson.value], () => this.#place(now, /** @type {Desk} */ (now.desk)));
    this.#once("vote", [now.class.vote, now.desk.answered, now.desk.present], () => this.#vote(now.class.vote, /** @type {Desk} */ (now.desk)));
    this.#once("notes", now.desk.notes, () => byId("ui-lead-notes").replaceChildren(...[...(now.desk?.notes ?? [])].reverse().slice(0, 5).map((n) => el("li", {}, el("time", { class: "num", datetime: n.at }, clock(n.at)), " ", n.text))));
    this.#once("hands", [now.desk.hands, this.#nameless], () => this.#hands(/** @type {Desk} */ (now.desk).hands));
  }

  /** Draws what has changed only: somebody may be typing. @param {"place"|"vote"|"hands"|"notes"} part @param {unknown} of @param {() => void} how */
  #once(part, of, how) {
    const key = JSON.stringify(of ?? null);
    if (this.#drawn[part] === key) return;
    this.#drawn[part] = key;
    how();
  }

  /** @param {ClassState} now @param {Desk} desk */
  #place(now, desk) {
    const h = now.class.here, l = this.#of, gateAt = now.class.gates?.[this.#lesson.value];
    const at = h && { ko: [h.title.ko, h.spot.ko].filter(Boolean).join(" · "), en: [h.title.en, h.spot.en].filter(Boolean).join(" · ") };
    byId("ui-lead-here").replaceChildren(at ? both("lead.here", { at }) : both("lead.nowhere"), " ", both("lead.present", { n: desk.present, following: desk.following }));
    one(byId("ui-lead"), "[data-lead=scatter]").hidden = !h;
    const spot = l?.spots.find((s) => s.id === gateAt);
    byId("ui-lead-gate").replaceChildren(gateAt ? both("lead.gate", { at: spot?.title ?? plain(gateAt) }) : both("lead.gate.none"));
    one(byId("ui-lead"), "[data-lead=open]").hidden = one(byId("ui-lead"), "[data-lead=next]").hidden = !gateAt;
    this.#hints.value = String(now.class.hints?.[this.#lesson.value] ?? "");
  }

  /** @param {Vote|undefined} v @param {Desk} desk */
  #vote(v, desk) {
    const box = byId("ui-lead-vote");
    if (!v) return box.replaceChildren(el("p", {}, both("lead.vote.none")));
    if (this.#polled && this.#polled !== v.id) byId("ui-lead-results").hidden = true; // those of the vote before
    this.#polled = v.id;
    const [first, second] = desk.answered;
    const state = el("p", { role: "status" }, el("span", { class: "lamp", "data-state": v.state.startsWith("open") ? "running" : "stopped" }, both(`lead.vote.${v.state}`)), " ", both(v.state.endsWith("1") ? "lead.vote.n1" : "lead.vote.n", { first, second, of: desk.present }));
    const held = v.holds ? [el("p", {}, both("lead.vote.held"))] : v.freed && HOLDS.has(v.state) ? [el("p", {}, both("lead.vote.freed"))] : [];
    const steps = [...(STEPS[v.state] ?? []), ...(v.holds ? ["free"] : [])].map((s, i) => el("button", { class: i ? "button" : "button button-main", type: "button", "data-lead": "step", "data-arg": `${v.id}/${s}` }, both(s === "show" && v.state === "closed1" ? "lead.vote.show1" : `lead.vote.${s}`)));
    const [a, b] = v.spread ?? [];
    const rows = [...(a ? [{ name: "vote.first", of: a }] : []), ...(b ? [{ name: "vote.second", of: b }] : [])];
    box.replaceChildren(el("h3", {}, both(v.asked.ask)), state, ...held, ...(steps.length ? [el("p", { class: "note-do" }, ...steps)] : []), ...(v.state === "shown" ? [spread(v.asked, rows), el("p", { class: "note-do" }, el("button", { class: "button", type: "button", "data-lead": "results", "data-arg": v.question }, both("lead.results")))] : []));
    if (v.state !== "shown" || v.id !== this.#shows) return;
    this.#shows = "";
    box.scrollIntoView({ block: "start" });
  }

  /** Whether names are hidden: then a hand's sentence is folded too, which may name somebody. */
  get #nameless() { return byId("ui-text").hasAttribute("data-nameless"); }

  /** @param {Hand[]} hands */
  #hands(hands) {
    const box = byId("ui-lead-hands"), open = new Set([...box.querySelectorAll("details[open]")].map((d) => /** @type {HTMLElement} */ (d).dataset.person));
    const typed = new Map([...box.querySelectorAll("form")].map((f) => [f.dataset.person, /** @type {HTMLInputElement} */ (f.elements.namedItem("text")).value]));
    const at = document.activeElement instanceof HTMLElement ? document.activeElement.closest("form")?.dataset.person : undefined;
    box.replaceChildren(...hands.map((h) => this.#oneHand(h, typed.get(h.person) ?? "", open.has(h.person))));
    byId("ui-lead-nohands").hidden = hands.length > 0;
    if (at) /** @type {HTMLElement|null} */ (box.querySelector(`form[data-person="${at}"] input[name=text]`))?.focus();
  }

  /** @param {Hand} h @param {string} typed @param {boolean} open when it is folded */
  #oneHand(h, typed, open) {
    const run = h.run ? [el("a", { href: `/${language()}/runs/${h.run}` }, both("lead.hand.run", { from: Math.round(h.from ?? 0), to: Math.round(h.to ?? 0) }))] : [];
    const who = this.#nameless ? alias(h.number ?? 0) : plain(h.name ?? "");
    const words = el("input", { name: "text", type: "text", maxlength: 200, autocomplete: "off", value: typed }), time = el("input", { name: "t", type: "text", inputmode: "decimal", size: 5, value: String(Number((h.to ?? 0).toFixed(1))) });
    label(words, "lead.hand.answer", { name: who });
    label(time, "lead.hand.time");
    const form = el("form", { class: "me-form lead-answer", "data-person": h.person, novalidate: true }, words, ...(h.run ? [time, el("span", {}, "s")] : []), el("button", { class: "button", type: "submit" }, both("lead.hand.send")), el("button", { class: "button", type: "button", "data-lead": "lower", "data-arg": h.person }, both("hand.lower")));
    const all = [el("p", {}, el("b", {}, both(who)), " ", el("time", { class: "num", datetime: h.at }, clock(h.at)), " ", ...run), el("p", {}, h.text), ...(h.answer ? [el("p", { class: "lead-said" }, both("lead.hand.answered"), " ", h.answer.text)] : []), form];
    return el("li", { "data-hand": h.state }, ...(this.#nameless ? [el("details", { "data-person": h.person, open }, el("summary", {}, both("lead.hand.folded", { name: who })), ...all)] : all));
  }

  /** @param {() => Promise<unknown>} how @param {string|import("./events.js").Text} done what to say then */
  async #do(how, done) {
    try {
      await how();
    } catch (e) {
      this.#tell(asApiError(e).said, "failed");
      return false;
    }
    this.#tell(done, "ok");
    return true;
  }

  /** @param {string|import("./events.js").Text} said @param {string} kind */
  #tell(said, kind) {
    this.#said.hidden = false;
    this.#said.dataset.kind = kind;
    this.#said.replaceChildren(both(said));
  }

  /** What is chosen: a section, or an experiment or comparison. */
  #chosen() {
    const spot = this.#of?.spots.find((s) => s.id === this.#spot.value);
    return { lesson: this.#lesson.value, ...(spot ? { [spot.kind === "section" ? "section" : "experiment"]: spot.id } : {}) };
  }

  /** @param {string} act @param {string} arg */
  #act(act, arg) {
    const lesson = this.#lesson.value, at = this.#now?.class.gates?.[lesson], spots = this.#of?.spots ?? [];
    if (act === "here") this.#do(() => replace("/api/class/here", this.#chosen()), "lead.done.here");
    else if (act === "scatter") this.#do(() => remove("/api/class/here"), "lead.done.scatter");
    else if (act === "gate") this.#spot.value ? this.#do(() => replace("/api/class/gate", { lesson, upto: this.#spot.value }), "lead.done.gate") : this.#tell("lead.need.spot", "failed");
    else if (act === "next") this.#do(() => replace("/api/class/gate", { lesson, upto: spots[spots.findIndex((s) => s.id === at) + 1]?.id ?? "" }), "lead.done.gate");
    else if (act === "open") this.#do(() => replace("/api/class/gate", { lesson, upto: "" }), "lead.done.open");
    else if (act === "start") this.#start(spots.find((s) => s.id === this.#spot.value));
    else if (act === "hints") this.#do(() => replace(`/api/class/hints/${lesson}`, { n: this.#hints.value === "" ? null : Number(this.#hints.value) }), "lead.done.hints");
    else if (act === "vote") this.#do(() => post("/api/class/votes", { question: this.#ask.value }), "lead.done.vote");
    else if (act === "step") this.#step(arg);
    else if (act === "lower") this.#do(() => remove(`/api/class/hands/${arg}`), "lead.done.lower");
    else if (act === "results") this.#results(arg || this.#ask.value);
  }

  /** Moves a vote on. How it spread is what everybody looks at then. @param {string} to VOTE/STEP */
  #step(to) {
    const [vote, step] = to.split("/");
    if (step === "show") this.#shows = vote;
    this.#do(() => post(`/api/class/votes/${to}`), step === "free" ? "lead.done.free" : "lead.done.step");
  }

  /** @param {LeadLesson["spots"][number]|undefined} spot */
  async #start(spot) {
    if (spot?.kind !== "experiment") return this.#tell("lead.need.experiment", "failed");
    try {
      const { started, not } = await post("/api/class/start", { lesson: this.#lesson.value, experiment: spot.id });
      /** @type {Map<string, {text: Text, who: Text[]}>} */
      const whys = new Map(); // each reason once, with whom it is of
      for (const { name, number, text: why } of /** @type {{name: string, number: number, text: Text}[]} */ (not)) whys.set(why.en, { text: why, who: [...(whys.get(why.en)?.who ?? []), this.#nameless ? alias(number) : plain(name)] });
      const said = [text("lead.done.start", { n: started }), ...[...whys.values()].map(({ text: why, who }) => ({ ko: `${who.map((w) => w.ko).join(", ")}: ${why.ko}`, en: `${who.map((w) => w.en).join(", ")}: ${why.en}` }))];
      this.#tell({ ko: said.map((t) => t.ko).join(" "), en: said.map((t) => t.en).join(" ") }, not.length ? "failed" : "ok");
    } catch (e) {
      this.#tell(asApiError(e).said, "failed");
    }
  }

  async #broadcast() {
    const input = /** @type {HTMLInputElement} */ (byId("ui-lead-line"));
    if (await this.#do(() => post("/api/class/notes", { text: input.value }), "lead.done.note")) input.value = "";
  }

  /** @param {HTMLFormElement} form */
  async #answer(form) {
    const field = (/** @type {string} */ name) => /** @type {HTMLInputElement|null} */ (form.elements.namedItem(name)), t = Number(field("t")?.value ?? 0);
    const body = { text: field("text")?.value ?? "", t: Number.isFinite(t) ? t : 0 };
    const sent = await this.#do(() => post(`/api/class/hands/${form.dataset.person}/answer`, body), "lead.done.answer");
    const now = byId("ui-lead-hands").querySelector(`form[data-person="${form.dataset.person}"] input[name=text]`);
    if (sent && now instanceof HTMLInputElement) now.value = "";
  }

  /** @param {string} question */
  async #results(question) {
    const box = byId("ui-lead-results");
    try {
      const r = /** @type {Outcome} */ (await get(`/api/class/results/${question}`)), [first, second] = r.spread ?? [];
      const rows = [...(first ? [{ name: "vote.first", of: first }] : []), ...(second ? [{ name: "vote.second", of: second }] : []), ...(r.given ? [{ name: "lead.given", of: r.given }] : []), { name: "lead.measured", of: r.came, median: r.median, quarters: r.quarters }];
      box.replaceChildren(el("h3", {}, both(r.ask)), el("p", {}, both(r.came.n ? "lead.results.n" : r.void ? "lead.results.only" : "lead.results.none", { n: r.came.n, of: r.people })), ...(r.void ? [el("p", {}, both("lead.results.void", { n: r.void }))] : []), ...(r.simulated ? [el("p", {}, both("lead.simulated", { n: r.simulated }))] : []), ...(r.came.n || r.given?.n ? [spread(r, rows)] : []));
      box.hidden = false;
      box.scrollIntoView({ block: "start" });
    } catch (e) {
      this.#tell(asApiError(e).said, "failed");
    }
  }
}

/** @param {string} id */
const select = (id) => /** @type {HTMLSelectElement} */ (byId(id));
/** @param {string} value @param {string} said */
const option = (value, said) => el("option", { value }, said);
/** @param {string} at */
const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });

export function startLead() {
  if (document.getElementById("ui-lead")) new Lead();
}
