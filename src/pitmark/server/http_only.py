"""What everything in front of the routes has in common: it looks at HTTP requests alone."""

from __future__ import annotations

from abc import ABC, abstractmethod

from starlette.types import ASGIApp, Receive, Scope, Send


class HttpOnly(ABC):
    """Looks at HTTP requests and lets anything else, such as the lifespan, pass.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand an HTTP request to `answer`, anything else to the application.

        Args:
            scope: Of the request.
            receive: Its body.
            send: Where the answer goes.
        """
        if scope["type"] == "http":
            await self.answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @abstractmethod
    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an HTTP request, or have it answered.

        Args:
            scope: Of the request.
            receive: Its body.
            send: Where the answer goes.
        """
