"""The edges of each shape of a key. Keys are put together here, so that no scanner finds one."""

from __future__ import annotations

import pytest

from spacedock.evidence.keys import is_filler, shapes_in, without_keys
from tests.unit.evidence.test_keys import BLOCK, LETTERS, LETTERS_AND_DIGITS, REAL

LONG = LETTERS_AND_DIGITS * 2
UPPER = "Q7XKPZ2MVB5TFLR4"
OPENAI, GITHUB, SLACK = "an OpenAI key", "a GitHub token", "a Slack token"
SPELLED = [
    *((OPENAI, f"sk-{kind}-{LONG[:40]}") for kind in ("proj", "svcacct", "admin")),
    (OPENAI, f"sk-{LONG[:20]}T3BlbkFJ{LONG[20:40]}"),
    ("a Hugging Face token", f"api_org_{LETTERS}"),
    *((GITHUB, f"gh{kind}_{LONG[:36]}") for kind in "pousr"),
    (GITHUB, f"github_pat_{LONG[:82]}"),
    ("an AWS access key", f"ASIA{UPPER}"),
    *((SLACK, f"xox{kind}-12-34-{LONG[:20]}") for kind in "abeprs"),
    ("a Stripe key", f"rk_live_{LONG[:24]}"),
    ("a private key", f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{BLOCK}"),
    ("a private key", f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n{BLOCK}"),
]
SHORTEST = [
    f"sk-proj-{LONG[:40]}",
    f"sk-{LONG[:20]}T3BlbkFJ{LONG[20:40]}",
    f"sk-ant-api03-{LONG[:80]}",
    f"hf_{LETTERS}",
    f"ghp_{LONG[:36]}",
    f"github_pat_{LONG[:82]}",
    f"glpat-{LONG[:20]}",
    f"AKIA{UPPER}",
    f"xoxb-1-{LONG[:20]}",
    f"sk_live_{LONG[:24]}",
    f"pypi-AgEIcHlwaS5vcmc{LONG[:50]}",
    f"-----BEGIN PRIVATE KEY-----\n{BLOCK[:40]}",
]
OF_ONE_LENGTH = [
    f"sk-{LONG[:20]}T3BlbkFJ{LONG[20:40]}",
    f"hf_{LETTERS}",
    f"github_pat_{LONG[:82]}",
    f"AKIA{UPPER}",
]


def shapes(text: str) -> list[str]:
    return list(shapes_in(text.encode()))


@pytest.mark.parametrize(("name", "key"), SPELLED, ids=[key[:20] for _, key in SPELLED])
def test_a_key_is_known_in_every_spelling_of_its_issuer(name: str, key: str) -> None:
    assert shapes(key) == [name]


@pytest.mark.parametrize("key", SHORTEST, ids=[key[:20] for key in SHORTEST])
def test_a_key_that_lacks_one_character_is_none(key: str) -> None:
    assert (len(shapes(key)), shapes(key[:-1])) == (1, [])


@pytest.mark.parametrize("key", OF_ONE_LENGTH, ids=[key[:20] for key in OF_ONE_LENGTH])
def test_a_key_of_one_length_that_has_a_character_more_is_none(key: str) -> None:
    assert shapes(f"{key}A") == []


@pytest.mark.parametrize("name", [name for name in REAL if name != "a private key"])
def test_a_key_at_the_end_of_a_longer_word_is_none(name: str) -> None:
    assert shapes(f"task{REAL[name]}") == []


@pytest.mark.parametrize(("different", "known"), [(7, []), (8, ["a Hugging Face token"])])
def test_a_key_has_eight_different_characters_behind_its_beginning(different: int, known: list[str]) -> None:
    """The one in front of them counts only where it stands behind the eighth."""
    assert shapes("hf_" + "VWXYZ" + "abcdefgh"[:different].ljust(29, "b")) == known


def test_nothing_but_keys_is_blotted_out() -> None:
    said = "a={} b='{}' c=hunter22 \N{MICRO SIGN}"
    text = said.format(REAL[GITHUB], REAL[SLACK])
    assert without_keys(text) == said.format("***", "***")


@pytest.mark.parametrize("value", ["$KEY", "${KEY}", "`cat key`", "/run/secrets/key", "'/key'", '"$KEY"'])
def test_a_reference_and_a_path_fill_a_place(value: str) -> None:
    assert is_filler(value)


@pytest.mark.parametrize(
    "word",
    [
        "change-me", "CHANGE_ME", "dummy", "example", "fake", "fill_me", "foo", "none", "null", "placeholder",
        "replaceme", "secret", "test", "todo", "to-do", "unset", "x", "your key", "abc...", "<key>",
    ],
)  # fmt: skip
def test_a_filler_may_have_signs_before_it_and_a_number_behind_it(word: str) -> None:
    assert [is_filler(text) for text in (word, f"__{word}", f"{word}_1", f"'{word}'")] == [True] * 4


@pytest.mark.parametrize("value", ["tested", "x1y", "nonesuch", "yours", "sk..", "<key"])
def test_what_only_begins_like_a_filler_is_a_value(value: str) -> None:
    assert not is_filler(value)
