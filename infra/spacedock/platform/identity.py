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
        "logs of deployed Spaces; 10 of 16 running Docker Spaces of databankbni/hf-spaces-mirror-s0 have no "
        "USER and write into root's folders; in earlier years uid 1000 was forced",
        "2026-08",
    ),
    choice="runs-as-uid-1000 boots it as 1000; the image's own user is tried beside it where that fails; of "
    "an image without USER that starts, what is denied is a `should`",
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
    "spaces-sdks-docker, Permissions; spaces-storage. Buckets were nobody's, and closed to uid 1000, until "
    "hf-csi-driver 0b16ba7 (2026-04)",
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
BUCKET_LOCKS: Final = Fact(
    "a lock on a file of a bucket counts for",
    "one mount",
    Confidence.OBSERVED,
    "davanstrien/bucket-sqlite-probe-gradio; forum 175123",
    "2026-04",
    text="its own mount only (FUSE): two instances may write one SQLite file at once",
)
DISK_IS_LOST_ON: Final = Fact(
    "what loses everything that was written to disk",
    ("restart", "stop", "sleep"),
    Confidence.DOCUMENTED,
    "spaces-storage",
    "2026-08",
)
FIRST_OPEN_PORT: Final = Fact(
    "the first port that any user may listen on, where the kernel keeps the ones below it",
    1024,
    Confidence.DOCUMENTED,
    "Linux, ip-sysctl, ip_unprivileged_port_start",
    "2026-11",
)
LOW_PORTS: Final = Fact(
    "uid 1000 may listen on ports below 1024",
    False,
    Confidence.INFERRED,
    "LibrePhotos/librephotos-docker 110: on Kubernetes `bind() to 0.0.0.0:80 failed (13: Permission denied)`",
    "2026-11",
    text="perhaps not: Docker lets anybody, Kubernetes by default does not",
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
