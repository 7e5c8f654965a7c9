// @ts-check
// Charts as PNG: what is seen, in the theme that is seen, with title, unit and the
// run that it shows.

/** @import {Text} from "./events.js" */
import { el, every, svg } from "./dom.js";
import { colour } from "./look.js";
import { experiments, page } from "./page.js";
import { label } from "./words.js";

const GAP = 12, HEAD = 40, FONT = "Pretendard, 'Noto Sans KR', 'Noto Sans CJK KR', system-ui, sans-serif";

/** What an element says in the language that is read. @param {Element|null} e */
const words = (e) => (e instanceof HTMLElement ? e.innerText.replace(/\s+/g, " ").trim() : "");

/** A picture of these charts, in their places. @param {HTMLElement[]} charts @returns {HTMLCanvasElement} */
export function picture(charts) {
  const boxes = charts.map((c) => c.getBoundingClientRect()), d = devicePixelRatio;
  const left = Math.min(...boxes.map((b) => b.left)), top = Math.min(...boxes.map((b) => b.top));
  const canvas = el("canvas");
  canvas.width = Math.round((Math.max(...boxes.map((b) => b.right)) - left + 2 * GAP) * d);
  canvas.height = Math.round((Math.max(...boxes.map((b) => b.bottom)) - top + HEAD + GAP) * d);
  const g = canvas.getContext("2d");
  if (!g) return canvas;
  g.scale(d, d);
  g.fillStyle = colour("plate");
  g.fillRect(0, 0, canvas.width, canvas.height);
  heading(g);
  g.translate(GAP - left, HEAD - top);
  for (const c of charts) one(g, c);
  return canvas;
}

/** Which run it is. @param {CanvasRenderingContext2D} g */
function heading(g) {
  const run = document.querySelector("[data-picture]"), name = words(document.getElementById("ui-run-name")) || document.title;
  g.textBaseline = "top";
  write(g, name, GAP, 9, "ink", `600 13px ${FONT}`);
  const width = g.measureText(name).width;
  write(g, run?.getAttribute("data-picture") ?? page.run ?? experiments[0]?.name ?? "", GAP * 2 + width, 10, "ink-3", `12px ${FONT}`);
}

/** @param {CanvasRenderingContext2D} g @param {string} s @param {number} x @param {number} y @param {string} ink @param {string} font */
function write(g, s, x, y, ink, font) {
  g.font = font;
  g.fillStyle = colour(ink);
  g.fillText(s, x, y);
}

/** @param {CanvasRenderingContext2D} g @param {HTMLElement} chart */
function one(g, chart) {
  const title = chart.querySelector("h3"), at = title?.getBoundingClientRect();
  if (at) write(g, words(title), at.left, at.top, "ink", `650 13px ${FONT}`);
  for (const li of every(chart, ".readout li")) {
    const r = li.getBoundingClientRect(), line = li.querySelector("line");
    if (r.width === 0) continue;
    g.strokeStyle = line ? getComputedStyle(line).stroke : colour("ink");
    g.lineWidth = 2;
    g.setLineDash(line ? getComputedStyle(line).strokeDasharray.split(/[ ,]+/).map(parseFloat).filter((v) => v > 0) : []);
    g.beginPath();
    g.moveTo(r.left, r.top + r.height / 2);
    g.lineTo(r.left + 11, r.top + r.height / 2);
    g.stroke();
    g.setLineDash([]);
    write(g, words(li), r.left + 15, r.top + 1, "ink-2", `12px ${FONT}`);
  }
  for (const c of chart.querySelectorAll("canvas")) {
    const r = c.getBoundingClientRect();
    if (r.width > 0 && c.width > 0) g.drawImage(c, r.left, r.top, r.width, r.height);
  }
}

/** @param {HTMLElement[]} charts @param {string} file */
export function savePicture(charts, file) {
  picture(charts).toBlob((blob) => {
    if (!blob) return;
    const a = el("a", { href: URL.createObjectURL(blob), download: file });
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
  }, "image/png");
}

/** Saves one chart. @param {HTMLElement} chart @param {Text} title */
export function pictureButton(chart, title) {
  const b = el("button", { class: "run-chart-save", type: "button" }, svg("svg", { class: "icon", "aria-hidden": "true", viewBox: "0 0 16 16" }, svg("path", { d: "M8 2v8m-3.5-3L8 10.5 11.5 7M2.5 13.5h11" })));
  label(b, "table.png.one", { title });
  b.addEventListener("click", () => savePicture([chart], `${title.en.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.png`));
  return b;
}
