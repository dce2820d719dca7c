// What can go wrong, in words: a problem of RFC 9457, or what the page says where none came.

const WAKING = {
  title: "The Space does not answer",
  detail: "It may be waking up, which takes a minute or so.",
};
const OFFLINE = { title: "You are offline", detail: "Your question is sent as soon as you are back." };
const CUT = { title: "The answer was cut off", detail: "The connection ended before the answer did." };
const AWAY = [502, 503, 504];

/** An error with words for the visitor. */
export class Problem extends Error {
  /** `retryAfter` is in seconds, undefined where nobody said. */
  constructor({ title, detail, status = 0, service }, { retryAfter, passing = false } = {}) {
    super(title);
    Object.assign(this, { title, detail, status, service, retryAfter, passing });
  }

  /** Nothing came back: no network, or nobody at the other end. */
  static unreachable() {
    return new Problem(navigator.onLine ? WAKING : OFFLINE, { passing: true });
  }

  /** The stream ended without its final event. */
  static cut() {
    return new Problem(CUT);
  }

  /** Whatever was thrown, in words. */
  static from(error) {
    if (error instanceof Problem) return error;
    console.error(error);
    return new Problem({ title: "That did not work", detail: String(error) });
  }

  /** Read the refusal in a response. */
  static async of(response) {
    const { status } = response;
    const about = {
      retryAfter: secondsUntil(response.headers.get("Retry-After")),
      passing: AWAY.includes(status),
    };
    const said = await response.json().catch(() => ({}));
    if (typeof said?.title === "string") return new Problem({ ...said, status }, about);
    const unsaid = { title: "That did not work", detail: `The Space answered with status ${status}.` };
    return new Problem({ ...(about.passing ? WAKING : unsaid), status }, about);
  }
}

/** Read a Retry-After, which is a number of seconds or a date. */
function secondsUntil(header) {
  if (!header) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
