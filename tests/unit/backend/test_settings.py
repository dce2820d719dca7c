"""Where settings come from, and what is wrong with those that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.config import ConfigurationError, Settings, load_settings
from tests.unit.backend.conftest import CANARIES, REQUIRED, SOUND, Configure


def write_env(folder: Path, text: str) -> None:
    (folder / ".env").write_text(text, encoding="utf-8")


def refusal(configure: Configure, **changes: str | None) -> str:
    with pytest.raises(ConfigurationError) as refused:
        configure(**changes)
    return str(refused.value)


def named(text: str) -> set[str]:
    return {name.upper() for name in Settings.model_fields if name.upper() in text}


def test_the_environment_is_enough(configure: Configure) -> None:
    settings = configure()
    assert settings.qdrant_url.get_secret_value() == SOUND["QDRANT_URL"]
    assert settings.qdrant_collection_name == "textbook"


def test_names_may_be_in_lower_case(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("qdrant_api_key", "lower")
    assert configure(QDRANT_API_KEY=None).qdrant_api_key.get_secret_value() == "lower"


def test_an_env_file_is_read_when_there_is_one(empty_place: Path) -> None:
    write_env(empty_place, "".join(f'{name}="{value}"\n' for name, value in SOUND.items()))
    assert load_settings().openai_api_key.get_secret_value() == SOUND["OPENAI_API_KEY"]


def test_the_environment_wins_over_the_env_file(empty_place: Path, configure: Configure) -> None:
    write_env(empty_place, "QDRANT_API_KEY=from-the-file\n")
    assert configure().qdrant_api_key.get_secret_value() == SOUND["QDRANT_API_KEY"]


def test_a_blank_in_the_environment_leaves_it_to_the_env_file(
    empty_place: Path, configure: Configure
) -> None:
    write_env(empty_place, "QDRANT_API_KEY=from-the-file\n")
    assert configure(QDRANT_API_KEY=" ").qdrant_api_key.get_secret_value() == "from-the-file"


def test_an_env_file_with_a_byte_order_mark_is_read(empty_place: Path, configure: Configure) -> None:
    (empty_place / ".env").write_bytes(b"\xef\xbb\xbfQDRANT_API_KEY=from-the-file\n")
    assert configure(QDRANT_API_KEY=None).qdrant_api_key.get_secret_value() == "from-the-file"


def test_an_env_file_that_is_no_text_is_an_error_without_a_traceback(empty_place: Path) -> None:
    (empty_place / ".env").write_bytes(b"KEY=\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read \(UnicodeDecodeError\)"):
        load_settings()


def test_other_names_in_the_env_file_do_not_matter(empty_place: Path, configure: Configure) -> None:
    write_env(empty_place, "SOMETHING_ELSE=1\n")
    assert configure().model_extra is None


def test_a_newline_that_was_pasted_with_a_secret_is_dropped(configure: Configure) -> None:
    assert configure(OPENAI_API_KEY=" sk-pasted\r\n").openai_api_key.get_secret_value() == "sk-pasted"


def test_no_secret_is_in_the_text_of_the_settings(configure: Configure) -> None:
    settings = configure()
    text = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert [canary for canary in CANARIES if canary in text] == []


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", " \n"], ids=["withheld", "empty", "blank"])
def test_a_required_setting_that_is_missing_is_named_and_no_other(
    configure: Configure, name: str, value: str | None
) -> None:
    text = refusal(configure, **{name: value})
    assert named(text) == {name}
    assert f"{name} is missing" in text


def test_all_that_are_missing_are_named_at_once(configure: Configure) -> None:
    assert named(refusal(configure, **dict.fromkeys(REQUIRED))) == set(REQUIRED)


def test_missing_and_invalid_are_listed_together(configure: Configure) -> None:
    text = refusal(configure, OPENAI_API_KEY=None, LOG_LEVEL="loud")
    assert named(text) == {"OPENAI_API_KEY", "LOG_LEVEL"}
    assert "2 settings are missing or invalid" in text


def test_the_message_says_where_settings_are_set(configure: Configure) -> None:
    text = refusal(configure, OPENAI_API_KEY=None)
    assert "Settings" in text
    assert "Variables and secrets" in text
    assert ".env" in text


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("OPENAI_API_KEY", "sk-hidden sk-hidden", "white space"),
        ("OPENAI_API_KEY", "sk-hidden\N{EN DASH}key", "no key has"),
        ("QDRANT_API_KEY", "hidden\nhidden", "white space"),
        ("DATABASE_URL", "mysql://owner:hidden@db.example/textbook", "does not start with postgresql://"),
        ("DATABASE_URL", "postgresql://owner:hid den@db.example/textbook", "white space"),
        ("DATABASE_URL", "postgresql:///hidden", "names no host"),
        ("DATABASE_URL", "postgresql://owner:hidden[@db.example/textbook", "percent-encoded"),
        ("QDRANT_URL", "hidden.example:6333", "does not start with https://"),
        ("QDRANT_URL", "https://", "names no host"),
        ("QDRANT_URL", "https://hidden.example:port", "from 1 to 65535"),
        ("QDRANT_URL", "https://hidden.example:0", "from 1 to 65535"),
        ("QDRANT_URL", "https://hidden.example?key=hidden", "more than a host"),
        ("OPENAI_BASE_URL", "https://user:hidden@proxy.example/v1", "more than a host"),
        ("SPACE_HOST", "hidden/..", "not a host name"),
        ("SERVICE_TIMEOUT", "hidden", "valid number"),
        ("SERVICE_TIMEOUT", "0", "greater than 0"),
        ("SERVICE_TIMEOUT", "inf", "finite number"),
        ("SERVICE_TIMEOUT", "601", "less than or equal to 600"),
        ("RATE_LIMIT", "hidden per minute", "30/minute"),
        ("LOG_LEVEL", "hidden", "'INFO'"),
    ],
)
def test_an_invalid_setting_is_named_with_what_is_wrong_and_without_its_value(
    configure: Configure, name: str, value: str, what: str
) -> None:
    text = refusal(configure, **{name: value})
    assert named(text) == {name}
    assert what in text
    assert "hidden" not in text


@pytest.mark.parametrize(
    "url",
    [
        "postgres://owner:pw@ep-x-pooler.eu.neon.tech/db?sslmode=require&channel_binding=require",
        "postgresql://owner:pw@db.example:5432,other.example:5432/db",
        "postgresql:///db?host=/run/postgresql",
        "postgresql://owner:p%40w@[::1]:5432/db",
    ],
)
def test_connection_strings_are_accepted_as_vendors_give_them(configure: Configure, url: str) -> None:
    assert configure(DATABASE_URL=url).database_url.get_secret_value() == url


def test_the_log_level_may_be_in_lower_case(configure: Configure) -> None:
    assert configure(LOG_LEVEL="debug").log_level == "DEBUG"
