"""What a Space may ask of the platform and no dock has: named wherever it is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from spacedock import platform
from spacedock.space.defects import nearest
from spacedock.space.dockerfile import Dockerfile
from spacedock.space.front_matter import FrontMatter
from spacedock.space.manifest import Manifest


@dataclass(frozen=True)
class Feature:
    """One thing that no dock does, what happens instead, and where a Space asks for it."""

    name: str
    instead: str
    keys: tuple[str, ...] = ()
    elsewhere: str = ""

    @property
    def asked(self) -> str:
        """Where a Space asks for it, in words."""
        return self.elsewhere or f"`{'`, `'.join(self.keys)}`"


_SETTINGS = "the Space's settings"
GPU: Final = Feature(
    "GPU and other accelerators",
    "the flavour's CPUs and memory only",
    elsewhere="`hardware` in the manifest, `suggested_hardware`",
)
BUCKETS: Final = Feature(
    "buckets and /data",
    "nothing is mounted: /data is there when the image makes it, and as ephemeral as the rest",
    elsewhere=f"{_SETTINGS}; `/data` in the Dockerfile or in a variable",
)
FEATURES: Final = (
    GPU,
    BUCKETS,
    Feature(
        "Sign in with HF (`hf_oauth`)",
        f"{', '.join(platform.OAUTH_VARIABLES.value)} are not set and nobody can sign in",
        ("hf_oauth", "hf_oauth_scopes", "hf_oauth_expiration_minutes", "hf_oauth_authorized_org"),
    ),
    Feature("`preload_from_hub`", "nothing is downloaded before the Space starts", ("preload_from_hub",)),
    Feature("`custom_headers`", "the edge adds none of them", ("custom_headers",)),
    Feature(
        "the Space's page on huggingface.co",
        "it is not shown; only whether it could frame the Space is looked at",
        ("base_path", "disable_embedding"),
    ),
    Feature(
        "visibility: private and protected Spaces",
        "whoever reaches the edge may call the Space",
        elsewhere=_SETTINGS,
    ),
    Feature(
        "LFS and Xet",
        "files are built as they lie there; a pointer stays a pointer",
        elsewhere="`.gitattributes`",
    ),
    Feature(
        "paid plans",
        f"creating a Space on free cpu-basic is never refused with {platform.PLAN_STATUS.value}",
        elsewhere="the owner's account",
    ),
    Feature(
        "the runtime API", "secrets, variables and hardware are those of the manifest", elsewhere="the client"
    ),
    Feature("replicas, custom domains, Dev Mode", "one container at one address", elsewhere=_SETTINGS),
)

# `/data` as a folder of its own, as in `/data`, `/data/db`, `HF_HOME=/data`, not `/app/data` or `/database`.
_DATA = re.compile(r"(?<![\w./-])/data(?![\w.-])")
_LOOKED_AT = 500  # keys; the platform knows some dozens
_RUNS_WITH = frozenset({"ENV", "VOLUME", "CMD", "ENTRYPOINT", "WORKDIR"})


def not_emulated(front: FrontMatter, dockerfile: Dockerfile, manifest: Manifest) -> Iterator[str]:
    """Yield a line for each thing that a Space asks for and no dock does, and for each key without effect."""
    yield from _accelerators(front, manifest)
    yield from _data(dockerfile, manifest)
    for feature in FEATURES:
        asked = [key for key in feature.keys if front.values.get(key)]
        if asked:
            yield f"{front.place(asked[0])}: `{'`, `'.join(asked)}` not emulated: {feature.instead}"
    for key in islice(front.values, _LOOKED_AT):
        if key in platform.KEYS_WITHOUT_EFFECT.value:
            yield f"{front.place(key)}: `{key}` has no effect in a Docker Space"
        elif key not in platform.KEYS.value:
            yield f"{front.place(str(key))}: {_unknown(str(key))}"


def _accelerators(front: FrontMatter, manifest: Manifest) -> Iterator[str]:
    asked = {
        f'{manifest.path}: `hardware = "{manifest.space.hardware}"`': manifest.space.hardware,
        f"{front.place('suggested_hardware')}: `suggested_hardware`": front.values.get("suggested_hardware"),
    }
    if manifest.space.hardware not in platform.FLAVORS.value:
        yield (
            f'{manifest.path}: `hardware = "{manifest.space.hardware}"` is no flavour that was known in '
            f"{platform.FLAVORS.date}; today's: GET https://huggingface.co/api/spaces/hardware"
        )
    for place, flavor in asked.items():
        if flavor in platform.FLAVORS.value and not flavor.startswith("cpu-"):
            yield f"{place}: the accelerator of {flavor} is not emulated: {GPU.instead}"


def _data(dockerfile: Dockerfile, manifest: Manifest) -> Iterator[str]:
    named = [
        f"{dockerfile.path}:{step.line}: {step.cmd}"
        for step in dockerfile.final_stage
        if step.cmd in _RUNS_WITH and _DATA.search(step.original)
    ]
    named += [
        f"{manifest.path}: {name}"
        for name, variable in manifest.variables.items()
        if _DATA.search(variable.value or "")
    ]
    if named:
        yield f"{named[0]} names {platform.DATA_FOLDER.value}; no bucket is emulated: {BUCKETS.instead}"


def _unknown(key: str) -> str:
    meant = nearest(key, tuple(platform.KEYS.value))
    return f"`{key}` is no key that the platform knows" + (f"; did you mean `{meant}`?" if meant else "")
