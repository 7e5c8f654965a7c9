// @ts-check
// A setting that the instructor proposes to a learner. It is theirs to agree.

/** @import {Seat} from "./wallfeed.js" */
import { asApiError, post, remove } from "./api.js";
import { byId, el, put } from "./dom.js";
import { Knob } from "./knob.js";
import { page } from "./page.js";
import { both, label, say } from "./words.js";

export class ProposeForm {
  #form = /** @type {HTMLFormElement} */ (byId("ui-propose-form"));
  #said = byId("ui-propose-said");
  #which = el("select", { name: "setting" });
  #value = el("span", { class: "propose-value" });
  #send = el("button", { class: "button button-main", type: "submit" }, both("propose.send"));
  #back = el("button", { class: "button", type: "button", hidden: true }, both("propose.back"));
  /** @type {Knob|null} */
  #knob = null;
  #what = page.watch?.propose ?? null;
  #state = "";

  constructor() {
    const what = this.#what;
    byId("ui-propose").hidden = what === null;
    if (!what) return;
    const all = [...what.knobs.map((s) => /** @type {const} */ ([`knob.${s.name}`, s])), ...what.load.filter((s) => s.name !== "client").map((s) => /** @type {const} */ ([`load.${s.name}`, s]))];
    label(this.#which, "propose.which");
    this.#which.append(...all.map(([name, s]) => el("option", { value: name }, `${name.startsWith("knob.") ? "-" : ""}${s.name} (${say(s.label)})`)));
    const choose = () => {
      const found = all.find(([name]) => name === this.#which.value);
      if (!found) return;
      this.#knob = new Knob(found[1], found[0], () => this.#said.replaceChildren());
      this.#value.replaceChildren(this.#knob.root);
    };
    this.#which.addEventListener("change", choose);
    this.#form.append(el("p", { class: "propose-of" }, both(what.title)), this.#which, this.#value, this.#send, this.#back);
    this.#form.addEventListener("submit", (e) => { e.preventDefault(); this.#propose(); });
    this.#back.addEventListener("click", () => this.#ask(() => remove(`/api/wall/proposals/${page.watch?.person}`)));
    choose();
  }

  async #propose() {
    const { lesson = "", experiment = "" } = this.#what ?? {}, k = this.#knob;
    if (k && !k.wrong) await this.#ask(() => post("/api/wall/proposals", { person: page.watch?.person, lesson, experiment, setting: k.name, value: k.said }));
  }

  /** @param {() => Promise<unknown>} how */
  async #ask(how) {
    try {
      await how();
    } catch (e) {
      const refused = asApiError(e);
      if (this.#knob && refused.field === this.#knob.name) this.#knob.refuse(refused.said);
      else this.#said.replaceChildren(both(refused.said));
    }
  }

  /** @param {Seat} s */
  draw(s) {
    const state = s.proposal ?? "";
    this.#back.hidden = state !== "proposed";
    if (state === this.#state) return;
    this.#state = state;
    if (state) this.#said.replaceChildren(both(`propose.${state}`));
    else put(this.#said, "");
  }
}
