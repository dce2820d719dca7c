"""Identity and disk: who the Space is, and where it may write."""

from __future__ import annotations

from typing import Final

from spacedock.platform.fact import Confidence, Fact, View

USER_ID: Final = Fact(
    "the user that the container runs as",
    1000,
    Confidence.DOCUMENTED,
    'spaces-sdks-docker, Permissions: "The container runs with user ID 1000"',
    "2026-08",
    other=View(
        "the image's own user; images without USER ran as root",
        Confidence.OBSERVED,
        "logs of deployed Spaces; in earlier years uid 1000 was forced",
        "2026",
    ),
    choice="runs-as-uid-1000 boots it as 1000; the image's own user is tried beside it where that fails",
    probe="user.uid",
)
HOME: Final = Fact(
    "HOME of a user without a passwd entry",
    "/",
    Confidence.DOCUMENTED,
    "spaces-sdks-docker, Permissions; Docker's own rule; caches in /.cache fail (reported)",
    "2026-08",
    text="/; else what the image says",
    probe="user.home",
)
WRITABLE: Final = Fact(
    "where the Space may write",
    ("what its user owns", "/tmp", "mounted buckets"),  # noqa: S108 - a fact, no file is made there
    Confidence.DOCUMENTED,
    "spaces-sdks-docker, Permissions; spaces-storage",
    "2026-08",
    probe="writable",
)
DATA_FOLDER: Final = Fact(
    "what /data is without a mounted bucket",
    "/data",
    Confidence.INFERRED,
    "spaces-storage",
    "2026-08",
    text="an ordinary folder, as ephemeral as the rest, if the image made it",
    probe="writable./data",
)
DISK_IS_LOST_ON: Final = Fact(
    "what loses everything that was written to disk",
    ("restart", "stop", "sleep"),
    Confidence.DOCUMENTED,
    "spaces-storage",
    "2026-08",
)
FIRST_PROCESS: Final = Fact(
    "what PID 1 is",
    "CMD",
    Confidence.OBSERVED,
    "logs of deployed Spaces",
    "2026",
    text="the CMD, no init in front",
    probe="first_process",
)
