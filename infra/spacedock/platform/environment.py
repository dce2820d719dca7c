"""Environment: what a Space finds there at run time."""

from __future__ import annotations

import hashlib
from typing import Final

from spacedock.platform import hardware
from spacedock.platform.fact import Confidence, Fact

_OVERVIEW = "spaces-overview, Helper environment variables"

BUILT_IN_VARIABLES: Final = Fact(
    "the variables that the platform sets by itself",
    (
        "ACCELERATOR",
        "CPU_CORES",
        "MEMORY",
        "SPACE_ID",
        "SPACE_HOST",
        "SPACE_AUTHOR_NAME",
        "SPACE_REPO_NAME",
        "SPACE_TITLE",
        "SPACE_CREATOR_USER_ID",
    ),
    Confidence.DOCUMENTED,
    _OVERVIEW,
    "2026-08",
    probe="environment.names",
)
OAUTH_VARIABLES: Final = Fact(
    "the variables that `hf_oauth` adds",
    ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL"),
    Confidence.DOCUMENTED,
    "spaces-oauth",
    "2026-08",
)
SETTINGS_ARE_ENVIRONMENT: Final = Fact(
    "variables and secrets are plain environment beside them",
    True,
    Confidence.DOCUMENTED,
    "spaces-overview, Managing secrets",
    "2026-08",
)
SECRETS_KEEP_NEWLINE: Final = Fact(
    "a value's trailing newline is kept",
    True,
    Confidence.REPORTED,
    "incident secret-trailing-newline",
    "2026",
)
COLLISION_TEXT: Final = Fact(
    "what a Space is told that has one name as variable and as secret",
    "Collision on variables and secrets names",
    Confidence.OBSERVED,
    "incident variable-secret-collision",
    "2026",
    text="CONFIG_ERROR: Collision on variables and secrets names",
)


LONG_NAMES: Final = Fact(
    "the most characters of OWNER-NAME that a host name has room for",
    63,
    Confidence.REPORTED,
    "RFC 1035, 2.3.4; forum 170349: the registry's name is shortened, with a hash; API, `subdomain`",
    "2026",
    text="63; of a longer one the platform's shortened host is not known, and the dock's is made up",
)
CUSTOM_DOMAIN_HOSTS: Final = Fact(
    "SPACE_HOST of a Space with a custom domain",
    "host,host",
    Confidence.DOCUMENTED,
    "gradio, oauth.py, _generate_redirect_uri",
    "2026-11",
    text="several hosts with commas between them",
)


def space_host(space_id: str) -> str:
    """Return the host that serves a Space (see `SPACE_HOST`); of a long name one like it (`LONG_NAMES`)."""
    label = _label(space_id)
    most = LONG_NAMES.value
    if len(label) > most:
        digest = hashlib.sha256(label.encode()).hexdigest()[:8]
        label = f"{label[: most - 9].rstrip('-')}-{digest}"
    return f"{label}.hf.space"


def has_long_name(space_id: str) -> bool:
    """Whether the platform shortens the host of a Space, in a way that is not known."""
    return len(_label(space_id)) > LONG_NAMES.value


def _label(space_id: str) -> str:
    owner, name = space_id.split("/")
    return "".join(c if c.isalnum() else "-" for c in f"{owner}-{name}".lower())


def built_in_variables(space_id: str, title: str, flavor: str) -> dict[str, str]:
    """Return what the platform sets by itself at run time, PORT not among it (see `PORT_IS_SET`)."""
    owner, name = space_id.split("/")
    resources = hardware.flavor(flavor)
    return {
        "ACCELERATOR": "none" if flavor.startswith("cpu-") else flavor,
        "CPU_CORES": str(resources.cpus),
        "MEMORY": f"{resources.memory_gb}Gi",
        "SPACE_ID": space_id,
        "SPACE_HOST": space_host(space_id),
        "SPACE_AUTHOR_NAME": owner,
        "SPACE_REPO_NAME": name,
        "SPACE_TITLE": title,
        "SPACE_CREATOR_USER_ID": "0123456789abcdef01234567",
    }
