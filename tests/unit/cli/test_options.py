"""The options that `spacedock check` and pytest share are the same on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_type_hints

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from spacedock import plugin
from spacedock.cli.app import Commands, app
from spacedock.cli.check import check
from spacedock.options import EGRESS, SHARED, TIME_SCALE

OUTSIDE = ("0", "0.0009", "1.01", "-1", "inf", "nan", "soon")


@dataclass(frozen=True)
class Asked:
    """An option as one side has it."""

    choices: tuple[str, ...]
    default: object
    metavar: str | None


def of_check() -> dict[str, Asked]:
    """Return the options of `spacedock check` by flag."""
    group = get_group(app)
    assert isinstance(group, Commands)
    kinds = get_type_hints(check)
    return {
        option.opts[0]: Asked(_words(kinds[option.name or ""]), option.default, option.metavar)
        for option in group.imported["check"].params
    }


def _words(kind: object) -> tuple[str, ...]:
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()


def parser() -> pytest.Parser:
    made = pytest.Parser(_ispytest=True)
    plugin.pytest_addoption(made)
    return made


def of_pytest() -> dict[str, Asked]:
    """Return the options of the plugin by flag."""
    group = parser().getgroup("spacedock")
    return {option.names()[0]: _asked(option.attrs()) for option in group.options}


def _asked(option: dict[str, Any]) -> Asked:
    return Asked(tuple(option["choices"] or ()), option["default"], option["metavar"])


def test_both_sides_have_the_shared_options_alone_in_common() -> None:
    assert of_check().keys() & of_pytest().keys() == {option.flag for option in SHARED}


@pytest.mark.parametrize("flag", [option.flag for option in SHARED])
def test_a_shared_option_is_the_same_on_both_sides(flag: str) -> None:
    assert of_check()[flag] == of_pytest()[flag]


@pytest.mark.parametrize("text", OUTSIDE)
def test_pytest_refuses_a_time_scale_outside_of_its_range_and_names_that(text: str) -> None:
    with pytest.raises(pytest.UsageError, match=r"--time-scale.*0\.001\.\.1\.0"):
        parser().parse([f"--time-scale={text}"])


@pytest.mark.parametrize("text", OUTSIDE)
def test_check_refuses_a_time_scale_outside_of_its_range(text: str) -> None:
    told = CliRunner().invoke(app, ["check", f"--time-scale={text}"])
    assert told.exit_code == 2
    assert "Invalid value for '--time-scale'" in told.output


@pytest.mark.parametrize("text", ["0.001", "1", "1.0", str(1 / 30)])
def test_both_ends_of_the_range_belong_to_it(text: str) -> None:
    assert parser().parse([f"--time-scale={text}"]).time_scale == TIME_SCALE.read(text) == float(text)


def test_pytest_refuses_a_word_that_is_no_choice_and_names_those() -> None:
    with pytest.raises(pytest.UsageError, match=f"--egress.*{'.*'.join(EGRESS.choices)}"):
        parser().parse(["--egress=some"])
