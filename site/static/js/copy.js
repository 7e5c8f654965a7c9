// @ts-check
// Copying, also on a plain-HTTP host, where there is no clipboard for scripts.

import { el, every, hit } from "./dom.js";
import { both, label, language } from "./words.js";

const SHOWN = 1600;

/** Pages call the program by its name. In the folder of its source, where it need not be built, this is how it is called. */
const CALL = "go run ./cmd/labs ";

/** @param {Element} from @returns {string} */
function textOf(from) {
  const lines = from.querySelectorAll("li > code");
  return lines.length ? [...lines].map((l) => l.textContent).join("\n") + "\n" : (from.textContent ?? "").trim().replace(/^labs (?=[a-z])/, CALL);
}

/** @param {string} text @returns {Promise<boolean>} false: there is no clipboard */
const put = (text) => (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"))).then(() => true, () => false);

/** @param {Element} from what to copy @returns {Promise<boolean>} false: it is selected instead, Ctrl+C works */
async function copy(from) {
  if (await put(textOf(from))) return true;
  getSelection()?.selectAllChildren(from);
  return false;
}

/** Gives every command and block of code that has none a button. @param {ParentNode} root */
export function dressCode(root) {
  const button = () => el("button", { class: "button button-bare copy", type: "button", "data-act": "copy" }, both("app.copy"));
  for (const pre of every(root, ".prose pre, pre.lab-command")) {
    if (pre.closest(".note, .source, .code-box")) continue;
    const box = el("div", { class: "code-box" });
    pre.replaceWith(box);
    box.append(pre, button());
  }
  for (const line of every(root, ".experiment-command")) {
    if (!line.querySelector("[data-act=copy]")) for (const code of every(line, "code")) code.after(button());
  }
}

/** The text beside a button. @param {HTMLElement} button */
function near(button) {
  const before = button.previousElementSibling;
  if (button.matches(".copy") && before?.matches("code, pre")) return before;
  return button.closest(".source, .pane-bar, .note")?.querySelector(".source-lines, pre, code");
}

/** @param {HTMLElement} button */
async function copyNear(button) {
  const from = near(button);
  if (!from) return;
  const before = [...button.childNodes];
  button.replaceChildren(both((await copy(from)) ? "app.copied" : "app.copy.select"));
  setTimeout(() => button.replaceChildren(...before), SHOWN);
}

/** Copies the address of a place in the page, or of a run; without a clipboard it stands there, selected. @param {HTMLElement} button */
async function copyLink(button) {
  const to = button.dataset.link ?? "", at = new URL(to.startsWith("/") ? `/${language()}${to}` : `${location.pathname}#${to}`, location.href);
  if (button.nextElementSibling?.matches(".deep-told")) button.nextElementSibling.remove();
  const told = el("span", { class: "deep-told", role: "status" });
  button.after(told);
  const gone = () => told.remove();
  if (await put(at.href)) {
    told.append(both("link.copied"));
    setTimeout(gone, SHOWN);
    return;
  }
  const field = el("input", { type: "text", readonly: true, value: at.href });
  label(field, "link.select");
  told.append(field, both("link.select"));
  field.select();
  field.addEventListener("keydown", (e) => { if (e.key === "Escape") { button.focus(); gone(); } });
  field.addEventListener("blur", gone);
}

export function startCopy() {
  dressCode(document);
  document.addEventListener("click", (e) => {
    const button = hit(e, "[data-act=copy], [data-act=link]");
    if (button?.dataset.act === "copy") copyNear(button);
    else if (button) copyLink(button);
  });
}
