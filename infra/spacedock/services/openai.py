"""OpenAI: a double, since the real one costs money and answers differently every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spacedock import canary
from spacedock.services.faults.control import CONTROL
from spacedock.services.hosts.base import HostedService, http_refusal
from spacedock.services.hosts.child import DoubleHost

if TYPE_CHECKING:
    from testcontainers.core.network import Network

    from spacedock.images.supply import Supply
    from spacedock.runs import OpenRun
    from spacedock.services.base import Service

NAME = "openai"
PORT = 80  # one of those that a Space may connect to by all accounts, as the real one's 443 is
_HEADER = "openai: a double of its API with OpenAI's own types; the same answers every time"


@dataclass(frozen=True)
class OpenAIAccount:
    """A project key."""

    key: str = field(default_factory=lambda: f"sk-proj-{canary.fresh(48)}", repr=False)
    control: str = field(default="", repr=False)  # the run's token, for who orders faults

    name = NAME

    @property
    def canaries(self) -> Mapping[str, tuple[str, ...]]:
        """The key."""
        return {"api_key": (self.key,), "base_url": ()}

    def values(self, address: str) -> Mapping[str, str]:
        """`api_key` and `base_url`."""
        return {"api_key": self.key, "base_url": f"http://{address}/v1"}

    def refusal(self, address: str) -> str | None:
        """Ask for the models."""
        return http_refusal(address, "/v1/models", {"Authorization": f"Bearer {self.key}"})


def in_container(network: Network, supply: Supply, run: OpenRun) -> Service:
    """The double in a container; making its image may take a while, and happens here."""
    from testcontainers.core.container import DockerContainer

    from spacedock.services.hosts.container import ContainerHost

    account, image = OpenAIAccount(control=run.control), supply.double(NAME)
    container = (
        DockerContainer(image.tag)
        .with_envs(HOST="0.0.0.0", PORT=str(PORT), DOUBLE_API_KEY=account.key)  # noqa: S104 - in its container
        .with_env(CONTROL, account.control)
        .with_exposed_ports(PORT)
    )
    host = ContainerHost(container, image=image, name=NAME, port=PORT, network=network, run=run)
    return HostedService(account, host, _HEADER, inside=f"{NAME}:{PORT}")


def in_process(run: OpenRun) -> Service:
    """The double as a child process."""
    account = OpenAIAccount(control=run.control)
    environment = {"DOUBLE_API_KEY": account.key, CONTROL: account.control}
    return HostedService(account, DoubleHost(NAME, run, environment), _HEADER)
