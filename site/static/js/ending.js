// @ts-check
// What a run's end changes in the page: the numbers in the text, progress, history.

/** @import {History} from "./history.js" */
import { get } from "./api.js";
import { every, put } from "./dom.js";
import { page } from "./page.js";
import { refresh } from "./progress.js";

/** The numbers in the text become the reader's own. */
async function requote() {
  if (!document.querySelector("data.measured[data-n]")) return;
  const { shown } = /** @type {{shown: {text: string, author: boolean, why?: string}[]}} */ (await get(`/api/lessons/${page.lesson}/shown`));
  for (const e of every(document, "data.measured[data-n]")) {
    const v = shown[Number(e.dataset.n)];
    if (!v) continue;
    put(e, v.text);
    e.classList.toggle("is-author", v.author);
    e.classList.toggle("is-missing", Boolean(v.why));
    e.title = v.why ?? "";
  }
}

/** @param {History} history */
export async function ended(history) {
  await Promise.allSettled([requote(), refresh(), history.refresh()]);
}
