"""What stands before every route: the name asked for, the size of bodies, safe headers."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pitmark.server.http_only import HttpOnly
from pitmark.server.problems import problem

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MOST_BODY_BYTES = 32 << 20
MOST_UPLOAD_BYTES = 8 << 30
_UPLOADS = "/uploads/"
_CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SAFE_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SafeHeaders(HttpOnly):
    """Sets headers that keep a browser from doing what Pitmark never asks of it.

    Args:
        app: What answers.
    """

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers set; what is under /api is not kept by caches."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_safely)


class KnownHosts(HttpOnly):
    """Refuses requests for other names than those of this server.

    A page of a stranger whose name suddenly leads to this machine (DNS rebinding) asks
    for that name; and what it changes comes from that name as its origin.

    Args:
        app: What answers.
        names: Names and addresses of this server, without port.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        super().__init__(app)
        self._names = {name.lower().strip("[]").rstrip(".") for name in names}

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if host_name(host) not in self._names:
            refused = problem(
                421,
                "unknown_host",
                f"this server is not called {host[:100]!r}",
                "Start it with --allow-host and this name if it should be.",
            )
        elif origin is not None and not self._known_origin(origin):
            refused = problem(
                403, "not_allowed", f"the request comes from another site: {origin[:100]!r}"
            )
        else:
            await self._app(scope, receive, send)
            return
        await refused(scope, receive, send)

    def _known_origin(self, origin: str) -> bool:
        _, mark, host = origin.partition("://")
        return bool(mark) and host_name(host) in self._names


class BodyLimit(HttpOnly):
    """Refuses bodies that are larger than anything Pitmark asks for.

    Args:
        app: What answers.
        most_bytes: Of a message.
        most_upload_bytes: Of a file that is uploaded.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_bytes: int = MOST_BODY_BYTES,
        most_upload_bytes: int = MOST_UPLOAD_BYTES,
    ) -> None:
        super().__init__(app)
        self._most, self._most_upload = most_bytes, most_upload_bytes

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through as far as its body is not too large."""
        upload = scope["method"] == "PUT" and _UPLOADS in scope["path"]
        most = self._most_upload if upload else self._most
        told = Headers(scope=scope).get("content-length", "0")
        message = f"the body is larger than {most} bytes"
        if not told.isdecimal() or int(told) > most:
            await problem(413, "too_large", message)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            part = await receive()
            seen += len(part.get("body", b""))
            if seen > most:
                raise HTTPException(413, message)
            return part

        await self._app(scope, counted, send)


def host_name(host: str) -> str:
    """The name in a Host header or the like.

    Args:
        host: Such as "localhost:8321" or "[::1]:8321".

    Returns:
        Without port and brackets, in small letters.
    """
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")
