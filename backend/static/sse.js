// Server-sent events over fetch: EventSource can neither POST nor send a token.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

const SILENCE = 60_000; // milliseconds; the server writes a comment more often than that
const PATIENCE = 2000; // milliseconds that a stream has to end by itself

/** Cuts text, as it comes in, into events. */
export class EventParser {
  #rest = "";
  #afterReturn = false; // the last character was a CR; an LF that follows belongs to it
  #type = "";
  #data = [];

  /** Take the next piece and return the events that it completes. */
  feed(text) {
    if (!text) return [];
    const piece = this.#afterReturn && text.startsWith("\n") ? text.slice(1) : text;
    this.#afterReturn = text.endsWith("\r");
    const lines = (this.#rest + piece).split(/\r\n|\n|\r/);
    this.#rest = lines.pop();
    return lines.map((line) => this.#line(line)).filter(Boolean);
  }

  #line(line) {
    if (!line) return this.#dispatch();
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (name === "event") this.#type = value;
    if (name === "data") this.#data.push(value);
    return null; // a comment has no name; id and retry mean nothing to a POST
  }

  #dispatch() {
    const event = this.#data.length ? { type: this.#type || "message", data: this.#data.join("\n") } : null;
    this.#type = "";
    this.#data = [];
    return event;
  }
}

/** Yield the events of a response's body. Rejects when the stream breaks or falls silent. */
export async function* eventsOf(body, silence = SILENCE) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await within(silence, reader.read());
      if (done) return;
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    leave(reader);
  }
}

/** Read to the end what nobody wants: a browser counts a response that was left as a failed request. */
async function leave(reader) {
  const timer = setTimeout(() => reader.cancel().catch(() => {}), PATIENCE);
  try {
    while (!(await reader.read()).done);
  } catch {
    // It broke, or was broken off.
  }
  clearTimeout(timer);
}

async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, milliseconds, new TypeError("The stream fell silent."));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
