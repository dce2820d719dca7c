"""The catalogue as pages: an index by symptom, group and layer, and a page a failure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from spacedock.failures.base import Failure, Group, Layer, Symptom
from spacedock.failures.specimen import mending

INDEX = "README.md"
MARK = "<!-- Written by `spacedock failures`: what is changed here is lost. -->"
_WIDTH = 100  # characters of a symptom in the index

_INTRODUCTION = """\
How Docker Spaces fail on Hugging Face: what people see, why it is so, and what mends it.
`spacedock reproduce NAME` brings a failure about on your own machine, `--fixed` with its mended twin beside
it; `spacedock diagnose LOG` finds the failure that a log shows. Containers, drivers, databases, proxies and
browsers are real; what Hugging Face itself says, to a push, in a deploying action's log and on the page of
the Space, a stand-in says here, in the words of its documentation and of people who met them.
This folder is written by
`spacedock failures docs/failures`.
"""


def pages(failures: Iterable[Failure]) -> dict[str, str]:
    """Return the text of each file by its name."""
    known = tuple(failures)
    texts = {INDEX: _index(known), **{f"{failure.name}.md": _page(failure) for failure in known}}
    return {name: f"{MARK}\n{text}" for name, text in texts.items()}


def is_page(text: str) -> bool:
    """Whether a file is one of these pages: it says so in its first line."""
    return text.startswith(f"{MARK}\n")


def _index(failures: tuple[Failure, ...]) -> str:
    lines = [
        "# The catalogue of failures",
        "",
        _INTRODUCTION,
        *_by_symptom(failures),
        *_by_group(failures),
        *_by_layer(failures),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _by_symptom(failures: tuple[Failure, ...]) -> Iterator[str]:
    """Yield a table of what is seen, in the order of the alphabet."""
    yield from ("## By symptom", "", "| what is seen | where | failure |", "|---|---|---|")
    seen = [(symptom, failure) for failure in failures for symptom in failure.symptoms]
    for symptom, failure in sorted(seen, key=lambda pair: _sorting(pair[0])):
        text = _cell(symptom.text)
        yield f"| {_code(text)} | {symptom.where} | {_link(failure)} |"
    yield ""


def _by_group(failures: tuple[Failure, ...]) -> Iterator[str]:
    yield from ("## By group", "")
    for group in Group:
        members = [failure for failure in failures if failure.group is group]
        yield from (
            f"### {group[0].upper()}{group[1:]}",
            "",
            "| failure | what happens | promise |",
            "|---|---|---|",
        )
        for failure in members:
            promises = ", ".join(failure.breaks) or "none: it cannot be had here"
            yield f"| {_link(failure)} | {failure.title} | {promises} |"
        yield ""


def _by_layer(failures: tuple[Failure, ...]) -> Iterator[str]:
    yield from ("## By layer", "", "Where a test can catch it.", "", "| layer | failures |", "|---|---|")
    for layer in Layer:
        members = ", ".join(_link(failure) for failure in failures if failure.layer is layer)
        yield f"| {layer} | {members} |"


def _page(failure: Failure) -> str:
    parts = [
        f"# {failure.name}: {failure.title}",
        *_symptoms(failure),
        f"## Why\n\n{failure.cause.strip()}",
        f"## What mends it\n\n{failure.remedy.strip()}",
        *_specimen(failure),
        *_facts(failure),
        "[The whole catalogue](README.md)",
    ]
    return "\n\n".join(parts) + "\n"


def _symptoms(failure: Failure) -> Iterator[str]:
    if not failure.symptoms:
        return
    yield "## What you see"
    for symptom in failure.symptoms:
        told = "; reported, not produced by a specimen here" if symptom.reported else ""
        yield f"In the {symptom.where}{told}: {symptom.why}."
        fence = "~~~" if "```" in symptom.text else "```"
        yield f"{fence}text\n{symptom.text.strip()}\n{fence}"


def _specimen(failure: Failure) -> Iterator[str]:
    if failure.specimen is None:
        yield f"## Not to be had locally\n\n{failure.not_here.strip()}"
        return
    with TemporaryDirectory() as scratch:
        difference = mending(failure, Path(scratch))
    yield "In the smallest Space that fails so, this is the whole difference:"
    yield f"```diff\n{difference.rstrip()}\n```"
    lines = [f"spacedock reproduce {failure.name}", f"spacedock reproduce {failure.name} --fixed"]
    if failure.inject is not None:
        told = failure.inject.prose
        lines.append(f"spacedock reproduce {failure.name} --here path/to/your/space  # {told}")
    yield "## Have it on your own machine\n\n```console\n" + "\n".join(lines) + "\n```"


def _facts(failure: Failure) -> Iterator[str]:
    yield "## Facts"
    rows = [f"- Group: {failure.group}; a test can catch it in the layer *{failure.layer}*."]
    if failure.breaks:
        names = ", ".join(f"`{name}`" for name in failure.breaks)
        rows.append(f"- Caught by the promise {names} (`spacedock explain {failure.breaks[0]}`).")
    rows += [f"- Source: {source}" for source in failure.sources]
    rows.append(f"- In the catalogue since {failure.since}.")
    yield "\n".join(rows)


def _link(failure: Failure) -> str:
    return f"[{failure.name}]({failure.name}.md)"


def _cell(text: str) -> str:
    """Return the text in one row, cut where it is long."""
    row = " ".join(text.split())
    return f"{row[:_WIDTH]} ..." if len(row) > _WIDTH else row


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|')}{pad}{fence}"


def _sorting(symptom: Symptom) -> str:
    return re.sub(r"\W+", " ", symptom.text).strip().casefold()
