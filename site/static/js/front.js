// @ts-check
// The first page of an exported book leads on in the language that was chosen
// before, or that the browser prefers. It is no module: none is loaded from a disk.

{
  let chosen = null;
  try { chosen = localStorage.getItem("socket-labs.lang"); } catch { /* nothing is kept here */ }
  const wanted = chosen ?? navigator.languages.map((l) => l.slice(0, 2)).find((l) => l === "ko" || l === "en") ?? "ko";
  location.replace(`${wanted === "en" ? "en" : "ko"}/index.html${location.hash}`);
}
