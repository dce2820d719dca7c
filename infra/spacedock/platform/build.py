"""Build: from a pushed repository to an image."""

from __future__ import annotations

from typing import Final

from spacedock.platform.fact import Confidence, Fact, View

_DOCKER = "spaces-sdks-docker"
_LOGS = "build logs of deployed Spaces"

BUILDER: Final = Fact("what builds the image", "BuildKit", Confidence.OBSERVED, _LOGS, "2026")
ARCHITECTURE: Final = Fact(
    "what it builds for and runs on", "linux/amd64", Confidence.OBSERVED, _LOGS, "2026"
)
BUILD_CACHE: Final = Fact(
    "the layer cache is restored and exported between builds", True, Confidence.OBSERVED, _LOGS, "2026"
)
BUILD_CACHE_MOUNTS: Final = Fact("`RUN --mount=type=cache` works", True, Confidence.OBSERVED, _LOGS, "2026")
BUILD_USER: Final = Fact(
    "the user of build steps before any `USER`", "root", Confidence.OBSERVED, _LOGS, "2026"
)

BUILD_ARGUMENTS: Final = Fact(
    "how a build sees public variables",
    "--build-arg",
    Confidence.DOCUMENTED,
    f"{_DOCKER}, Variables/Buildtime",
    "2026-08",
    text="each as --build-arg; only an `ARG NAME` in the Dockerfile receives it",
)
ARG_BEFORE_FROM: Final = Fact(
    "what an `ARG` before `FROM` holds after it",
    "",
    Confidence.DOCUMENTED,
    f"{_DOCKER}, Variables/Buildtime; Dockerfile reference, ARG",
    "2026-08",
    text="nothing, until `ARG NAME` is repeated there",
)
SECRETS_ARE_BUILD_ARGUMENTS: Final = Fact(
    "secrets are build arguments", False, Confidence.DOCUMENTED, f"{_DOCKER}, Secrets/Buildtime", "2026-08"
)
BUILD_SECRET_MOUNT: Final = Fact(
    "how a build step sees a secret",
    "--mount=type=secret,id={name},mode=0444,required=true",
    Confidence.DOCUMENTED,
    f"{_DOCKER}, Secrets/Buildtime",
    "2026-08",
)
BUILD_SECRET_FILE: Final = Fact(
    "the file of a secret in a build step that mounts it",
    "/run/secrets/{name}",
    Confidence.DOCUMENTED,
    f"{_DOCKER}, Secrets/Buildtime",
    "2026-08",
)
BUILD_LACKS: Final = Fact(
    "what a running Space may have and its build has not",
    ("/data", "GPU"),
    Confidence.DOCUMENTED,
    f"{_DOCKER}, Buildtime, GPU",
    "2026-08",
)

REPOSITORY_LIMIT: Final = Fact(
    "the largest repository, bytes, history included",
    10**9,
    Confidence.DOCUMENTED,
    "spaces-github-actions, File size",
    "2026-08",
    text="1 GB",
)
REPOSITORY_LIMIT_TEXT: Final = Fact(
    "what a push to a full repository is told",
    "Repository storage limit reached (Max: 1 GB)",
    Confidence.REPORTED,
    "forum 175119",
    "2026",
)
LARGE_FILE: Final = Fact(
    "the largest file outside LFS and Xet, bytes",
    10 * 2**20,
    Confidence.REPORTED,
    "answers to rejected pushes",
    "2026",
    text="10 MiB",
    other=View("10 MB", Confidence.DOCUMENTED, "spaces-github-actions, File size", "2026-08"),
    choice="what the answers say counts: 10 MiB",
)
LARGE_FILE_TEXT: Final = Fact(
    "what a push of a larger file is told",
    "Your push was rejected because it contains files larger than 10 MiB.",
    Confidence.REPORTED,
    "answers to rejected pushes",
    "2026",
)
BINARIES_REFUSED: Final = Fact(
    "a binary outside LFS and Xet refuses the push, in the history too",
    True,
    Confidence.REPORTED,
    "answers to rejected pushes; huggingface_hub #1404",
    "2026",
    text="yes, of any size; the client uploads it to Xet by itself",
)
BINARIES_TEXT: Final = Fact(
    "what such a push is told",
    "Your push was rejected because it contains binary files.",
    Confidence.REPORTED,
    "answers to rejected pushes",
    "2026",
)
UPLOAD_LEAVES_OUT: Final = Fact(
    "all that `upload_folder` leaves out unless told else",
    (".git", ".cache/huggingface"),
    Confidence.DOCUMENTED,
    "client, DEFAULT_IGNORE_PATTERNS",
    "2026-08",
    text=".git and .cache/huggingface; `.env`, `.venv` and `node_modules` go up",
)
BUILD_TIMEOUT: Final = Fact(
    "how long a build may take, seconds",
    60 * 60.0,
    Confidence.REPORTED,
    "reports of deployed Spaces, see the failure build-time-too-long",
    "2026",
    text="60 min",
    other=View("15 min", Confidence.REPORTED, "other reports of deployed Spaces", "2026"),
    choice="a build is ended after the longest that is reported; none is documented",
)
BUILD_ERROR_TEXT: Final = Fact(
    "what a failed build is told",
    "Job failed with exit code: {code}. Reason: {reason}",
    Confidence.REPORTED,
    "build logs of deployed Spaces",
    "2026",
)
BUILD_ERROR_CAUSE: Final = Fact(
    "where the cause of a failed build is",
    "the tail of the log",
    Confidence.REPORTED,
    "incident misleading-cache-miss",
    "2026",
    text="the tail of the log; the `cache miss` list in the reason is not the cause",
)
