// @ts-check
// Wires a run's file: what the site does for it is left out.

import { startCopy } from "./copy.js";
import { every, hit } from "./dom.js";
import { startKeys } from "./keys.js";
import { startLook, toggleLanguage, toggleTheme } from "./look.js";
import { Replay } from "./replayed.js";

startLook();
startCopy();
new Replay();
startKeys({ "/": () => {}, Escape: () => {}, t: toggleTheme, l: toggleLanguage });
document.addEventListener("click", (e) => { if (hit(e, "[data-act=theme]")) toggleTheme(); });
for (const e of every(document, ".js")) e.classList.add("is-live");
