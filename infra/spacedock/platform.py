"""Facts about Hugging Face Docker Spaces; no behaviour.

Each fact says where it comes from and how sure it is: D documented by Hugging Face (hub-docs, August
2026), O observed in logs and dated probes, R reported by users, I inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

# D spaces-sdks-docker, Permissions: "The container runs with user ID 1000".
USER_ID: Final = 1000

# D spaces-config-reference: `app_port`, "Default is 7860".
DEFAULT_APP_PORT: Final = 7860

# O: the platform builds for and runs on this.
ARCHITECTURE: Final = "linux/amd64"

# Undocumented. Assumed for a Space (I); what a Space should need at most.
STOP_GRACE_SECONDS: Final = 10.0

# D spaces-config-reference: `startup_duration_timeout`, default 30 minutes.
STARTUP_TIMEOUT: Final = "30 min"

# O: several projects had to allow this Host beside their own.
INTERNAL_HOST: Final = "proxy.spaces.internal.huggingface.tech"

# D spaces-config-reference; a bad value refuses the push (R, "YAML metadata verification").
COLORS: Final = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
SHORT_DESCRIPTION_CHARACTERS: Final = 60
HEADERS: Final = ("mini", "default")
CUSTOM_HEADERS: Final = (
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
)


@dataclass(frozen=True)
class Flavor:
    """One hardware flavour: vCPUs, memory and disk in GB."""

    cpus: int
    memory_gb: int
    disk_gb: int


# D spaces-gpus and spaces-overview, Hardware resources.
HARDWARE: Final = MappingProxyType(
    {
        "cpu-basic": Flavor(2, 16, 50),
        "cpu-upgrade": Flavor(8, 32, 50),
        "t4-small": Flavor(4, 15, 50),
        "t4-medium": Flavor(8, 30, 100),
        "l4x1": Flavor(8, 30, 400),
        "l40sx1": Flavor(8, 62, 380),
        "a10g-small": Flavor(4, 15, 110),
        "a10g-large": Flavor(12, 46, 200),
        "a100-large": Flavor(12, 142, 1000),
    }
)


def space_host(space_id: str) -> str:
    """Return the host that serves a Space (D spaces-overview, SPACE_HOST; `_` and `.` become `-`, O)."""
    owner, name = space_id.split("/")
    host = f"{owner}-{name}".lower()
    return "".join(c if c.isalnum() else "-" for c in host) + ".hf.space"


def built_in_variables(space_id: str, title: str, hardware: str) -> dict[str, str]:
    """Return what the platform sets by itself at run time (D spaces-overview, Helper environment variables).

    PORT is not among them, and Spaces that relied on it timed out (O).
    """
    owner, name = space_id.split("/")
    flavor = HARDWARE[hardware]
    return {
        "ACCELERATOR": "none" if hardware.startswith("cpu-") else hardware,
        "CPU_CORES": str(flavor.cpus),
        "MEMORY": f"{flavor.memory_gb}Gi",
        "SPACE_ID": space_id,
        "SPACE_HOST": space_host(space_id),
        "SPACE_AUTHOR_NAME": owner,
        "SPACE_REPO_NAME": name,
        "SPACE_TITLE": title,
        "SPACE_CREATOR_USER_ID": "0123456789abcdef01234567",
    }
