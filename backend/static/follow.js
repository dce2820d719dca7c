// Scrolling along with an answer as it grows.

/** Keeps the end of an answer in view until its question reaches the top, or the visitor scrolls. */
export class Follower {
  #element = null;
  #expected = 0;

  start(element) {
    this.#element = element;
    this.#expected = window.scrollY;
  }

  /** The element grew; between `top` and `bottom` the window is free. */
  step(top, bottom) {
    if (!this.#element) return;
    if (Math.abs(window.scrollY - this.#expected) > 2) return this.stop();
    const box = this.#element.getBoundingClientRect();
    const by = Math.min(box.bottom - Math.min(bottom, window.innerHeight), box.top - top);
    if (by > 0) window.scrollBy({ top: by, behavior: "instant" });
    this.#expected = window.scrollY;
    return undefined;
  }

  stop() {
    this.#element = null;
  }
}
