"""What uid 1000 may not do for what it is, where no path is denied to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacedock.contract.causes.base import ToldCause, head_of, pushed
from spacedock.space import Space

_BECOMES = re.compile(
    r"Can't drop privilege as nonroot user|must be run as root|setgid\(\d+\) failed|setuid\(\d+\) failed"
)
_NAMELESS = re.compile(
    r"getpwuid\(\): uid not found|cannot find name for user ID|uv_os_get_passwd returned ENOENT|"
    r"[Nn]o such user|user: unknown userid|no matching entries in passwd|No username set in the environment"
)
_OWNERS = re.compile(r"^.*Operation not permitted.*$", re.MULTILINE)
_USER_OF = re.compile(r"^\s*user\s*=", re.MULTILINE)
_SUPERVISORS = re.compile(r"(^|/)[\w.-]*supervisor[\w./-]*\.(conf|ini)$")


def users(log: str, space: Space) -> Iterator[ToldCause]:
    """Say what it is that only root may, or only who has a name, or the owner."""
    for found in _BECOMES.finditer(log):
        yield _becomes(found, space)
    for found in _NAMELESS.finditer(log):
        yield ToldCause(
            found.start(),
            "uid 1000 has no entry in the image's /etc/passwd, and something asks for its name",
            "`RUN useradd -m -u 1000 user` and `USER user`: with them uid 1000 has a name and a home",
            "The container runs as uid 1000, which has no name in this image: the same lookup fails there.",
        )
    for found in _OWNERS.finditer(log):
        yield ToldCause(
            found.start(),
            f"it changes the mode or the owner of what it does not own: {found[0].strip()}",
            "let uid 1000 own it in the build (`install -d -o 1000`, `COPY --chown=1000`), and leave "
            "`chmod` and `chown` out of the start: mode 777 lets others write, and no more",
            "The container runs as uid 1000: only an owner may change a mode, whatever that mode is, and "
            "only root an owner.",
        )


def _becomes(found: re.Match[str], space: Space) -> ToldCause:
    places = [f"{name}:{line}" for name in _configurations(space) for line in _lines(head_of(space, name))]
    where = f" ({', '.join(places[:3])})" if places else ""
    return ToldCause(
        found.start(),
        f"it wants to begin as root and to become another user: `{found[0]}`{where}",
        f"delete `user=`{where}: as uid 1000 supervisord, nginx and others run their programs as uid 1000",
        "The container runs as uid 1000, which may become no other user: it ends before it starts a program.",
    )


def _configurations(space: Space) -> Iterator[str]:
    return (name for name in pushed(space) if _SUPERVISORS.search(name))


def _lines(text: str) -> Iterator[int]:
    return (text.count("\n", 0, found.end()) + 1 for found in _USER_OF.finditer(text))
