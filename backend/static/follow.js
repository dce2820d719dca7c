// Scrolling along with an answer as it grows.

const MARGIN = 16; // pixels left above the question

/** Keeps the end of an answer in view until its question reaches the top, or the visitor scrolls. */
export class Follower {
  #element = null;
  #expected = 0;

  start(element) {
    this.#element = element;
    this.#expected = window.scrollY;
  }

  /** The element grew; `bottom` is where the window's free part ends. */
  step(bottom) {
    if (!this.#element) return;
    if (Math.abs(window.scrollY - this.#expected) > 2) return this.stop();
    const box = this.#element.getBoundingClientRect();
    const by = Math.min(box.bottom - Math.min(bottom, window.innerHeight), box.top - MARGIN);
    if (by > 0) window.scrollBy({ top: by, behavior: "instant" });
    this.#expected = window.scrollY;
    return undefined;
  }

  stop() {
    this.#element = null;
  }
}
