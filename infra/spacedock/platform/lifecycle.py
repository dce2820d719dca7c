"""Lifecycle: the stages of a Space, and what moves it from one to the next."""

from __future__ import annotations

from typing import Final

from spacedock.platform.fact import Confidence, Fact, View

STAGES: Final = Fact(
    "the stages, an open set",
    (
        "NO_APP_FILE",
        "CONFIG_ERROR",
        "BUILDING",
        "BUILD_ERROR",
        "APP_STARTING",
        "RUNNING",
        "RUNNING_BUILDING",
        "RUNNING_APP_STARTING",
        "RUNTIME_ERROR",
        "SLEEPING",
        "PAUSED",
        "STOPPED",
        "DELETING",
    ),
    Confidence.DOCUMENTED,
    "client, SpaceStage, without SLEEPING, which client 2.4 does not list",
    "2026-08",
)
RESTARTED_BY: Final = Fact(
    "what restarts a Space when it changes",
    ("secret", "variable", "hardware"),
    Confidence.DOCUMENTED,
    "client, add_space_secret, add_space_variable, request_space_hardware",
    "2026-08",
)
EXIT_STAGE: Final = Fact(
    "the stage after PID 1 has exited, with code 0 too",
    "RUNTIME_ERROR",
    Confidence.INFERRED,
    "incident process-exits-zero",
    "2026",
)
EXIT_TEXT: Final = Fact(
    "what a Space is told whose PID 1 exited",
    "Exit code: {code}. Reason: {tail}",
    Confidence.REPORTED,
    "incident missing-secret-crash; the reason is the tail of the log",
    "2026",
)
STOP_SIGNALS: Final = Fact(
    "the signals of a stop, in order",
    ("SIGTERM", "SIGKILL"),
    Confidence.INFERRED,
    "container runtimes",
    "2026",
)
STOP_GRACE_SECONDS: Final = Fact(
    "the seconds from SIGTERM to SIGKILL without `termination_grace_period`",
    10.0,
    Confidence.REPORTED,
    "Hugging Face's staff, AnswerDotAI/fasthtml-hf pull request 3",
    "2024-08",
    other=View(
        "60 s and more with a bucket mounted",
        Confidence.INFERRED,
        "huggingface/hf-csi-driver 8916cf6",
        "2026-04",
    ),
    choice="10 s, or what README.md says: no dock mounts a bucket",
    probe="grace",
)
MOST_STOP_GRACE_SECONDS: Final = Fact(
    "the most that `termination_grace_period` may be, seconds; it is not guaranteed",
    600.0,
    Confidence.REPORTED,
    "Hugging Face's staff, AnswerDotAI/fasthtml-hf pull request 3",
    "2024-08",
    text="10 min",
)
OLD_SERVES_ON: Final = Fact(
    "the old container serves while a new one builds and starts",
    True,
    Confidence.INFERRED,
    "client, the stages RUNNING_BUILDING and RUNNING_APP_STARTING",
    "2026-08",
)
RUNTIME_API: Final = Fact(
    "the paths below /api/spaces/OWNER/NAME/",
    (
        "runtime",
        "secrets",
        "variables",
        "hardware",
        "sleeptime",
        "pause",
        "restart[?factory=true]",
        "logs/run",
        "logs/build",
    ),
    Confidence.DOCUMENTED,
    "client, HfApi",
    "2026-08",
)
PLAN_STATUS: Final = Fact(
    "the answer to creating a Docker Space on free cpu-basic without a paid plan",
    402,
    Confidence.DOCUMENTED,
    "hub-docs #2624; huggingface_hub #4539; client 2.1.1, create_repo: paid hardware needs billing only",
    "2026-11",
)
RUNTIME_SHA: Final = Fact(
    "`sha` of the runtime API",
    "the commit that serves",
    Confidence.OBSERVED,
    "DonQuaan/CCA, 48 answers of running Spaces",
    "2026-09",
    text="the repository's head once RUNNING, the one that serves on in RUNNING_BUILDING and "
    "RUNNING_APP_STARTING; absent in BUILDING, after errors and in PAUSED",
)
TRUSTED_PUBLISHING: Final = Fact(
    "a workflow may push without a stored token",
    True,
    Confidence.DOCUMENTED,
    "hub-docs, trusted-publishers; client 1.19 and later",
    "2026-06",
    text="yes: `id-token: write` and `HF_OIDC_RESOURCE: spaces/owner/name` give one for an hour",
)
