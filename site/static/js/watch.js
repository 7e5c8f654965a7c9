// @ts-check
// One person of the class, watched: their newest run as they see it, live, without its
// controls. A newer run takes its place. Their page says that it is watched.

/** @import {Backfill} from "./events.js" */
/** @import {Seat} from "./wallfeed.js" */
import { asApiError, get, post } from "./api.js";
import { byId, el, put } from "./dom.js";
import { fixed } from "./format.js";
import { HandWords } from "./handwords.js";
import { Instruments } from "./instruments.js";
import { experiments, page } from "./page.js";
import { nameless } from "./names.js";
import { ProposeForm } from "./propose.js";
import { Run } from "./run.js";
import { checksText } from "./seat.js";
import { clock, isLive, nameOf, stateText, stuckFor, whereOf, whyOf } from "./seatwords.js";
import { Stream } from "./stream.js";
import { WallFeed, tellLost } from "./wallfeed.js";
import { both, label, language, plain, say, text } from "./words.js";

/** The bench of a run that somebody else carries. */
class Bench {
  #x = experiments[0];
  #run = new Run(page.run ?? "", this.#x.warmup, this.#x.seconds);
  #loaded = false;
  #show = new Instruments(() => ({ experiment: this.#x, run: this.#loaded ? this.#run : null, under: null }), () => this.#clock());

  constructor() {
    byId("ui-run-name").replaceChildren(both(this.#x.title));
    byId("ui-play").addEventListener("click", () => this.#show.replay());
    this.#show.build(this.#x);
    this.#load().catch(() => {});
    setInterval(() => { if (!this.#run.over) this.#show.touch(); }, 100);
  }

  async #load() {
    this.#run.load(/** @type {Backfill} */ (await get(`/api/runs/${page.run}/series?block=last`)));
    this.#loaded = true;
    byId("ui-bench").dataset.loaded = "";
    this.#show.now();
    if (this.#run.over) return;
    const none = () => {}, mend = async () => { this.#run.mend(await get(`/api/runs/${page.run}/series?block=last`)); this.#show.now(); };
    new Stream(page.run ?? "", this.#run.seq, { events: (all) => { this.#run.take(all); this.#show.touch(); }, lost: none, back: none, gap: none, over: () => mend().catch(none), gone: none, chatty: () => this.#run.phase === "running" });
  }

  /** Where a note about the run is written. */
  note() { this.#show.note(); }

  #clock() {
    const { now, total } = this.#run.series;
    byId("ui-play").toggleAttribute("disabled", !this.#run.over);
    byId("ui-clock").replaceChildren(both("run.clock", { now: fixed(now, 1), all: String(total) }));
  }
}

export class Watch {
  #person;
  #bench = page.run ? new Bench() : null;
  #propose = new ProposeForm();
  #hand = new HandWords();
  #stop = el("button", { class: "button", type: "button" }, both("watch.stop"));
  #first = el("button", { class: "button", type: "button" }, both("watch.first"));
  #runs = el("a", { class: "button", href: "#" }, both("watch.runs"));
  #feed;

  /** @param {string} person */
  constructor(person) {
    this.#person = person;
    byId("ui-watch-name").toggleAttribute("data-said", true); // the site has sent the name, or what stands for it
    byId("ui-watch-hand").replaceChildren(this.#hand.root);
    byId("ui-watch-do").replaceChildren(this.#stop, this.#first, this.#runs);
    this.#stop.addEventListener("click", () => this.#ask("stop"));
    this.#first.addEventListener("click", () => this.#ask("first"));
    this.#feed = new WallFeed({ news: () => this.#draw(), link: () => tellLost(this.#feed) }, person);
    setInterval(() => this.#draw(), 1000);
    document.addEventListener("look", () => this.#draw());
  }

  /** Back to the wall. */
  leave() { byId("ui-watch-back").click(); }

  note() { this.#bench?.note(); }

  #draw() {
    const s = this.#feed.seats.get(this.#person), m = this.#feed.machine;
    this.#runs.href = `/${language()}/runs?who=${this.#person}`;
    if (!s) {
      if (m) this.#gone();
      return;
    }
    if (s.run && s.run !== page.run) return location.reload();
    this.#said(s);
    const queued = m?.runs.filter((r) => !r.measured) ?? [];
    this.#stop.hidden = !isLive(s);
    this.#first.hidden = s.state !== "queued" || queued[0]?.run === s.run;
    this.#propose.draw(s);
  }

  /** @param {Seat} s */
  #said(s) {
    const lamp = byId("ui-watch-lamp"), why = whyOf(s, this.#feed.now()), stuck = stuckFor(s, this.#feed.now()), hide = nameless();
    put(byId("ui-watch-name"), say(nameOf(s, hide)));
    byId("ui-watch-name").toggleAttribute("data-said", true);
    lamp.dataset.state = s.state;
    put(lamp, say(stateText(s)));
    put(byId("ui-watch-step"), say(whereOf(s, "")));
    put(byId("ui-watch-checks"), checksText(s));
    byId("ui-watch-checks").setAttribute("role", "img");
    label(byId("ui-watch-checks"), "seat.checks", { held: s.held, all: s.checks });
    byId("ui-watch-why").hidden = !why && !stuck;
    put(byId("ui-watch-why"), [why ? say(why) : "", stuck ? `${say("seat.stuck")} ${clock(stuck)}` : ""].filter(Boolean).join(" · "));
    this.#hand.draw(s.hand, hide, s.hand ? say("watch.hand", { text: plain(s.hand.text) }) : "");
  }

  #gone() {
    byId("ui-watch-lamp").dataset.state = "lost";
    put(byId("ui-watch-lamp"), say("watch.gone"));
  }

  /** @param {"stop"|"first"} what */
  async #ask(what) {
    const run = this.#feed.seats.get(this.#person)?.run;
    try {
      if (run) await post(`/api/runs/${run}/${what}`);
      byId("ui-watch-said").replaceChildren(both(text(`watch.${what}.done`)));
    } catch (e) {
      byId("ui-watch-said").replaceChildren(both(asApiError(e).said));
    }
  }
}

export const startWatch = () => (page.watch ? new Watch(page.watch.person) : null);
