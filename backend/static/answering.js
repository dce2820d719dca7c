// From a question to its answer: asked again for as long as what is missing may come back by itself.

import { Problem } from "./problem.js";
import { eventsOf } from "./sse.js";

const TRIES = 6; // with the pauses of 2, 4, 8, 16 and 32 seconds a Space has a minute to wake up
const PATIENCE = 60; // seconds; who is asked to wait for longer is not kept waiting, but told

/** Ask, show what comes on the turn, and return the answer. Throws a Problem, or the signal's reason. */
export async function answerTo(inquiry, api, turn, signal) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(inquiry, api, turn, signal);
    } catch (problem) {
      signal.throwIfAborted();
      const seconds = pauseAfter(problem, tries);
      if (seconds === undefined) throw problem;
      turn.end();
      await turn.trouble.pause(problem, seconds, signal);
    }
  }
}

async function attempt(inquiry, api, turn, signal) {
  turn.begin();
  const unkept = await api.open(signal);
  const response = await api.ask(inquiry, signal);
  const answer = await read(response.body, turn);
  signal.throwIfAborted();
  turn.finish(answer);
  const service = unkept?.service ?? "postgres";
  if (unkept && !turn.hasNotice(service)) {
    turn.notice({ service, detail: `This conversation is not kept: ${unkept.detail ?? unkept.title}` });
  }
  return answer;
}

async function read(body, turn) {
  try {
    for await (const { type, data } of eventsOf(body)) {
      const value = JSON.parse(data);
      if (type === "citations") turn.found(value.citations);
      if (type === "token") turn.append(value.text);
      if (type === "notice") turn.notice(value);
      if (type === "done") return value;
      if (type === "error") throw new Problem(value);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    console.warn("The stream ended early:", error);
  }
  throw Problem.cut();
}

/** How many seconds to wait before the next attempt; undefined when none is worth it. */
function pauseAfter(problem, tries) {
  if (!problem.passing) return undefined;
  if (!navigator.onLine) return Infinity;
  const seconds = Math.max(1, problem.retryAfter ?? 2 ** tries);
  return tries < TRIES && seconds <= PATIENCE ? seconds : undefined;
}
