// Where the visitor writes.

import { announce } from "./dom.js";

/** The form: a question, perhaps a passage that it is about. */
export class Composer {
  #form = document.getElementById("composer");
  #question = document.getElementById("question");
  #passage = document.getElementById("passage");
  #box = document.getElementById("passage-box");
  #send = document.getElementById("send");
  #stop = document.getElementById("stop");

  /** `onAsk` is given the question and the passage, and tells whether it took them. */
  constructor({ onAsk, onStop }) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(onAsk);
    });
    this.#question.addEventListener("keydown", (event) => this.#key(event, onStop));
    this.#stop.addEventListener("click", onStop);
    document.getElementById("clear-passage").addEventListener("click", () => this.#clearPassage());
    countCharacters(this.#question, document.getElementById("question-room"));
    countCharacters(this.#passage, document.getElementById("passage-room"));
    new ResizeObserver(() => this.#reserve()).observe(this.#form);
  }

  /** Show the button that is of use: one asks, the other stops. */
  set busy(busy) {
    const [from, to] = busy ? [this.#send, this.#stop] : [this.#stop, this.#send];
    const focused = document.activeElement === from;
    to.hidden = false;
    if (focused) to.focus();
    from.hidden = true;
  }

  /** Take a passage that the next question will be about. */
  quote(passage) {
    this.#passage.value = passage.slice(0, this.#passage.maxLength);
    this.#passage.dispatchEvent(new Event("input"));
    this.#box.open = true;
    this.focus();
  }

  focus() {
    this.#question.focus({ preventScroll: true });
  }

  /** Go back to the question, unless the visitor left it or would get a keyboard over the text. */
  takeFocus() {
    const { activeElement } = document;
    if (activeElement !== document.body && !this.#form.contains(activeElement)) return;
    if (!matchMedia("(pointer: coarse)").matches) this.focus();
  }

  get top() {
    return this.#form.getBoundingClientRect().top;
  }

  #submit(onAsk) {
    const question = this.#question.value.trim();
    if (!question) this.focus();
    else if (onAsk(question, this.#passage.value.trim())) this.#clear();
  }

  #clear() {
    this.#question.value = "";
    this.#question.dispatchEvent(new Event("input"));
    this.#clearPassage();
  }

  #clearPassage() {
    const focused = this.#box.contains(document.activeElement);
    this.#passage.value = "";
    this.#passage.dispatchEvent(new Event("input"));
    this.#box.open = false;
    if (focused) this.focus();
  }

  #key(event, onStop) {
    if (event.key === "Escape") onStop();
    // An Enter that accepts what an input method suggests does not send; Safari says so in keyCode alone.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  /** Keep what is scrolled to from under the form, which stays at the bottom of the window. */
  #reserve() {
    document.documentElement.style.setProperty("--composer", `${this.#form.offsetHeight}px`);
  }
}

function countCharacters(field, room) {
  field.addEventListener("input", () => {
    const left = field.maxLength - field.value.length;
    room.textContent = left <= field.maxLength / 10 ? `${left} characters left` : "";
    if (left === 0) announce("No more characters fit.");
  });
}
