// @ts-check
// Gives a run a name, in the place where the button was.

/** @import {Summary} from "./events.js" */
import { asApiError, replace } from "./api.js";
import { el } from "./dom.js";
import { both, label } from "./words.js";

/** @param {string} id of a run @param {string} name @returns {Promise<void>} */
export async function giveName(id, name) {
  await replace(`/api/runs/${id}/name`, { name });
  document.dispatchEvent(new Event("named"));
}

/**
 * @param {HTMLElement} box where the field stands
 * @param {Summary} run
 * @param {() => void} done puts back what stood there
 */
export function rename(box, run, done) {
  const input = el("input", { class: "history-field", type: "text", maxlength: 80, value: run.name ?? "" });
  label(input, "history.name.label");
  const error = el("span", { role: "alert" }), form = el("form", { class: "history-do", novalidate: true },
    input, el("button", { class: "button button-main", type: "submit" }, both("history.name.save")), leave(done), error);
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    try {
      await giveName(run.id, input.value);
      run.name = input.value.trim();
      done();
    } catch (x) {
      error.replaceChildren(both(asApiError(x).said));
    }
  });
  form.addEventListener("keydown", (e) => { if (e.key === "Escape") done(); });
  box.replaceChildren(form);
  input.focus();
  input.select();
}

/** @param {() => void} done */
function leave(done) {
  const b = el("button", { class: "button", type: "button" }, both("notes.leave"));
  b.addEventListener("click", done);
  return b;
}
