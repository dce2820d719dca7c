// Waiting that can be ended early.

/** Wait so many milliseconds, or until the signal is aborted. */
function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** Count down from so many seconds, telling `tick` what is left; an aborted signal ends it at once. */
export async function countdown(seconds, tick, signal) {
  const end = Date.now() + seconds * 1000; // a hidden page's timers are late, so none is counted on
  for (let left = seconds; left > 0 && !signal.aborted; left = Math.ceil((end - Date.now()) / 1000)) {
    tick(left);
    await sleep(1000, signal);
  }
}

/** Say how long that is. */
export function inWords(seconds) {
  if (seconds < 100) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
