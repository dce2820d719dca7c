// The dialog with earlier conversations.

import { confirmFirst, copy } from "./dom.js";
import { Problem } from "./problem.js";

const WHEN = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "short",
});

/** Lists, opens and deletes what is kept. */
export class Earlier {
  #api;
  #on;
  #dialog = document.getElementById("earlier");
  #list = this.#dialog.querySelector(".conversations");
  #more = this.#dialog.querySelector(".more");
  #forget = this.#dialog.querySelector(".forget");

  /** `on` has onOpen(transcript), onDeleted(id) and onForgotten(). */
  constructor(api, on) {
    this.#api = api;
    this.#on = on;
    this.#dialog.querySelector(".close").addEventListener("click", () => this.#dialog.close());
    const asked = this.#forget.querySelector(".asked");
    confirmFirst(asked, () => this.#try("Forgetting", () => this.#forgetAll()));
  }

  /** Show the dialog and what is kept now. */
  show() {
    this.#list.replaceChildren();
    this.#more.hidden = true;
    this.#forget.hidden = !this.#api.hasSession;
    this.#dialog.showModal();
    if (this.#api.hasSession) this.#try("Looking", () => this.#load());
    else this.#state("Nothing is kept yet.");
  }

  async #load(before) {
    const { conversations, next } = await this.#api.conversations(before);
    const rows = conversations.map((conversation) => this.#row(conversation));
    this.#list.append(...rows);
    if (before) rows[0]?.querySelector(".open").focus();
    this.#more.hidden = !next;
    this.#more.onclick = () => this.#try("Looking", () => this.#load(next));
    this.#stateOfList();
  }

  #row({ id, title, updated_at: at }) {
    const row = copy("conversation");
    row.querySelector(".words").textContent = title;
    Object.assign(row.querySelector("time"), { dateTime: at, textContent: WHEN.format(new Date(at)) });
    row.querySelector(".open").addEventListener("click", () => this.#try("Opening", () => this.#open(id)));
    row.querySelector(".first").ariaLabel = `Delete: ${title}`;
    confirmFirst(row, () => this.#try("Deleting", () => this.#delete(id, row)));
    return row;
  }

  async #open(id) {
    const transcript = await this.#api.transcript(id);
    this.#dialog.close();
    this.#on.onOpen(transcript);
  }

  async #delete(id, row) {
    await this.#api.remove(id);
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (near?.querySelector(".open") ?? this.#dialog.querySelector(".close")).focus();
    this.#stateOfList();
    this.#on.onDeleted(id);
  }

  async #forgetAll() {
    await this.#api.forget();
    this.#dialog.close();
    this.#on.onForgotten();
  }

  async #try(doing, act) {
    this.#state(`${doing} …`);
    try {
      await act();
    } catch (error) {
      const { title, detail } = Problem.from(error);
      this.#state([title, detail].filter(Boolean).join(". "));
    }
  }

  #stateOfList() {
    this.#state(this.#list.children.length ? "" : "Nothing is kept yet.");
  }

  #state(text) {
    this.#dialog.querySelector(".state").textContent = text;
  }
}
