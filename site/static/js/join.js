// @ts-check
// Puts the code of the link into the form. It stands behind the #, where no server's
// log has it; the rest of it is a key that nobody could type or guess.

const [, code, key] = /^#([\w]{3}-[\w]{3})-([\w]+)$/.exec(location.hash) ?? [];
const field = /** @type {HTMLInputElement} */ (document.getElementById("join-code"));
const hidden = /** @type {HTMLInputElement} */ (document.getElementById("join-key"));
const name = /** @type {HTMLInputElement} */ (document.getElementById("join-name"));

if (code && field.value === "") {
  field.value = code;
  hidden.value = key;
  name.focus();
}
field.addEventListener("input", () => { hidden.value = ""; }); // it is another code now
for (const a of document.querySelectorAll("[data-lang]")) if (a instanceof HTMLAnchorElement) a.hash = location.hash;
