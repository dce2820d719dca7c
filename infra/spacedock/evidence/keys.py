"""What a key looks like: shapes that their issuers document, and what only fills a key's place.

Only shapes with a prefix of their own are listed: whatever else is long and random may be a digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# Each shape with words by which a text that has none of it is passed over quickly.
SHAPES: Final = {
    "an OpenAI key": (
        (b"sk-",),
        rb"\bsk-(?:(?:proj|svcacct|admin)-[\w-]{40,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})\b",
    ),
    "an Anthropic key": ((b"sk-ant-",), rb"\bsk-ant-[a-z]+\d\d-[\w-]{80,}"),
    "a Hugging Face token": ((b"hf_", b"api_org_"), rb"\b(?:hf_|api_org_)[A-Za-z]{34}\b"),
    "a GitHub token": (
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_\w{82})\b",
    ),
    "a GitLab token": ((b"glpat-",), rb"\bglpat-[\w-]{20,}"),
    "an AWS access key": ((b"AKIA", b"ASIA"), rb"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "a Slack token": ((b"xox",), rb"\bxox[abeprs]-(?:\d+-)+[A-Za-z0-9-]{20,}"),
    "a Stripe key": ((b"k_live_",), rb"\b[rs]k_live_[A-Za-z0-9]{24,}\b"),
    "a PyPI token": ((b"pypi-AgE",), rb"\bpypi-AgEIcHlwaS5vcmc[\w-]{50,}"),
    # With content: code that reads keys names the line alone.
    "a private key": (
        (b"PRIVATE KEY",),
        (
            rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
            rb"(?:\s|\\n|[A-Z][\w-]+: [^\n]{1,80}\n){1,8}[A-Za-z0-9+/]{40}"
        ),
    ),
}
LONGEST: Final = 1024  # bytes of a text that a shape needs at most

_COMPILED = {name: (words, re.compile(pattern)) for name, (words, pattern) in SHAPES.items()}
_FEWEST_CHARACTERS = 8  # of a key, different ones: `hf_xxxx...` is none
_FILLERS = re.compile(
    r"(?i)[\W_]*(?:change[\W_]?me|dummy|example|fake|fill[\W_]?me|foo|none|null|placeholder|replace[\W_]?me|"
    r"secret|test|to[\W_]?do|unset|x+|your\b.*|.*\.\.\.|<.*>)[\W_]*\d*"
)


def shapes_in(text: bytes) -> Iterator[str]:
    """Yield the name of each shape that `text` has a key of; examples and fillers are none."""
    for name, (words, pattern) in _COMPILED.items():
        if any(word in text for word in words) and any(
            _is_real(found[0]) for found in pattern.finditer(text)
        ):
            yield name


def line_of(text: bytes) -> int | None:
    """Return the line of the first key in `text`; None where there is none."""
    places = [
        found.start()
        for words, pattern in _COMPILED.values()
        if any(word in text for word in words)
        for found in pattern.finditer(text)
        if _is_real(found[0])
    ]
    return text.count(b"\n", 0, min(places)) + 1 if places else None


def without_keys(text: str) -> str:
    """Return `text` with `***` in the place of each key."""
    data = text.encode()
    for _, pattern in _COMPILED.values():
        data = pattern.sub(b"***", data)
    return data.decode(errors="replace")


def is_filler(value: str) -> bool:
    """Whether a value only stands where a secret will be: nothing, `changeme`, a reference, a path."""
    value = value.strip("\"'")
    return not value or value[0] in "$`/" or _FILLERS.fullmatch(value) is not None


def _is_real(found: bytes) -> bool:
    return b"EXAMPLE" not in found and len(set(found[8:])) >= _FEWEST_CHARACTERS
