// The page: a form below, the conversation above, earlier ones in a dialog.

import { answerTo } from "./answering.js";
import { Api } from "./api.js";
import { Composer } from "./composer.js";
import { announce } from "./dom.js";
import { Earlier } from "./earlier.js";
import { Follower } from "./follow.js";
import { Problem } from "./problem.js";
import { offerSelection } from "./selection.js";
import { Turn } from "./turn.js";

const STOPPED = new Problem({ title: "Stopped" });

class Chat {
  #api = new Api();
  #follower = new Follower();
  #bar = document.querySelector(".bar");
  #log = document.getElementById("log");
  #welcome = document.getElementById("welcome");
  #anew = document.getElementById("new");
  #before = document.getElementById("before");
  #running = null; // what aborts the question that is being answered
  #turns = [];

  #composer = new Composer({
    onAsk: (question, passage) => this.#ask(question, passage),
    onStop: () => this.#running?.abort(),
  });

  #earlier = new Earlier(this.#api, {
    onOpen: (transcript) => this.#open(transcript),
    onDeleted: (id) => id === this.#api.conversation && this.#clear(),
    onForgotten: () => {
      this.#clear();
      this.#composer.focus();
      announce("Everything that was kept about you is deleted.");
    },
  });

  start() {
    this.#anew.addEventListener("click", () => this.#begin());
    document.getElementById("show-earlier").addEventListener("click", () => this.#earlier.show());
    for (const example of document.querySelectorAll(".example")) {
      example.addEventListener("click", () => this.#ask(example.textContent));
    }
    offerSelection(document.getElementById("ask-about"), (text) => this.#composer.quote(text));
    new ResizeObserver(() => this.#follow()).observe(this.#log);
    for (const event of ["online", "offline"]) window.addEventListener(event, showConnection);
    showConnection();
  }

  #follow() {
    this.#follower.step(this.#bar.getBoundingClientRect().bottom, this.#composer.top);
  }

  /** Tell whether the question was taken: one at a time is answered. */
  #ask(question, passage = "") {
    if (this.#running) return false;
    this.#turns.at(-1)?.trouble.settle();
    const turn = this.#add(question, passage);
    this.#answer(turn, { question, selected_text: passage || undefined });
    return true;
  }

  async #answer(turn, inquiry) {
    const running = new AbortController();
    this.#running = running;
    this.#composer.busy = true;
    this.#follower.start(turn.element);
    try {
      const answer = await answerTo(inquiry, this.#api, turn, running.signal);
      this.#api.conversation = answer.conversation_id;
      announce(turn.spoken);
    } catch (error) {
      if (this.#running !== running) return; // the conversation was left
      this.#fail(turn, running.signal.aborted ? STOPPED : error, () => this.#answer(turn, inquiry));
    }
    this.#rest();
    this.#composer.takeFocus();
  }

  #fail(turn, problem, retry) {
    turn.end();
    if (problem.status === 404) this.#api.conversation = null; // deleted elsewhere: go on in a new one
    turn.trouble.fail(Problem.from(problem), () => !this.#running && retry());
  }

  #rest() {
    this.#running = null;
    this.#composer.busy = false;
  }

  #add(question, passage) {
    const turn = new Turn(this.#turns.length + 1, question, passage);
    this.#turns.push(turn);
    this.#log.append(turn.element);
    this.#welcome.hidden = true;
    this.#anew.hidden = false;
    return turn;
  }

  #begin() {
    this.#clear();
    this.#composer.focus();
    announce("New conversation.");
  }

  #clear() {
    this.#running?.abort();
    for (const turn of this.#turns) turn.trouble.settle();
    this.#api.conversation = null;
    this.#turns = [];
    this.#log.replaceChildren();
    this.#welcome.hidden = false;
    this.#anew.hidden = true;
    this.#before.hidden = true;
    this.#rest();
  }

  #open(transcript) {
    this.#clear();
    this.#follower.stop();
    this.#api.conversation = transcript.id;
    this.#welcome.hidden = true;
    this.#anew.hidden = false;
    this.#put(transcript);
    this.#composer.focus();
    this.#turns[0]?.element.scrollIntoView();
    announce(`Opened: ${transcript.title}`);
  }

  /** Show a page of a conversation above what is shown of it already. */
  #put({ id, messages, next }) {
    const turns = [];
    for (const { role, content, content_html: html, citations } of messages) {
      if (role === "user") turns.push(new Turn(this.#turns.length + turns.length + 1, content));
      else turns.at(-1)?.finish({ answer: content, answer_html: html, citations });
    }
    this.#turns.unshift(...turns);
    this.#log.prepend(...turns.map(({ element }) => element));
    this.#before.hidden = !next;
    this.#before.onclick = () => this.#showBefore(id, next);
  }

  async #showBefore(id, next) {
    const shown = this.#turns;
    this.#before.disabled = true;
    try {
      const transcript = await this.#api.transcript(id, next);
      if (this.#turns === shown) this.#put(transcript);
    } catch (error) {
      announce(Problem.from(error).title);
    }
    this.#before.disabled = false;
    if (this.#before.hidden) this.#composer.focus();
    else this.#before.focus({ preventScroll: true });
  }
}

function showConnection() {
  document.getElementById("offline").hidden = navigator.onLine;
}

new Chat().start();
