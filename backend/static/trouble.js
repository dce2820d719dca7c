// What went wrong with one question, and the way on.

import { announce, show } from "./dom.js";
import { countdown, inWords } from "./wait.js";

/** The part of a turn that shows a problem. */
export class Trouble {
  #root;
  #shown = new AbortController(); // aborted once the problem is no longer the visitor's concern

  constructor(root) {
    this.#root = root;
  }

  /** Take the problem away. */
  clear() {
    this.settle();
    this.#root.hidden = true;
  }

  /** Leave the words and take the way on away: something else was asked since. */
  settle() {
    this.#shown.abort();
    this.#part("again").hidden = true;
    this.#part("next").hidden = true;
  }

  /** Say what went wrong and wait; `seconds` is Infinity when only the network's return will help. */
  async pause(problem, seconds, signal) {
    const early = this.#say(problem, "Try now", () => early.abort());
    const until = AbortSignal.any([early.signal, signal]);
    window.addEventListener("online", () => early.abort(), { once: true, signal: until });
    announce(`${inFull(problem)} ${again(seconds)}`);
    await countdown(seconds, (left) => show(this.#part("next"), again(left)), until);
    signal.throwIfAborted();
    announce("Trying again.");
  }

  /** Say what went wrong. The visitor may `retry` as soon as the server said. */
  async fail(problem, retry) {
    const wait = problem.retryAfter ?? 0;
    const { signal } = this.#say(problem, "Try again", retry);
    if (!wait) return announce(inFull(problem));
    this.#part("again").disabled = true;
    announce(`${inFull(problem)} ${possible(wait)}`);
    await countdown(wait, (left) => show(this.#part("next"), possible(left)), signal);
    if (signal.aborted) return undefined;
    this.#part("again").disabled = false;
    show(this.#part("next"), "");
    return announce("You can try again now.");
  }

  #say({ title, detail, service }, label, act) {
    const again = this.#part("again");
    this.#shown.abort();
    this.#shown = new AbortController();
    show(this.#part("what"), title);
    show(this.#part("why"), detail ?? "");
    show(this.#part("service"), service ? `Service: ${service}` : "");
    show(this.#part("next"), "");
    Object.assign(again, { textContent: label, onclick: act, hidden: false, disabled: false });
    this.#root.hidden = false;
    return this.#shown;
  }

  #part(name) {
    return this.#root.querySelector(`.${name}`);
  }
}

function inFull({ title, detail }) {
  return detail ? `${title}. ${detail}` : `${title}.`;
}

function again(seconds) {
  return Number.isFinite(seconds) ? `Trying again in ${inWords(seconds)}.` : "Waiting for the network.";
}

function possible(seconds) {
  return `You can try again in ${inWords(seconds)}.`;
}
