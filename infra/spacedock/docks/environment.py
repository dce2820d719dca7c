"""What a boot finds in its environment: what the platform, the manifest and the order put there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from spacedock import canary, platform
from spacedock.docks.boots import BootSpec
from spacedock.errors import UsageError
from spacedock.services.base import Service
from spacedock.space import Space

# Platforms keep a pasted newline, so white space is the blank that people really have.
BLANK = " \n"


@dataclass(frozen=True)
class BootEnvironment:
    """The secrets and variables of one run with their values."""

    built_in: Mapping[str, str]
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    canaries: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, space: Space, services: Mapping[str, Service]) -> Self:
        """Give every secret and variable of the manifest its value for this run.

        Raises UsageError when the manifest asks for a value that its service does not have.
        """
        manifest = space.manifest
        values: dict[str, str] = {}
        canaries: dict[str, tuple[str, ...]] = {}
        for name, secret in manifest.secrets.items():
            if secret.source is None:
                values[name] = canary.fresh()
                canaries[name] = (values[name],)
            else:
                values[name] = _supplied(space, secret.source, services)
                service, _, key = secret.source.partition(".")
                canaries[name] = services[service].canaries.get(key, ())
        variables = {
            name: _supplied(space, variable.source, services) if variable.source else variable.value or ""
            for name, variable in manifest.all_variables.items()
        }
        built_in = platform.built_in_variables(
            manifest.space.id, space.front_matter.title, manifest.space.hardware
        )
        return cls(built_in, variables, values, canaries)

    def environment(self, spec: BootSpec) -> dict[str, str]:
        """Return the environment that `order` asks for; PORT is in it only when the order says so."""
        values = {**self.built_in, **self.variables, **self.secrets}
        values = {name: value for name, value in values.items() if name not in spec.withheld}
        values.update(dict.fromkeys(spec.blank, BLANK))
        if spec.port is not None:
            values["PORT"] = str(spec.port)
        return {**values, **dict(spec.environment)}

    def env_file(self) -> str:
        """Return a `.env` with every variable and secret, as a developer's machine has one."""
        values = {**self.variables, **self.secrets}
        return "".join(f"{name}='{value}'\n" for name, value in values.items())


def _supplied(space: Space, source: str, services: Mapping[str, Service]) -> str:
    service, _, key = source.partition(".")
    values = services[service].values
    if key not in values:
        raise UsageError(
            f"`{source}`: the service {service} supplies no `{key}`",
            path=space.manifest.path,
            remedy=f"use one of {', '.join(f'{service}.{name}' for name in values)}",
        )
    return values[key]
