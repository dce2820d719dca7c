"""What an image adds to its base's settings, read from what an engine tells of both."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from spacedock.docks.image.contents import Contents
from spacedock.engine import IMAGE_LABEL

BASE = [{"CreatedBy": "ADD rootfs.tar /", "Size": 100}]
OWN = [
    {"CreatedBy": "COPY . . # buildkit", "Size": 20},
    {"CreatedBy": "USER 1000", "Size": 0},
    {"CreatedBy": "RUN /bin/sh -c chown -R 1000 . # buildkit", "Size": 20},
]


def image(history: list[dict[str, Any]], **config: Any) -> Any:
    """An image; engines tell the last step first."""
    layers = [step["CreatedBy"] for step in history if step["Size"]]
    attrs = {"Config": config, "RootFS": {"Layers": layers}, "Size": sum(step["Size"] for step in history)}
    return SimpleNamespace(attrs=attrs, history=lambda: history[::-1])


def contents(space: Any, *bases: Any) -> Contents:
    known = {"space": space, **{f"base {number}": base for number, base in enumerate(bases)}}
    engine: Any = SimpleNamespace(client=SimpleNamespace(images=SimpleNamespace(get=known.__getitem__)))
    return Contents(engine, "space", [name for name in known if name != "space"])


def test_a_builds_own_steps_are_told_in_order_with_what_each_added() -> None:
    made = contents(image(BASE + OWN), image(BASE)).made
    assert made.steps == tuple(step["CreatedBy"] for step in OWN)
    assert made.sizes == (20, 0, 20)


def test_where_the_base_is_unknown_its_steps_count_too() -> None:
    other = image([{"CreatedBy": "ADD other.tar /", "Size": 7}])
    assert contents(image(BASE + OWN), other).made.sizes == (100, 20, 0, 20)


def test_settings_that_the_base_or_the_harness_gave_are_left_out() -> None:
    space = image(
        BASE + OWN, Env=["PATH=/bin", "MODE=fast"], Labels={"a": "b", "who": "me", IMAGE_LABEL: "space:1"}
    )
    made = contents(space, image(BASE, Env=["PATH=/bin"], Labels={"a": "b"})).made
    assert (made.environment, made.labels) == ({"MODE": "fast"}, {"who": "me"})
