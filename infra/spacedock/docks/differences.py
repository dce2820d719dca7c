"""How each dock stands to each fact about the platform: a row a fact, held complete by a test.

A fact that a promise looks at, before or after a boot, counts as emulated: the run says what the platform
would do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Stance(StrEnum):
    """What a dock does with a fact."""

    EMULATED = "emulated"
    BOTH = "emulated both ways"
    NOT = "not emulated"


@dataclass(frozen=True)
class Standing:
    """A dock's stance to one fact, and what is to be known of it; always why where it is not emulated."""

    stance: Stance
    note: str = ""

    def __str__(self) -> str:
        return f"{self.stance}: {self.note}" if self.note else self.stance


@dataclass(frozen=True)
class Difference:
    """The standings of the docks to one fact."""

    image: Standing
    process: Standing

    def __iter__(self) -> Iterator[tuple[str, Standing]]:
        """Yield each dock's name and its standing."""
        yield "image", self.image
        yield "process", self.process


def _yes(note: str = "") -> Standing:
    return Standing(Stance.EMULATED, note)


def _both(note: str) -> Standing:
    return Standing(Stance.BOTH, note)


def _no(why: str) -> Standing:
    return Standing(Stance.NOT, why)


_NO_BUILD = _no("it builds no image")
_NO_EDGE = _no("it has no edge")
_NO_EGRESS = _no("the process has this machine's network")
_NO_LIMITS = _no("the process has this machine's CPUs, memory and disk")
_NO_DISK = _no("the process writes to this machine's disk")
_PUSHED = _yes("nothing is pushed; pushes-what-the-hub-takes looks at what would be")
_READ = _yes("read before any boot; front-matter-is-valid names what is refused")

_BUILD: Final[Mapping[str, Difference]] = {
    "BUILDER": Difference(_yes("through the `docker` command; else the engine's classic builder"), _NO_BUILD),
    "ARCHITECTURE": Difference(_yes("an image for another one is refused"), _no("this machine's own")),
    "BUILD_CACHE": Difference(
        _yes("the engine's own, which is warmer than the platform's"), _yes("one virtual environment")
    ),
    "BUILD_CACHE_MOUNTS": Difference(_yes("where the builder is BuildKit"), _NO_BUILD),
    "BUILD_USER": Difference(_yes(), _NO_BUILD),
    "BUILD_ARGUMENTS": Difference(_yes(), _yes("for the Dockerfile's `pip install` and ENV")),
    "ARG_BEFORE_FROM": Difference(_yes("and hinted at"), _yes()),
    "SECRETS_ARE_BUILD_ARGUMENTS": Difference(_yes("keeps-secrets-out-of-the-image looks"), _yes()),
    "BUILD_SECRET_MOUNT": Difference(_yes("where the builder is BuildKit"), _NO_BUILD),
    "BUILD_SECRET_FILE": Difference(_yes("where the builder is BuildKit"), _NO_BUILD),
    "BUILD_LACKS": Difference(_yes("nothing is mounted in a build"), _NO_BUILD),
    "REPOSITORY_LIMIT": Difference(_PUSHED, _PUSHED),
    "REPOSITORY_LIMIT_TEXT": Difference(_PUSHED, _PUSHED),
    "LARGE_FILE": Difference(_PUSHED, _PUSHED),
    "LARGE_FILE_TEXT": Difference(_PUSHED, _PUSHED),
    "BINARIES_REFUSED": Difference(_PUSHED, _PUSHED),
    "BINARIES_TEXT": Difference(_PUSHED, _PUSHED),
    "UPLOAD_LEAVES_OUT": Difference(
        _yes("outside a git repository; in one, what git tracks is built"),
        _yes("outside a git repository; in one, what git tracks is run"),
    ),
    "BUILD_ERROR_TEXT": Difference(_yes("as the text of the stage BUILD_ERROR"), _NO_BUILD),
    "BUILD_TIMEOUT": Difference(
        _yes("not scaled: a build works as long here"), _no("each command of uv gets half an hour")
    ),
    "BUILD_ERROR_CAUSE": Difference(_yes("the log's last lines are shown"), _NO_BUILD),
}
_IDENTITY: Final[Mapping[str, Difference]] = {
    "USER_ID": Difference(
        _both(
            "1000; the image's own user where that fails (runs-as-uid-1000) and where it is another one "
            "(writes-only-where-it-may)"
        ),
        _no("1000 within bubblewrap; else a uid that nobody has where the harness is root, or your own"),
    ),
    "HOME": Difference(
        _yes("as the engine sets it for the image"), _no("HOME of the Dockerfile, else a folder")
    ),
    "WRITABLE": Difference(_yes("no dock mounts buckets"), _no("all its files belong to the process")),
    "DATA_FOLDER": Difference(_yes("it is there when the image makes it"), _NO_DISK),
    "BUCKET_LOCKS": Difference(_no("no dock mounts buckets"), _NO_DISK),
    "FIRST_OPEN_PORT": Difference(_yes("a lower app_port is noticed"), _yes("a lower app_port is noticed")),
    "LOW_PORTS": Difference(
        _no("Docker lets uid 1000 listen there; it is noticed"), _no("as this machine has it; it is noticed")
    ),
    "DISK_IS_LOST_ON": Difference(_yes("each boot is a new container"), _NO_DISK),
    "FIRST_PROCESS": Difference(_yes("no init in front"), _no("the CMD leads its own session, not PID 1")),
}
_NETWORK_IN: Final[Mapping[str, Difference]] = {
    "DEFAULT_APP_PORT": Difference(_yes(), _yes()),
    "EXPOSED_PORTS": Difference(_yes(), _no("all its ports are this machine's")),
    "EXPOSE_IS_READ": Difference(_yes(), _yes()),
    "PORT_IS_SET": Difference(_both("binds-app-port boots both"), _both("binds-app-port boots both")),
    "READY_WHEN": Difference(
        _yes("ready is an HTTP answer of any status, which implies the connect; answers-head asks for HEAD"),
        _yes("ready is an HTTP answer of any status, which implies the connect; answers-head asks for HEAD"),
    ),
    "STARTUP_TIMEOUT": Difference(_yes("scaled by --time-scale"), _yes("scaled by --time-scale")),
    "LAUNCH_TIMEOUT_TEXT": Difference(_yes("starts-in-time"), _yes("starts-in-time")),
    "LAUNCH_TIMEOUT_STAGE": Difference(_yes(), _yes()),
}
_OBSERVED_EDGE = _both("--edge observed|transparent")
_EDGE: Final[Mapping[str, Difference]] = {
    "EDGE_ENDS_TLS": Difference(_yes("with a certificate of an authority made for the run"), _NO_EDGE),
    "EDGE_NETWORK": Difference(
        _yes("where the engine gives a network there; else another private one"), _NO_EDGE
    ),
    "EDGE_FORWARDED_FOR": Difference(_yes(), _NO_EDGE),
    "EDGE_FORWARDED_PROTO": Difference(_yes(), _NO_EDGE),
    "INTERNAL_HOST": Difference(_yes("a port of the edge sends it"), _NO_EDGE),
    "SPACE_HOST": Difference(
        _both("the edge sends either form"), _yes("as SPACE_HOST in the environment only")
    ),
    "EDGE_HEADERS": Difference(_yes(), _NO_EDGE),
    "EDGE_HEADER_VALUES": Difference(_yes(), _NO_EDGE),
    "EDGE_ANSWERS_PREFLIGHT": Difference(_OBSERVED_EDGE, _no("the Space is asked itself")),
    "EDGE_PREFLIGHT_STATUS": Difference(_OBSERVED_EDGE, _NO_EDGE),
    "EDGE_PREFLIGHT_MAX_AGE": Difference(_OBSERVED_EDGE, _NO_EDGE),
    "EDGE_PREFLIGHT_REFLECTS": Difference(_OBSERVED_EDGE, _NO_EDGE),
    "EDGE_ALLOWS_CREDENTIALS": Difference(_OBSERVED_EDGE, _NO_EDGE),
    "EDGE_REFLECTS_ORIGIN": Difference(_OBSERVED_EDGE, _no("the Space's own header is seen")),
    "CREDENTIALED_CALLS_FAIL": Difference(_OBSERVED_EDGE, _NO_EDGE),
    "EDGE_STREAMS": Difference(_yes("streams-through-the-edge"), _NO_EDGE),
    "FRAME_ANCESTOR": Difference(_yes("fits-in-a-frame reads the headers; the page is not shown"), _NO_EDGE),
    "FRAME_COOKIE": Difference(_yes("fits-in-a-frame reads the cookies"), _NO_EDGE),
    "EDGE_AWAY_STATUS": Difference(_yes("503 only"), _NO_EDGE),
    "PRIVATE_STATUS": Difference(
        _yes("where the manifest makes it private, at its own address; a developer may open another"),
        _no("it has no edge; is-visible-to-its-callers reads the manifest"),
    ),
    "PRIVATE_TEXT": Difference(_yes(), _NO_EDGE),
    "EDGE_FOLLOWS_REDIRECTS": Difference(
        _no("speaks-https-behind-the-edge takes a turned slash at / for nothing"), _NO_EDGE
    ),
    "EDGE_IP_TOKEN": Difference(_no("only the platform can sign one"), _NO_EDGE),
    "FRAME_SANDBOX": Difference(_no("the page around the Space is not shown"), _NO_EDGE),
    "PRIVATE_API_STATUS": Difference(_no("the Hub's API is not asked"), _no("the Hub's API is not asked")),
    "PRIVATE_TOKEN_HEADERS": Difference(_yes("any token that looks like one is taken"), _NO_EDGE),
}
_EGRESS = _both("--egress observed|documented|open")
_NETWORK_OUT: Final[Mapping[str, Difference]] = {
    "EGRESS_OPEN_PORTS": Difference(_EGRESS, _NO_EGRESS),
    "EGRESS_DROPPED_PORTS": Difference(_EGRESS, _NO_EGRESS),
    "EGRESS_SEEN_OPEN_PORTS": Difference(_EGRESS, _NO_EGRESS),
    "EGRESS_UNKNOWN_PORTS": Difference(_EGRESS, _NO_EGRESS),
    "EGRESS_CLOSED_MEANS": Difference(_yes("dropped, not refused"), _NO_EGRESS),
    "IPV6": Difference(_yes("unless --egress is open"), _NO_EGRESS),
    "IPV6_ONLY_HOSTS": Difference(_yes("a name among them has no address; needs-no-ipv6"), _NO_EGRESS),
    "BLOCKED_HOSTS": Difference(
        _yes("with --egress observed a name among them has no address; calls-no-blocked-host"), _NO_EGRESS
    ),
    "QDRANT_DEFAULT_PORT": Difference(
        _yes("the Space's own client does it"), _yes("the Space's own client does it")
    ),
}
_ENVIRONMENT: Final[Mapping[str, Difference]] = {
    "BUILT_IN_VARIABLES": Difference(
        _yes("SPACE_CREATOR_USER_ID is made up"), _yes("SPACE_CREATOR_USER_ID is made up")
    ),
    "OAUTH_VARIABLES": Difference(_no("nobody can sign in"), _no("nobody can sign in")),
    "SETTINGS_ARE_ENVIRONMENT": Difference(_yes(), _yes()),
    "SECRETS_KEEP_NEWLINE": Difference(
        _yes("names-missing-secrets sets a newline alone"), _yes("names-missing-secrets sets a newline alone")
    ),
    "LONG_NAMES": Difference(_yes("with a host made up for it"), _yes("with a host made up for it")),
    "CUSTOM_DOMAIN_HOSTS": Difference(_no("a dock has one host"), _no("a dock has one host")),
    "COLLISION_TEXT": Difference(_yes("said by names-each-setting-once"), _yes("the same")),
}
_HARDWARE: Final[Mapping[str, Difference]] = {
    "HARDWARE": Difference(
        _yes("CPUs and memory, capped to the engine's; disk bounded or watched; no GPU"), _NO_LIMITS
    ),
    "SLEEPS_AFTER_SECONDS": Difference(_no("no visits are counted"), _no("no visits are counted")),
    "OOM_TEXT": Difference(_yes(), _NO_LIMITS),
    "OOM_EXIT_CODE": Difference(_yes(), _NO_LIMITS),
    "DISK_TEXT": Difference(_yes(), _NO_LIMITS),
}
_LIFECYCLE: Final[Mapping[str, Difference]] = {
    "STAGES": Difference(_yes(), _yes("all but the overlap of two builds")),
    "RESTARTED_BY": Difference(_no("a run's settings do not change"), _no("a run's settings do not change")),
    "EXIT_STAGE": Difference(_yes("stays-up"), _yes("stays-up")),
    "EXIT_TEXT": Difference(_yes(), _yes()),
    "STOP_SIGNALS": Difference(_yes("stops-on-sigterm"), _yes("stops-on-sigterm")),
    "STOP_GRACE_SECONDS": Difference(_yes("10 s, or README.md's"), _yes("10 s, or README.md's")),
    "MOST_STOP_GRACE_SECONDS": Difference(_yes(), _yes()),
    "OLD_SERVES_ON": Difference(_yes("overlaps-on-redeploy"), _no("two processes cannot have one port")),
    "RUNTIME_API": Difference(_no("settings are the manifest's"), _no("settings are the manifest's")),
    "RUNTIME_SHA": Difference(_no("nothing is deployed"), _no("nothing is deployed")),
    "TRUSTED_PUBLISHING": Difference(_no("nothing is pushed"), _no("nothing is pushed")),
    "PLAN_STATUS": Difference(_no("no Space is created"), _no("no Space is created")),
}
_FRONT_MATTER: Final[Mapping[str, Difference]] = {
    "KEYS": Difference(_READ, _READ),
    "UNKNOWN_KEYS_PASS": Difference(_yes("and noticed"), _yes("and noticed")),
    "KEYS_WITHOUT_EFFECT": Difference(_yes("and noticed"), _yes("and noticed")),
    "SDK": Difference(_yes("anything else is refused as the Space is read"), _yes("the same")),
    "HUB_SYNC_SDK": Difference(
        _yes("deploys-from-its-workflow looks for one that relies on it"), _yes("the same")
    ),
    "UPLOAD_SDK": Difference(_no("nothing is uploaded"), _no("nothing is uploaded")),
    "EMOJI_CHARACTERS": Difference(_READ, _READ),
    "COLORS": Difference(_READ, _READ),
    "SHORT_DESCRIPTION_CHARACTERS": Difference(_READ, _READ),
    "BASE_PATH_START": Difference(_READ, _READ),
    "HEADERS": Difference(_READ, _READ),
    "CUSTOM_HEADERS": Difference(
        _no("names and values are checked; the edge adds none of them"),
        _no("names and values are checked only"),
    ),
    "FLAVORS": Difference(_READ, _READ),
    "OAUTH_MINUTES": Difference(_READ, _READ),
    "LICENSES": Difference(_READ, _READ),
    "MISSING_CONFIGURATION_TEXT": Difference(_yes("said as the Space is read"), _yes("the same")),
    "REJECTED_TEXT": Difference(_yes("said by front-matter-is-valid"), _yes("the same")),
}

DIFFERENCES: Final[Mapping[str, Difference]] = MappingProxyType(
    {
        **_BUILD,
        **_IDENTITY,
        **_NETWORK_IN,
        **_EDGE,
        **_NETWORK_OUT,
        **_ENVIRONMENT,
        **_HARDWARE,
        **_LIFECYCLE,
        **_FRONT_MATTER,
    }
)
