// @ts-check
// The words of text.yaml that are said where there are runs, as said.js has those of every page.

import { said } from "./said.js";

/** @type {Record<string, import("./events.js").Text>} */
const words = {};

/** Makes them known. */
export const speakOfRuns = () => { Object.assign(said, words); };
