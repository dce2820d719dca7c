"""Edge: the proxy at https://OWNER-NAME.hf.space."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from spacedock.platform.fact import Confidence, Fact, View

_PROBES = "dated HTTP probes of deployed Spaces"

EDGE_ENDS_TLS: Final = Fact("the Space sees plain HTTP", True, Confidence.OBSERVED, _PROBES, "2026")
EDGE_NETWORK: Final = Fact(
    "the network that the Space sees its callers in",
    "10.0.0.0/8",
    Confidence.OBSERVED,
    "logs of deployed Spaces",
    "2026",
    text="10.x, not loopback: uvicorn ignores X-Forwarded-* unless `--forwarded-allow-ips` names it",
    probe="peer",
)
EDGE_FORWARDED_FOR: Final = Fact(
    "what becomes of the client's `X-Forwarded-For`",
    "appended",
    Confidence.OBSERVED,
    _PROBES,
    "2026",
    text="it is kept and one address is appended: only the right-most can be trusted",
    probe="headers.x-forwarded-for",
)
EDGE_FORWARDED_PROTO: Final = Fact(
    "`X-Forwarded-Proto`", "https", Confidence.REPORTED, "users", "2026", probe="headers.x-forwarded-proto"
)
INTERNAL_HOST: Final = Fact(
    "the other Host that several projects had to allow",
    "proxy.spaces.internal.huggingface.tech",
    Confidence.OBSERVED,
    "incident untrusted-host-400",
    "2026",
)
SPACE_HOST: Final = Fact(
    "the Host that the Space is given",
    "{owner}-{name}.hf.space",
    Confidence.OBSERVED,
    _PROBES,
    "2026",
    text="OWNER-NAME.hf.space, lower case, `_` and `.` as `-`",
    other=View(INTERNAL_HOST.value, Confidence.OBSERVED, INTERNAL_HOST.source, INTERNAL_HOST.date),
    choice="the edge offers both forms",
    probe="headers.host",
)
EDGE_HEADERS: Final = Fact(
    "the headers that are added to every answer of the Space",
    (
        "x-proxied-host",
        "x-proxied-replica",
        "x-proxied-path",
        "x-request-id",
        "link",
        "vary",
        "access-control-expose-headers",
    ),
    Confidence.OBSERVED,
    _PROBES,
    "2026",
)
EDGE_HEADER_VALUES: Final = Fact(
    "the values of those headers that do not change from answer to answer",
    MappingProxyType(
        {
            "link": '<https://huggingface.co/spaces/{space_id}>;rel="canonical"',
            "vary": "origin, access-control-request-method, access-control-request-headers",
            "access-control-expose-headers": "*",
        }
    ),
    Confidence.OBSERVED,
    _PROBES,
    "2026",
)
EDGE_ANSWERS_PREFLIGHT: Final = Fact(
    "the edge answers every CORS preflight itself",
    True,
    Confidence.OBSERVED,
    "three independent observations",
    "2026",
    text="yes, the Space never sees one",
    other=View(
        False, Confidence.OBSERVED, "earlier observations: it was worked through to the Space", "2025"
    ),
    choice="--edge observed|transparent",
)
EDGE_PREFLIGHT_STATUS: Final = Fact(
    "the status of its answer to a preflight",
    200,
    Confidence.OBSERVED,
    "three independent observations",
    "2026",
)
EDGE_PREFLIGHT_MAX_AGE: Final = Fact(
    "`access-control-max-age` of that answer, seconds",
    600,
    Confidence.OBSERVED,
    "three independent observations",
    "2026",
)
EDGE_PREFLIGHT_REFLECTS: Final = Fact(
    "what that answer repeats from the request",
    ("origin", "method", "headers"),
    Confidence.OBSERVED,
    "three independent observations",
    "2026",
)
EDGE_ALLOWS_CREDENTIALS: Final = Fact(
    "that answer has `access-control-allow-credentials`",
    False,
    Confidence.OBSERVED,
    "three independent observations",
    "2026",
)
EDGE_REFLECTS_ORIGIN: Final = Fact(
    "`access-control-allow-origin` of other answers is the caller's origin, whatever the Space says",
    True,
    Confidence.OBSERVED,
    _PROBES,
    "2026",
    other=View(False, Confidence.OBSERVED, "earlier observations: the Space's own header passed", "2025"),
    choice="--edge observed|transparent",
)
CREDENTIALED_CALLS_FAIL: Final = Fact(
    "a browser's credentialed call from another origin fails unless it is a simple request",
    True,
    Confidence.INFERRED,
    "the preflight without allow-credentials",
    "2026",
    text="yes; a Bearer header without credentials works; the Space's own allow-list is no wall",
)
EDGE_STREAMS: Final = Fact(
    "what passes without being held back",
    ("WebSocket", "SSE"),
    Confidence.OBSERVED,
    _PROBES,
    "2026",
    text="WebSocket (`wss://`, since the page is https) and server-sent events",
)
FRAME_ANCESTOR: Final = Fact(
    "the page that embeds the Space in an iframe",
    "https://huggingface.co",
    Confidence.DOCUMENTED,
    "spaces-embed",
    "2026-08",
    text="https://huggingface.co; `X-Frame-Options: DENY` blanks it",
)
FRAME_COOKIE: Final = Fact(
    "what a cookie needs to be sent within that frame",
    ("SameSite=None", "Secure"),
    Confidence.DOCUMENTED,
    "spaces-cookie-limitations",
    "2026-08",
)
EDGE_AWAY_STATUS: Final = Fact(
    "the status while the Space sleeps or starts",
    503,
    Confidence.OBSERVED,
    _PROBES,
    "2026",
    text="503 or 502, at once, without x-proxied-*",
    other=View(502, Confidence.OBSERVED, _PROBES, "2026"),
    choice="the dock's edge answers 503",
)
PRIVATE_STATUS: Final = Fact(
    "what a private Space's address answers to whoever is no member of it",
    404,
    Confidence.REPORTED,
    "gradio issues 6388 and 6625; incident private-space-404",
    "2023",
    text="404, as if it did not exist",
)
PRIVATE_TEXT: Final = Fact(
    "what the page of that answer says",
    "Sorry, we can’t find the page you are looking for.",  # noqa: RUF001 - its own words
    Confidence.REPORTED,
    "gradio issue 6625",
    "2023",
)
PRIVATE_TOKEN_HEADERS: Final = Fact(
    "the headers in which a member shows a token of Hugging Face",
    ("authorization", "x-hf-authorization"),
    Confidence.REPORTED,
    "gradio pull request 11700: the second one is taken off before the Space is asked",
    "2025-08",
)
EDGE_FOLLOWS_REDIRECTS: Final = Fact(
    "the edge follows a redirect to the Space's own host itself",
    True,
    Confidence.REPORTED,
    "somratpro/HuggingPost, alone",
    "2026-11",
    text="perhaps: who is sent on by http to the same path, a slash more or less, comes to the page",
)
EDGE_IP_TOKEN: Final = Fact(
    "the header in which the edge gives the Space a JWT with the client's address",
    "x-ip-token",
    Confidence.DOCUMENTED,
    "hub-docs, spaces-api-endpoints; the package `spaces`",
    "2026-11",
)
FRAME_SANDBOX: Final = Fact(
    "what the frame on huggingface.co allows the Space",
    (
        "allow-forms",
        "allow-modals",
        "allow-popups",
        "allow-popups-to-escape-sandbox",
        "allow-same-origin",
        "allow-scripts",
        "allow-downloads",
    ),
    Confidence.DOCUMENTED,
    "hub-docs, embed snippet of spaces-sdks-streamlit",
    "2026-11",
    text="forms, modals, popups, scripts, downloads and its own origin; no navigation of the page around it",
)
PRIVATE_API_STATUS: Final = Fact(
    "what the Hub's API answers to whoever asks for a private Space, or for none",
    401,
    Confidence.OBSERVED,
    "DonQuaan/CCA",
    "2026-09",
    text="401; an OAuth login's token gets it too from calls that change a Space (huggingface_hub 4972)",
)
