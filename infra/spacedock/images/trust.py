"""What this host trusts: its certificate authorities, and where its pip and its apt install from.

Stand-in bases are given all of it but credentials, so that `pip install` and `apt-get install` inside a
build work behind a mirror, a proxy or a private authority. They are never pushed anywhere, but a Space that
is built on them can read what they hold. Credentials are lent to builds of ours alone: the steps of a Space
are anybody's programs, with a network.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from spacedock.builder import without_credentials

SUITE = "bookworm"  # the Debian whose Python is 3.11

_BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian and its kin
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora and its kin
)
_APT = Path("/etc/apt")
_PIP_KEYS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout")
_PIP_SECTIONS = ("global", "install", ":env:")  # the later wins
_SUITES = (SUITE, f"{SUITE}-updates", f"{SUITE}-security")


@dataclass(frozen=True)
class Trust:
    """May hold credentials of mirrors and proxies: never print it, and put only `public` into an image."""

    certificates: str  # PEM
    pip_conf: str  # the text of a pip.conf
    apt_options: tuple[str, ...] = ()  # lines of an apt.conf
    debian_sources: tuple[str, ...] = ()  # lines of a sources.list; empty for Debian's own mirror

    @classmethod
    def of_this_host(cls) -> Trust:
        """Read what the environment, the system, pip and apt are configured with."""
        return cls(_certificates(), _pip_conf(_pip_settings()), _apt_options(), tuple(_debian_sources()))

    @property
    def public(self) -> Self:
        """The same without credentials: what anybody may read who runs in an image that has it."""
        return replace(
            self,
            pip_conf=without_credentials(self.pip_conf),
            apt_options=tuple(map(without_credentials, self.apt_options)),
            debian_sources=tuple(map(without_credentials, self.debian_sources)),
        )

    @property
    def build_secrets(self) -> Mapping[str, BuildSecret]:
        """What only builds of ours are lent, for as long as a step takes; empty where nothing is secret."""
        texts = {
            "pip_conf": BuildSecret("/etc/pip.conf", self.pip_conf),
            "apt_conf": BuildSecret("/etc/apt/apt.conf.d/99spacedock", _lines_of(self.apt_options)),
            "apt_sources": BuildSecret("/etc/apt/sources.list", _lines_of(self.debian_sources)),
        }
        return {name: each for name, each in texts.items() if without_credentials(each.text) != each.text}


@dataclass(frozen=True)
class BuildSecret:
    """A file that a step of a build sees and no layer has."""

    path: str
    text: str = field(repr=False)


def _lines_of(items: Iterable[str]) -> str:
    return "".join(f"{item}\n" for item in items)


def _certificates() -> str:
    named = [os.environ[name] for name in _BUNDLES if os.environ.get(name)]
    default = ssl.get_default_verify_paths().cafile
    paths = dict.fromkeys(Path(path) for path in (*named, default, *_SYSTEM_BUNDLES) if path)
    texts = dict.fromkeys(path.read_text(errors="replace") for path in paths if path.is_file())
    return "\n".join(texts)


def _pip_settings() -> dict[str, str]:
    sections: dict[str, dict[str, str]] = {section: {} for section in _PIP_SECTIONS}
    for line in _output("pip", "config", "list"):
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in sections and key in _PIP_KEYS:
            sections[section][key] = str(ast.literal_eval(value))
    return {key: value for section in _PIP_SECTIONS for key, value in sections[section].items()}


def _pip_conf(settings: Mapping[str, str]) -> str:
    lines = ["[global]", "cert = /etc/ssl/certs/ca-certificates.crt"]
    for key, value in sorted(settings.items()):
        reachable = [word for word in value.split() if not word.startswith(("file:", "/", "."))]
        if reachable:
            lines.append(f"{key} = {' '.join(reachable)}")
    return "\n".join(lines) + "\n"


def _apt_options() -> tuple[str, ...]:
    proxy = re.compile(r'Acquire::https?::Proxy(::\S+)? "[^"]+";')
    return tuple(line for line in _output("apt-config", "dump") if proxy.fullmatch(line))


def _debian_sources() -> Iterator[str]:
    """This host's mirror of Debian, if it is of the same release; no other vendor's repositories."""
    for path in (_APT / "sources.list", *sorted((_APT / "sources.list.d").glob("*"))):
        if path.suffix == ".sources":
            yield from _stanzas(path.read_text())
        elif path.suffix == ".list" and path.is_file():
            yield from _lines(path.read_text())


def _stanzas(text: str) -> Iterator[str]:
    for stanza in re.split(r"\n\s*\n", text):
        field = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        debians_own = "debian-archive" in field.get("Signed-By", "debian-archive")
        if debians_own and "main" in field.get("Components", "").split():
            for suite in field.get("Suites", "").split():
                if suite in _SUITES:
                    yield f"deb {field['URIs'].split()[0]} {suite} main"


def _lines(text: str) -> Iterator[str]:
    for options, uri, suite in re.findall(
        r"^deb\s+(\[.*?\]\s+)?(\S+)\s+(\S+)\s+.*\bmain\b", text, re.MULTILINE
    ):
        debians_own = "signed-by" not in options or "debian-archive" in options
        if debians_own and suite in _SUITES:
            yield f"deb {uri} {suite} main"


def _output(*command: str) -> list[str]:
    """The lines that a command prints; none where there is no such command."""
    if shutil.which(command[0]) is None:
        return []
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
