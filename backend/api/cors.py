"""Which pages may read an answer, and with what they may ask."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.config import Settings

VARY = (b"vary", b"Origin")


class CrossOrigin(CORSMiddleware):
    """Starlette's, as the settings say; a request of no page's is passed on without more ado."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(
            app,
            allow_origins=settings.allowed_origins,  # by name each: with credentials `*` is no permission
            allow_origin_regex=settings.cors_vercel_preview,
            # Readers are bearer tokens. A front end that calls with `credentials: "include"` is answered all
            # the same, where the Space is asked for preflights itself.
            allow_credentials=True,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or put the permission on the answer."""
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        async def send_varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), VARY]
            await send(message)

        await self.app(scope, receive, send_varying)
