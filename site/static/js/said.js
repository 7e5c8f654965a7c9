// @ts-check
// The words of text.yaml that the scripts of every page can say: the site writes them
// here when it reads its files, so that a browser gets them once and not with each page.

/** @type {Record<string, import("./events.js").Text>} */
export const said = {};
