"""Reports on disk and on the web: read, written, and those that the package brings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import httpx

from spacedock import recordings, writing
from spacedock.errors import UsageError
from spacedock.probe.fields import FIELDS, Report
from spacedock.probe.settle import verdicts

VERSION = 1  # of the report
CLAIMED_ADDRESS = "203.0.113.7"  # what is sent as X-Forwarded-For, to see what becomes of it (RFC 5737)
HOW = "docs/probe.md says how a recording is made"

_TICK = re.compile(r"probe: (\d+(?:\.\d+)?) s since SIGTERM")
_TIMEOUT = 60.0  # seconds; a Space that sleeps may be waking
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)-[\w-]+\.json")


def read(source: str) -> dict[str, Any]:
    """Return the report in a file, or that of the probe deployed at an https address. Raises UsageError."""
    if re.match(r"https?://", source):
        return parsed(fetched(source), source)
    try:
        return parsed(Path(source).read_text(encoding="utf-8"), source)
    except FileNotFoundError:
        raise UsageError("there is no such recording", path=source, remedy=HOW) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"it cannot be read: {error}", path=source, remedy=HOW) from None


def fetched(url: str) -> str:
    """Return what a deployed probe answers. Raises UsageError where it does not."""
    address = f"{url.removesuffix('/report').rstrip('/')}/report"
    try:
        answer = httpx.get(
            address,
            headers={"X-Forwarded-For": CLAIMED_ADDRESS},
            timeout=_TIMEOUT,
            follow_redirects=True,
        )
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise UsageError(
            f"it answers {error.response.status_code}",
            path=address,
            remedy="open the Space; it must be public and RUNNING (a private one: curl with a token)",
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UsageError(
            f"it does not answer: {error!s:.200}",
            path=address,
            remedy="give the address of the running Space, https://OWNER-NAME.hf.space",
        ) from None
    return answer.text


def parsed(text: str, source: str) -> dict[str, Any]:
    """Return the report that `text` holds. Raises UsageError when it is none, or of another version."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"it is not JSON: {error.msg}", path=source, line=error.lineno, remedy=f"record it anew; {HOW}"
        ) from None
    version = found.get("probe", {}).get("version") if isinstance(found, dict) else None
    if version is None:
        raise UsageError(
            "it is no report of the probe: `probe.version` is not there", path=source, remedy=HOW
        )
    if version != VERSION:
        raise UsageError(
            f"it is a report of version {version}; this is version {VERSION}",
            path=source,
            remedy="deploy the probe of this version, and record it anew",
        )
    if missing := [field.name for field in FIELDS if field.name not in found]:
        raise UsageError(f"it lacks {', '.join(missing)}", path=source, remedy=f"record it anew; {HOW}")
    return dict(found)


def grace_in(log: str) -> float | None:
    """Return the seconds from SIGTERM to the end that a probe's log tells of; the last stop counts."""
    ticks = [float(found[1]) for found in _TICK.finditer(log)]
    return ticks[-1] if ticks else None


def write(report: Report, file: Path) -> None:
    """Write a recording. Raises UsageError where it cannot be, or would replace what is none."""
    writing.write(file, json.dumps(report, indent=2) + "\n", is_recording)


def is_recording(text: str) -> bool:
    """Whether a file holds a recording, of whatever version."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("probe"), dict)


def brought() -> Iterator[tuple[str, Report]]:
    """Yield the package's recordings of Hugging Face by name, the oldest first."""
    files = (file for file in resources.files(recordings).iterdir() if _NAME.fullmatch(file.name))
    for file in sorted(files, key=lambda file: file.name):
        yield file.name, parsed(file.read_text(encoding="utf-8"), file.name)


def observed() -> dict[str, tuple[bool, str]]:
    """Return, for each fact of which a recording says something, whether it held last, and when."""
    return {name: (held, file[:10]) for file, report in brought() for name, held in verdicts(report)}


def summary() -> str:
    """`0 facts observed by probe`."""
    seen = observed()
    last = f", last on {max(date for _, date in seen.values())}" if seen else ""
    return f"{counted(len(seen))} observed by probe{last}"


def counted(number: int) -> str:
    """`0 facts`."""
    return f"{number} {'fact' if number == 1 else 'facts'}"
