"""Front matter: what the Hub accepts at the head of README.md."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from spacedock.platform.fact import Confidence, Fact

_REFERENCE = "spaces-config-reference"


class Kind(StrEnum):
    """What a key's value is documented to be."""

    TEXT = "a text"
    NUMBER = "a number"
    FLAG = "true or false"
    LIST = "a list"
    TABLE = "a table"
    TEXT_OR_LIST = "a text or a list"


KEYS: Final = Fact(
    "the keys and what each holds",
    MappingProxyType(
        {
            "title": Kind.TEXT,
            "emoji": Kind.TEXT,
            "colorFrom": Kind.TEXT,
            "colorTo": Kind.TEXT,
            "sdk": Kind.TEXT,
            "sdk_version": Kind.TEXT,
            "python_version": Kind.TEXT,
            "app_file": Kind.TEXT,
            "app_build_command": Kind.TEXT,
            "app_port": Kind.NUMBER,
            "base_path": Kind.TEXT,
            "fullWidth": Kind.FLAG,
            "header": Kind.TEXT,
            "short_description": Kind.TEXT,
            "models": Kind.LIST,
            "datasets": Kind.LIST,
            "tags": Kind.LIST,
            "thumbnail": Kind.TEXT,
            "pinned": Kind.FLAG,
            "hf_oauth": Kind.FLAG,
            "hf_oauth_scopes": Kind.LIST,
            "hf_oauth_expiration_minutes": Kind.NUMBER,
            "hf_oauth_authorized_org": Kind.TEXT_OR_LIST,
            "disable_embedding": Kind.FLAG,
            "startup_duration_timeout": Kind.TEXT,
            "custom_headers": Kind.TABLE,
            "preload_from_hub": Kind.LIST,
            "suggested_hardware": Kind.TEXT,
            "suggested_storage": Kind.TEXT,
            "license": Kind.TEXT_OR_LIST,
            "license_name": Kind.TEXT,
            "license_link": Kind.TEXT,
            "duplicated_from": Kind.TEXT,
            "termination_grace_period": Kind.TEXT,
            "failure_strategy": Kind.TEXT,
            "load_balancing_strategy": Kind.TEXT,
            "hf_oauth_redirect_path": Kind.TEXT,
        }
    ),
    Confidence.DOCUMENTED,
    f"{_REFERENCE}; repositories-licenses; client, SpaceCardData (duplicated_from). Without documentation: "
    "AnswerDotAI/fasthtml-hf pull request 3 (termination_grace_period); README.md of Hugging Face's own "
    "chat-ui and DeepSite (failure_strategy, load_balancing_strategy); hf_oauth_redirect_path, which was "
    "documented once",
    "2026-11",
)
UNKNOWN_KEYS_PASS: Final = Fact(
    "a key that is not among them is accepted",
    True,
    Confidence.OBSERVED,
    "public Spaces with `language` and other keys of model cards; the client passes any key on",
    "2026",
    text="yes, and it has no effect: a misspelt key is as good as none",
)
KEYS_WITHOUT_EFFECT: Final = Fact(
    "keys that do nothing in a Docker Space",
    ("sdk_version", "python_version", "app_file", "app_build_command", "suggested_storage"),
    Confidence.DOCUMENTED,
    f"{_REFERENCE}: for Gradio and static Spaces; suggested_storage is ignored",
    "2026-08",
)
SDK: Final = Fact(
    "`sdk`, which must be there",
    "docker",
    Confidence.DOCUMENTED,
    f"{_REFERENCE}, sdk",
    "2026-08",
    text="docker; with another one the Dockerfile is not built",
)
HUB_SYNC_SDK: Final = Fact(
    "the SDK of a Space that the action huggingface/hub-sync creates, without `space_sdk`",
    "gradio",
    Confidence.DOCUMENTED,
    "spaces-github-actions; action.yml of huggingface/hub-sync",
    "2026-08",
)
UPLOAD_SDK: Final = Fact(
    "the SDK of a Space that `hf upload` creates where there is none",
    "gradio",
    Confidence.DOCUMENTED,
    "client 2.4, cli and upload_folder; pull request 4331",
    "2026-11",
    text="gradio, until README.md with `sdk: docker` is there; above 250 files or 100 MB in several commits",
)
EMOJI_CHARACTERS: Final = Fact(
    "how many emoji `emoji` holds, and nothing else",
    1,
    Confidence.DOCUMENTED,
    f"{_REFERENCE}, emoji",
    "2026-08",
)
COLORS: Final = Fact(
    "`colorFrom` and `colorTo`",
    ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"),
    Confidence.DOCUMENTED,
    f"{_REFERENCE}, colorFrom",
    "2026-08",
)
SHORT_DESCRIPTION_CHARACTERS: Final = Fact(
    "the most characters of `short_description`",
    60,
    Confidence.REPORTED,
    "answers to rejected pushes",
    "2026",
)
BASE_PATH_START: Final = Fact(
    "what `base_path` starts with", "/", Confidence.DOCUMENTED, f"{_REFERENCE}, base_path", "2026-08"
)
HEADERS: Final = Fact(
    "`header`", ("mini", "default"), Confidence.DOCUMENTED, f"{_REFERENCE}, header", "2026-08"
)
CUSTOM_HEADERS: Final = Fact(
    "the keys of `custom_headers`, and what each may be; they and their values are lower case",
    MappingProxyType(
        {
            "cross-origin-embedder-policy": ("unsafe-none", "require-corp", "credentialless"),
            "cross-origin-opener-policy": ("same-origin", "same-origin-allow-popups", "unsafe-none"),
            "cross-origin-resource-policy": ("same-site", "same-origin", "cross-origin"),
        }
    ),
    Confidence.DOCUMENTED,
    f"{_REFERENCE}, custom_headers; huggingface.js, packages/hub/src/types/api/api-space.ts",
    "2026-11",
)
FLAVORS: Final = Fact(
    "`suggested_hardware`, which assigns nothing",
    (
        "cpu-basic",
        "cpu-upgrade",
        "zero-a10g",
        "t4-small",
        "t4-medium",
        "l4x1",
        "l4x4",
        "l40sx1",
        "l40sx4",
        "l40sx8",
        "a10g-small",
        "a10g-large",
        "a10g-largex2",
        "a10g-largex4",
        "a100-large",
        "a100x4",
        "a100x8",
        "rtx-pro-6000",
        "rtx-pro-6000x2",
        "rtx-pro-6000x4",
        "rtx-pro-6000x8",
    ),
    Confidence.DOCUMENTED,
    "client 2.4, SpaceHardware; hub-docs e2ea0878 took v5e-* away; GET /api/spaces/hardware has today's",
    "2026-10",
)
OAUTH_MINUTES: Final = Fact(
    "the most that `hf_oauth_expiration_minutes` may be",
    43200,
    Confidence.DOCUMENTED,
    "spaces-oauth",
    "2026-08",
    text="43200, which are 30 days",
)
LICENSES: Final = Fact(
    "`license`: one of these, or a list of them",
    (
        *("apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m"),
        *("bigscience-bloom-rail-1.0", "bigcode-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd"),
        *("bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0"),
        *("cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0"),
        *("cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"),
        *("cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-sharing-1.0"),
        *("cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0"),
        *("etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl"),
        *("lgpl-2.1", "lgpl-3.0", "isc", "h-research", "intel-research", "lppl-1.3c", "ms-pl"),
        *(
            "apple-ascl",
            "apple-amlr",
            "mpl-2.0",
            "odc-by",
            "odbl",
            "openmdw-1.0",
            "openmdw-1.1",
            "openrail++",
            "osl-3.0",
        ),
        *("postgresql", "ofl-1.1", "ncsa", "unlicense", "zlib", "pddl", "lgpl-lr", "deepfloyd-if-license"),
        *("fair-noncommercial-research-license", "llama2", "llama3", "llama3.1", "llama3.2", "llama3.3"),
        *("llama4", "grok2-community", "gemma", "unknown", "other"),
    ),
    Confidence.OBSERVED,
    "the Hub's own answer to a refused one, huggingface_hub #4218; repositories-licenses (hub-docs fd6cf1f5)",
    "2026-06",
)
MISSING_CONFIGURATION_TEXT: Final = Fact(
    "what a Space is told without front matter or without `sdk`",
    "Missing configuration in README",
    Confidence.REPORTED,
    "incident readme-frontmatter-missing",
    "2026",
    text="CONFIG_ERROR: Missing configuration in README",
)
REJECTED_TEXT: Final = Fact(
    "what a push with a bad value is told",
    "Sorry, your push was rejected during YAML metadata verification",
    Confidence.REPORTED,
    "incident frontmatter-value-rejected",
    "2026",
)
