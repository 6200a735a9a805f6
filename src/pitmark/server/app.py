"""The server: routes over `ops`, everything else in front of them.

Routes are synchronous functions: they run in threads, and the store is made for threads.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from pitmark import __version__
from pitmark.server.attempts import Attempts
from pitmark.server.events import JobFeed
from pitmark.server.galleries import Galleries
from pitmark.server.guards import LOOPBACK, BodyLimit, KnownHosts, SafeHeaders
from pitmark.server.job_engine import running_engine
from pitmark.server.metrics import Measured, ServerMetrics
from pitmark.server.pages import add_pages
from pitmark.server.problems import add_problem_handlers
from pitmark.server.recent import Recent
from pitmark.server.routes import (
    agreement,
    analyses,
    devices,
    findings,
    fleet,
    images,
    jobs,
    labels,
    line,
    metrics,
    people,
    projects,
    runs,
    session,
    upkeep,
    uploads,
)
from pitmark.server.stores import Stores
from pitmark.server.upkeep_loop import looking_after
from pitmark.store.figures import figures_of
from pitmark.store.secret import digest

# One line per area.
ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    people.router,
    projects.router,
    findings.router,
    agreement.router,
    jobs.router,
    images.router,
    labels.router,
    uploads.router,
    runs.router,
    analyses.router,
    line.router,
    upkeep.router,
    fleet.router,
    devices.router,
    metrics.router,
)
_JUDGED_RUNS = 8
_FAILURES, _FAILURES_PER_ADDRESS, _WITHIN_S = 10, 100, 900.0


def create_app(
    home: Path, *, allow_hosts: Collection[str] = (), setup_token: str | None = None
) -> FastAPI:
    """The server for a workspace.

    Args:
        home: The folder of the workspace; it must exist.
        allow_hosts: Names by which the server may be asked, besides those of loopback.
        setup_token: With it the first owner is made while there is none; None refuses.

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
    app.state.feed = JobFeed(app.state.stores.of)
    app.state.galleries = Galleries(home)
    app.state.judged = Recent(_JUDGED_RUNS)
    app.state.metrics = ServerMetrics(lambda: figures_of(app.state.stores.local().database))
    app.state.setup_sha = None if setup_token is None else digest(setup_token)
    app.state.attempts = Attempts(_FAILURES, _WITHIN_S)
    app.state.attempts_by_address = Attempts(_FAILURES_PER_ADDRESS, _WITHIN_S)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    add_pages(app)
    # The last one added is the first that a request meets.
    app.add_middleware(BodyLimit)
    app.add_middleware(KnownHosts, names=(*LOOPBACK, *allow_hosts))
    app.add_middleware(SafeHeaders)
    app.add_middleware(Measured, metrics=app.state.metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with running_engine(app), looking_after(app), _galleries_read(app):
        yield
    app.state.stores.close()


@contextmanager
def _galleries_read(app: FastAPI) -> Iterator[None]:
    """Read what was used last while the server answers already; note it at the end."""
    galleries, stores, stop = app.state.galleries, app.state.stores, threading.Event()

    def read() -> None:
        galleries.read_used(lambda org, name: stores.of(org).project(name), stop)

    threading.Thread(target=read, name="galleries", daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        galleries.remember()
