"""The parser of server-sent events, in the browser that runs it."""

from __future__ import annotations

from playwright.sync_api import Page

STREAM = (
    "\ufeff: a heartbeat\r\n\r\n"
    'event: token\r\ndata: {"text":\r\ndata: "für 5 € 🤖"}\r\n\r\n'
    "id: 7\nretry: 10\ndata:no space\n\n"
    "data:  two spaces\r\rdata\n\n"
    "event: without data\n\n"
    "data\ndata\n\nnonsense\n: another heartbeat\ndata: a: b\n\n"
    "data: never finished\n"
).encode()
EVENTS = [
    ["token", '{"text":\n"für 5 € 🤖"}'],
    ["message", "no space"],
    ["message", " two spaces"],
    ["message", ""],
    ["message", "\n"],
    ["message", "a: b"],
]
READ = """async ([bytes, cutsOf]) => {
  const { eventsOf } = await import("/static/sse.js");
  const read = async (...pieces) => {
    const events = [];
    const body = new ReadableStream({
      start(stream) {
        for (const piece of pieces) stream.enqueue(new Uint8Array(piece));
        stream.close();
      },
    });
    for await (const { type, data } of eventsOf(body)) events.push([type, data]);
    return events;
  };
  if (cutsOf === "one") return [await read(...bytes.map((byte) => [byte]))];
  return Promise.all(bytes.map((_, at) => read(bytes.slice(0, at), bytes.slice(at))));
}"""
FALL_SILENT = """async () => {
  const { eventsOf } = await import("/static/sse.js");
  const read = async () => {
    for await (const event of eventsOf(new ReadableStream(), 1)) return event;
  };
  const late = new Promise((resolve) => setTimeout(resolve, 5000, "nothing in five seconds"));
  return Promise.race([read().catch((error) => error.message), late]);
}"""


def test_events_are_the_same_wherever_the_stream_is_cut_in_two(page: Page) -> None:
    for events in page.evaluate(READ, [list(STREAM), "two"]):
        assert events == EVENTS


def test_events_are_the_same_when_each_byte_comes_alone(page: Page) -> None:
    assert page.evaluate(READ, [list(STREAM), "one"]) == [EVENTS]


def test_a_stream_that_falls_silent_is_an_error(page: Page) -> None:
    assert page.evaluate(FALL_SILENT) == "The stream fell silent."
