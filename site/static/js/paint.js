// @ts-check
// When what is drawn: one redraw per animation frame, traces ten times a second,
// digits twice, tables once; nothing while the page is hidden.

export const TRACE = 100, DIGITS = 500, TABLE = 1000;

export class Painter {
  /** @type {{every: number, last: number, dirty: boolean, draw: () => void}[]} */
  #jobs = [];
  #frame = 0;
  #timer = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#plan());
    document.addEventListener("look", () => this.now());
  }

  /** @param {number} every milliseconds, at most this often @param {() => void} draw */
  add(every, draw) {
    this.#jobs.push({ every, last: 0, dirty: true, draw });
  }

  /** Something new is there to be drawn, in its own time. */
  touch() {
    for (const j of this.#jobs) j.dirty = true;
    this.#plan();
  }

  /** Everything is drawn in the next frame: for what a person has just asked for. */
  now() {
    for (const j of this.#jobs) j.last = 0;
    this.touch();
  }

  #plan() {
    if (this.#frame || document.hidden || !this.#jobs.some((j) => j.dirty)) return;
    clearTimeout(this.#timer);
    const wait = Math.min(...this.#jobs.filter((j) => j.dirty).map((j) => j.last + j.every)) - performance.now();
    if (wait > 8) this.#timer = setTimeout(() => this.#ask(), wait);
    else this.#ask();
  }

  #ask() {
    this.#frame ||= requestAnimationFrame((now) => this.#draw(now));
  }

  /** @param {number} now */
  #draw(now) {
    this.#frame = 0;
    for (const j of this.#jobs) {
      if (!j.dirty || now - j.last < j.every - 8) continue;
      j.dirty = false;
      j.last = now;
      j.draw();
    }
    this.#plan();
  }
}
