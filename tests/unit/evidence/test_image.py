from __future__ import annotations

from spacedock import canary
from spacedock.docks.capability import Capability
from spacedock.docks.image_facts import Identity
from spacedock.evidence.image import ImageIdentity, shown
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.evidence.test_keys import REAL
from tests.unit.fakes import FakeDock


def test_an_instruction_is_shown_without_the_values_of_secrets(space: Space) -> None:
    step = f"RUN |1 API_KEY='hunter 22' /bin/sh -c\n curl {REAL['an OpenAI key']} {canary.fresh()} # buildkit"
    assert shown(step, space) == "RUN |1 API_KEY=*** /bin/sh -c curl *** ***"


def test_a_long_one_is_shown_by_its_beginning(space: Space) -> None:
    assert shown("x" * 121, space) == "x" * 120 + "..."


def test_a_dock_without_an_image_knows_no_identity_of_it(space: Space) -> None:
    without = frozenset(Capability) - {Capability.IMAGE}
    with Run(space, FakeDock(capabilities=without, image_user=None)) as run:
        assert run.look(ImageIdentity()) is None
    with Run(space, FakeDock(image_user=Identity("1000", 1000))) as run:
        assert run.look(ImageIdentity()) == Identity("1000", 1000)
