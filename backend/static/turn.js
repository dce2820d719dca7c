// One question and its answer, on the page. It knows nothing of how the answer is had.

import { copy, isWebAddress, make, show } from "./dom.js";
import { linkMarkers, safe } from "./markup.js";
import { Trouble } from "./trouble.js";

/** The view of one question; `number` tells it from the others on the page. */
export class Turn {
  #number;
  #parts = {};
  #notices = [];

  constructor(number, question, passage = "") {
    this.element = copy("turn");
    this.#number = number;
    for (const name of ["notices", "progress", "answer", "sources"]) {
      this.#parts[name] = this.element.querySelector(`.${name}`);
    }
    this.trouble = new Trouble(this.element.querySelector(".trouble"));
    this.element.querySelector(".words").textContent = question;
    show(this.element.querySelector(".passage"), passage);
  }

  /** Clear what an attempt before left, and wait. */
  begin() {
    const { notices, progress, answer, sources } = this.#parts;
    this.#notices = [];
    notices.replaceChildren();
    answer.replaceChildren();
    answer.classList.add("streaming");
    for (const part of [notices, answer, sources]) part.hidden = true;
    this.trouble.clear();
    show(progress, "Reading the book");
  }

  /** Show the passages that the answer is made from. */
  found(citations) {
    this.#cite(citations, "Found in the book");
    show(this.#parts.progress, "Writing the answer");
  }

  /** Add to the answer, as text. */
  append(text) {
    this.#parts.progress.hidden = true;
    this.#parts.answer.hidden = false;
    this.#parts.answer.append(text);
  }

  /** Say what the answer has to do without. */
  notice({ service, detail }) {
    if (this.#notices.some((told) => told.detail === detail)) return;
    this.#notices.push({ service, detail });
    this.#parts.notices.append(make("li", { textContent: detail }));
    this.#parts.notices.hidden = false;
  }

  /** Tell whether it was said that this service is away. */
  hasNotice(service) {
    return this.#notices.some((told) => told.service === service);
  }

  /** Replace what was streamed by the finished answer. */
  finish({ answer, answer_html: html, citations = [], notices = [] }) {
    const shown = this.#parts.answer;
    this.#parts.progress.hidden = true;
    shown.hidden = false;
    shown.classList.toggle("streaming", !html);
    shown.replaceChildren(html ? safe(html) : answer);
    this.#cite(citations, "Sources");
    const numbers = new Set(citations.map(({ number }) => number));
    linkMarkers(shown, (number) => numbers.has(number) && this.#idOf(number));
    for (const notice of notices) this.notice(notice);
  }

  /** Nothing more will come: what was streamed so far stays. */
  end() {
    this.#parts.progress.hidden = true;
  }

  /** What a screen reader is told once the answer is complete. */
  get spoken() {
    const { notices, answer, sources } = this.#parts;
    const count = sources.hidden ? 0 : sources.querySelectorAll("li").length;
    const counted = count && `${count} ${count > 1 ? "sources" : "source"}.`;
    return [notices.innerText, answer.innerText, counted].filter(Boolean).join("\n");
  }

  #cite(citations, title) {
    const { sources } = this.#parts;
    sources.hidden = citations.length === 0;
    sources.querySelector("h3").textContent = title;
    sources.querySelector("ol").replaceChildren(...citations.map((citation) => this.#source(citation)));
  }

  #source({ number, chapter, heading, url, quote }) {
    const item = copy("source");
    const link = item.querySelector("a");
    Object.assign(item, { id: this.#idOf(number), value: number });
    item.querySelector(".heading").textContent = heading;
    item.querySelector(".chapter").textContent = chapter;
    show(item.querySelector(".quote"), quote);
    if (isWebAddress(url)) link.href = url;
    else link.querySelector(".unseen").remove(); // without an address it is no link
    return item;
  }

  #idOf(number) {
    return `turn-${this.#number}-source-${number}`;
  }
}
