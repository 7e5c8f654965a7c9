// @ts-check
// Puts the code of the link into the form. It stands behind the #, where no server's
// log has it; the rest of it is a key that nobody could type or guess.

const field = /** @type {HTMLInputElement} */ (document.getElementById("join-code"));
const hidden = /** @type {HTMLInputElement} */ (document.getElementById("join-key"));
const who = /** @type {HTMLInputElement} */ (document.getElementById("join-name"));

function take() {
  const [, code, key] = /^#(\w{3}-\w{3})-(\w+)$/.exec(location.hash) ?? [];
  if (!code) return;
  field.value = code;
  hidden.value = key;
  who.focus();
  for (const a of document.querySelectorAll("[data-lang]")) if (a instanceof HTMLAnchorElement) a.hash = location.hash;
}

field.addEventListener("input", () => { hidden.value = ""; }); // it is another code now
addEventListener("hashchange", take); // the link was opened where the page was open already
take();

export {}; // a module: its names are its own
