// Everything that is sent. The session is a bearer token; the page sets and reads no cookie, since a browser
// may refuse cookies and storage to a page that another site frames, as huggingface.co does.

import { Problem } from "./problem.js";

const KEY = "textbook-session";

/** The backend, as somebody who may have a session. */
export class Api {
  conversation = null; // the id of the one that is gone on with; it ends with the session that it belongs to
  #token = recalled();
  #notBefore = 0; // when a session may be asked for again

  get hasSession() {
    return Boolean(this.#token);
  }

  /** Begin a session if there is none; where there can be none, return why: one may ask all the same. */
  async open(signal) {
    if (this.#token || Date.now() < this.#notBefore) return undefined;
    try {
      const response = await this.#send("/api/sessions", { method: "POST", signal });
      if (!response.ok) throw await Problem.of(response);
      this.#keep((await response.json()).token);
      return undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Problem)) throw error;
      this.#notBefore = Date.now() + (error.retryAfter ?? 0) * 1000;
      return error;
    }
  }

  /** Ask, and return the response whose body is the stream of events. */
  async ask(inquiry, signal) {
    const accept = "text/event-stream";
    const body = () => ({ ...inquiry, conversation_id: this.conversation });
    const response = await this.#request("/api/chat", { method: "POST", body, accept, signal });
    if (response.headers.get("Content-Type")?.startsWith(accept)) return response;
    throw Problem.unreachable(); // a page of the platform instead of the Space's answer
  }

  async conversations(before) {
    const query = before ? `?${new URLSearchParams({ before })}` : "";
    return (await this.#request(`/api/conversations${query}`)).json();
  }

  /** Return a page of a conversation: its end, or what was said before. */
  async transcript(id, before) {
    const query = before ? `?${new URLSearchParams({ before })}` : "";
    return (await this.#request(`/api/conversations/${encodeURIComponent(id)}${query}`)).json();
  }

  async remove(id) {
    await this.#request(`/api/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  /** Delete the session with all that is kept under it. */
  async forget() {
    const response = await this.#send("/api/sessions/current", { method: "DELETE" });
    if (!response.ok && response.status !== 401) throw await Problem.of(response);
    this.#keep(null); // 401: it is gone already
  }

  async #request(path, options = {}) {
    const used = this.#token;
    let response = await this.#send(path, options);
    if (response.status === 401 && used) {
      if (this.#token === used) this.#keep(null);
      await this.open(options.signal);
      response = await this.#send(path, options);
    }
    if (!response.ok) throw await Problem.of(response);
    return response;
  }

  async #send(path, { method = "GET", body, accept = "application/json", signal }) {
    const headers = { Accept: accept };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    if (body) headers["Content-Type"] = "application/json";
    try {
      return await fetch(path, { method, headers, signal, body: body && JSON.stringify(body()) });
    } catch {
      signal?.throwIfAborted();
      throw Problem.unreachable();
    }
  }

  #keep(token) {
    this.#token = token;
    this.conversation = null;
    try {
      if (token) localStorage.setItem(KEY, token);
      else localStorage.removeItem(KEY);
    } catch {
      // Storage is blocked: the session lasts as long as the page.
    }
  }
}

function recalled() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
