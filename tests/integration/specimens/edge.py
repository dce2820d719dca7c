"""Specimens that work when they are asked directly, and fail behind the platform's edge or in its frame."""

from __future__ import annotations

from tests.integration.specimens.base import Change, Specimen

_ANCESTORS = "        \"frame-ancestors 'self' https://huggingface.co https://*.hf.space\",\n"
_UNLESS_HTTP = '        if scope["type"] != "http":\n'
_PAGE = '    return FileResponse(STATIC / "index.html", headers=headers)\n'
_INTERNAL = "proxy.spaces.internal.huggingface.tech"

SPECIMENS = (
    Specimen(
        "the proxy's word for the scheme not taken",
        breaks="speaks-https-behind-the-edge",
        says="GET /health/ redirects to http://physical-ai-humanoid-robotics-textbook.hf.space/health",
        changes=(Change("backend/server.py", "proxy_headers=True", "proxy_headers=False"),),
        image_only=True,
    ),
    Specimen(
        "a script by http",
        breaks="speaks-https-behind-the-edge",
        says="the page at / loads http://cdn.example/analytics.js",
        changes=(
            Change(
                "backend/static/index.html",
                "</head>",
                '<script src="http://cdn.example/analytics.js" async></script></head>',
            ),
        ),
        image_only=True,
    ),
    Specimen(
        "x-frame-options deny",
        breaks="fits-in-a-frame",
        says="the page at / has `X-Frame-Options: DENY`",
        changes=(
            Change("backend/api/page.py", _ANCESTORS, ""),
            Change(
                "backend/api/page.py",
                '        "Cache-Control": "no-cache",\n    }\n',
                '        "Cache-Control": "no-cache",\n        "X-Frame-Options": "DENY",\n    }\n',
            ),
        ),
        image_only=True,
    ),
    Specimen(
        "a cookie that no frame keeps",
        breaks="fits-in-a-frame",
        says="the page at / sets reader without `SameSite=None; Secure`",
        changes=(
            Change(
                "backend/api/page.py",
                _PAGE,
                '    answer = FileResponse(STATIC / "index.html", headers=headers)\n'
                '    answer.set_cookie("reader", "somebody", httponly=True)\n'
                "    return answer\n",
            ),
        ),
        image_only=True,
    ),
    Specimen(
        "a call with credentials",
        breaks="survives-the-observed-edge",
        says="is answered by the edge, without `access-control-allow-credentials: true`",
        changes=(
            Change("infra/space.toml", "credentials = false", "credentials = true"),
            Change("backend/main.py", "allow_credentials=False", "allow_credentials=True"),
        ),
        image_only=True,
    ),
    Specimen(
        "the edge's own host not allowed",
        breaks="survives-the-observed-edge",
        says=f"GET /health through the edge answers with Host {_INTERNAL} 400; directly 200",
        changes=(
            Change(
                "backend/api/access.py",
                _UNLESS_HTTP,
                f'        if (b"host", b"{_INTERNAL}") in scope.get("headers", ()):\n'
                "            from starlette.responses import PlainTextResponse\n\n"
                '            await PlainTextResponse("Invalid host header", 400)(scope, receive, send)\n'
                f"            return\n{_UNLESS_HTTP}",
            ),
        ),
        image_only=True,
    ),
    Specimen(
        "the stream read to its end",
        breaks="streams-through-the-edge",
        says="comes through the edge in 0 pieces before the model had ended",
        changes=(
            Change(
                "backend/api/chat.py",
                "            async for event in events:\n                yield",
                "            for event in [event async for event in events]:\n                yield",
            ),
        ),
        image_only=True,
    ),
    Specimen(
        "whoever the client says it is, in the log",
        breaks="trusts-only-the-edge-for-client-address",
        says="which the client had made up",
        changes=(Change("backend/server.py", "access_log=False", "access_log=True"),),
        image_only=True,
    ),
)
