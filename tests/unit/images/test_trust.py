"""What is taken over from the host into stand-in bases, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedock.images import trust
from spacedock.images.trust import Trust

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def bare_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host without pip, apt, bundles of certificates or sources."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    for name in trust._BUNDLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(trust, "_SYSTEM_BUNDLES", ())
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: type("Paths", (), {"cafile": None}))
    monkeypatch.setattr(trust, "_APT", tmp_path / "apt")
    return tmp_path


def program(folder: Path, name: str, output: str) -> None:
    """A program of that name that prints the output."""
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{output}\nEND\n")
    path.chmod(0o755)


def sources(folder: Path, name: str, text: str) -> None:
    path = folder / "apt" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_bare_host_has_pip_trust_what_the_image_trusts() -> None:
    bare = Trust("", "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n")
    assert Trust.of_this_host() == bare


@pytest.mark.parametrize("name", ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_bundle_that_the_environment_names_is_trusted(
    bare_host: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare_host / "corporate.pem").write_text(CERTIFICATE)
    monkeypatch.setenv(name, str(bare_host / "corporate.pem"))
    assert Trust.of_this_host().certificates == CERTIFICATE


def test_one_bundle_under_many_names_is_taken_once(bare_host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare_host / "corporate.pem").write_text(CERTIFICATE)
    monkeypatch.setenv("PIP_CERT", str(bare_host / "corporate.pem"))
    monkeypatch.setattr(trust, "_SYSTEM_BUNDLES", (str(bare_host / "corporate.pem"),))
    assert Trust.of_this_host().certificates == CERTIFICATE


def test_a_bundle_that_is_not_there_is_no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CERT", "/no/such.pem")
    assert Trust.of_this_host().certificates == ""


class TestPip:
    def conf(self, folder: Path, *settings: str) -> list[str]:
        program(folder, "pip", "\n".join(settings))
        return Trust.of_this_host().pip_conf.splitlines()[2:]

    def test_its_index_is_taken_over(self, bare_host: Path) -> None:
        conf = self.conf(
            bare_host, "global.index-url='https://mirror/simple'", "global.trusted-host='mirror other'"
        )
        assert conf == ["index-url = https://mirror/simple", "trusted-host = mirror other"]

    def test_the_environment_wins(self, bare_host: Path) -> None:
        conf = self.conf(
            bare_host, ":env:.index-url='https://environment'", "global.index-url='https://file'"
        )
        assert conf == ["index-url = https://environment"]

    @pytest.mark.parametrize(
        "setting",
        [
            "global.index-url='file:///srv/simple'",
            "global.extra-index-url='/srv/simple ./simple'",
            "global.find-links='https://host/wheels'",
            "global.cert='/etc/corporate.pem'",
            "global.no-index='true'",
            "wheel.index-url='https://mirror'",
        ],
    )
    def test_what_only_this_host_has_is_left_out(self, bare_host: Path, setting: str) -> None:
        assert self.conf(bare_host, setting) == []

    def test_of_several_places_those_that_a_build_reaches_are_kept(self, bare_host: Path) -> None:
        conf = self.conf(bare_host, "global.extra-index-url='file:///srv https://mirror /srv'")
        assert conf == ["extra-index-url = https://mirror"]


class TestApt:
    def test_its_proxy_is_taken_over_and_nothing_else(self, bare_host: Path) -> None:
        program(
            bare_host,
            "apt-config",
            'APT::Architecture "amd64";\nAcquire::http::Proxy "http://proxy:3128";\n'
            'Acquire::http::Proxy::mirror "DIRECT";\nAcquire::https::CaInfo "/etc/ca.pem";',
        )
        assert Trust.of_this_host().apt_options == (
            'Acquire::http::Proxy "http://proxy:3128";',
            'Acquire::http::Proxy::mirror "DIRECT";',
        )

    def test_the_mirror_of_the_same_debian_is_taken_over(self, bare_host: Path) -> None:
        sources(
            bare_host,
            "sources.list.d/debian.sources",
            "Types: deb\n# a comment\nURIs: http://mirror/debian\nSuites: bookworm bookworm-updates\n"
            "Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
        )
        assert Trust.of_this_host().debian_sources == (
            "deb http://mirror/debian bookworm main",
            "deb http://mirror/debian bookworm-updates main",
        )

    def test_one_line_entries_are_read_too(self, bare_host: Path) -> None:
        sources(
            bare_host,
            "sources.list",
            "# deb http://off/debian bookworm main\ndeb http://mirror/debian bookworm main contrib\n"
            "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
            "http://mirror/security bookworm-security main\n",
        )
        assert Trust.of_this_host().debian_sources == (
            "deb http://mirror/debian bookworm main",
            "deb http://mirror/security bookworm-security main",
        )

    @pytest.mark.parametrize(
        "line",
        [
            "deb http://mirror/debian trixie main",
            "deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://vendor bookworm main",
            "deb https://vendor bookworm stable",
            "deb-src http://mirror/debian bookworm main",
        ],
    )
    def test_other_releases_and_vendors_are_left_out(self, bare_host: Path, line: str) -> None:
        sources(bare_host, "sources.list.d/other.list", line + "\n")
        assert Trust.of_this_host().debian_sources == ()


class TestCredentials:
    SECRETS = ("ada", "t0k3n", "p4ss", "gu3st")

    @pytest.fixture
    def host(self, bare_host: Path) -> Trust:
        program(
            bare_host,
            "pip",
            "global.index-url='https://ada:t0k3n@mirror/simple'\n"
            "global.extra-index-url='https://t0k3n@other/simple https://open/simple'\n"
            "global.proxy='ada:p4ss@proxy:3128'",
        )
        program(bare_host, "apt-config", 'Acquire::http::Proxy "http://ada:p4ss@proxy:3128";')
        sources(bare_host, "sources.list", "deb http://gu3st:p4ss@mirror/debian bookworm main\n")
        return Trust.of_this_host()

    def test_what_goes_into_an_image_has_none(self, host: Trust) -> None:
        assert [secret for secret in self.SECRETS if secret in repr(host.public)] == []
        assert host.public.pip_conf.splitlines()[2:] == [
            "extra-index-url = https://other/simple https://open/simple",
            "index-url = https://mirror/simple",
            "proxy = proxy:3128",
        ]
        assert host.public.apt_options == ('Acquire::http::Proxy "http://proxy:3128";',)
        assert host.public.debian_sources == ("deb http://mirror/debian bookworm main",)

    def test_builds_of_ours_are_lent_them(self, host: Trust) -> None:
        lent = {secret.path: secret.text for secret in host.build_secrets.values()}
        assert "ada:t0k3n@mirror" in lent["/etc/pip.conf"]
        assert "ada:p4ss@proxy" in lent["/etc/apt/apt.conf.d/99spacedock"]
        assert "gu3st:p4ss@mirror" in lent["/etc/apt/sources.list"]
        assert "t0k3n" not in repr(host.build_secrets)

    def test_without_any_there_is_nothing_to_lend(self, bare_host: Path) -> None:
        program(bare_host, "pip", "global.index-url='https://mirror/simple'")
        trusted = Trust.of_this_host()
        assert (trusted.build_secrets, trusted.public) == ({}, trusted)
