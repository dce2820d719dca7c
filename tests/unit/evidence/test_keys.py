"""What is taken for a key, and what is not. Keys are put together here, so that no scanner finds one."""

from __future__ import annotations

import pytest

from spacedock.evidence.keys import is_filler, shapes_in, without_keys

LETTERS = "QxkPzmVbTfLrWnYcDsHjGuEaoKiRxMqBtZ"
LETTERS_AND_DIGITS = "Q7xkPz2mVb9TfLr4WnYc8DsHj3GuEa6oKi1RxM5qBtZw0Nv"
BLOCK = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
REAL = {
    "an OpenAI key": "sk-proj-" + LETTERS_AND_DIGITS,
    "an Anthropic key": "sk-ant-api03-" + LETTERS_AND_DIGITS * 2,
    "a Hugging Face token": "hf_" + LETTERS,
    "a GitHub token": "ghp_" + LETTERS_AND_DIGITS[:36],
    "a GitLab token": "glpat-" + LETTERS_AND_DIGITS[:20],
    "an AWS access key": "AKIA" + "Q7XKPZ2MVB5TFLR4",
    "a Slack token": "xoxb-" + "123456789012-" + LETTERS_AND_DIGITS[:24],
    "a Stripe key": "sk_live_" + LETTERS_AND_DIGITS[:24],
    "a PyPI token": "pypi-AgEIcHlwaS5vcmc" + LETTERS_AND_DIGITS * 2,
    "a private key": f"-----BEGIN RSA PRIVATE KEY-----\n{BLOCK}",
}


@pytest.mark.parametrize(("name", "key"), REAL.items(), ids=REAL)
def test_a_key_is_known_by_its_shape_and_can_be_blotted_out(name: str, key: str) -> None:
    text = f'{{"key": "{key}"}}'
    assert list(shapes_in(text.encode())) == [name]
    assert key not in without_keys(text)


def test_a_private_key_within_json_is_one() -> None:
    text = rf'{{"private_key": "-----BEGIN PRIVATE KEY-----\n{BLOCK}\n"}}'
    assert list(shapes_in(text.encode())) == ["a private key"]


@pytest.mark.parametrize(
    "text",
    [
        "hf_" + "x" * 34,
        "sk-proj-" + "0" * 48,
        "AKIA" + "IOSFODNN7EXAMPLE",
        "sk-loading-indicator-of-the-page-in-the-middle-of-a-long-class-name",
        "if '-----BEGIN PRIVATE KEY-----' in text: ...",
        "-----BEGIN PUBLIC KEY-----\n" + BLOCK,
        "sha256:" + "0123456789abcdef" * 4,
    ],
)
def test_a_filler_an_example_and_a_word_of_code_are_no_keys(text: str) -> None:
    assert list(shapes_in(text.encode())) == []


@pytest.mark.parametrize(
    "value",
    ["", '""', "changeme", "your-key-here", "sk-...", "<token>", "xxxx", "dummy", "$TOKEN", "/run/secrets/T"],
)
def test_what_only_fills_a_place_is_no_value(value: str) -> None:
    assert is_filler(value)


@pytest.mark.parametrize("value", ["hunter22", "'p4ssw0rd!'", REAL["a GitHub token"], "testimony"])
def test_a_value_is_one(value: str) -> None:
    assert not is_filler(value)
