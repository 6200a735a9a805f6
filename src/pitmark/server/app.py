"""The server: routes over `ops`, everything else in front of them.

Routes are synchronous functions: they run in threads, and the store is made for threads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from pitmark import __version__
from pitmark.server.galleries import Galleries
from pitmark.server.problems import add_problem_handlers
from pitmark.server.routes import images, labels, uploads
from pitmark.server.stores import Stores

ROUTERS: tuple[APIRouter, ...] = (
    images.router,
    labels.router,
    uploads.router,
)


def create_app(home: Path) -> FastAPI:
    """The server for a workspace.

    Args:
        home: The folder of the workspace; it must exist.

    Returns:
        An ASGI application.
    """
    app = FastAPI(
        title="Pitmark",
        version=__version__,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.stores = Stores(home)
    app.state.galleries = Galleries(home)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.stores.close()
