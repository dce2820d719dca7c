"""What never came up is not booted again: each boot of it would be waited for as long."""

from __future__ import annotations

import pytest

from spacedock.contract.finding import Outcome
from spacedock.contract.registry import all_promises
from spacedock.docks.boots import BootResult, Cause, Listener
from spacedock.run.loop import Run
from spacedock.space import Space
from tests.unit.fakes import FakeDock, FakeInstance, listening


@pytest.mark.parametrize(
    ("boot", "told_by"),
    [
        (BootResult(60.0, 8080, Cause.SILENT, idle=True), "starts-in-time"),
        (BootResult(60.0, 8080, Cause.SILENT, listeners=(Listener("0.0.0.0", 8080),)), "binds-app-port"),
        (listening(Cause.IPV6_ONLY, "::", 8080), "binds-app-port"),
        (listening(Cause.LOOPBACK, "127.0.0.1", 8080), "binds-app-port"),
        (listening(Cause.OTHER_PORT, "0.0.0.0", 8000), "binds-app-port"),
    ],
    ids=["nothing", "no answer", "ipv6", "loopback", "other port"],
)
def test_a_space_that_is_not_reached_is_booted_once_and_told_once(
    space: Space, boot: BootResult, told_by: str
) -> None:
    dock = FakeDock(otherwise=FakeInstance(boot=boot))
    with Run(space, dock) as run:
        findings = run.judge(all_promises())
    assert [spec.purpose for spec in dock.booted] == ["as deployed"]
    broken = {finding.promise.id for finding in findings if finding.outcome is Outcome.BROKEN}
    assert told_by in broken
    assert broken & {"starts-in-time", "binds-app-port", "boots-as-deployed"} == {told_by}
