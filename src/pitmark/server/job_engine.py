"""The engine that does the jobs of a server, from its start to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from pitmark.engine.local import LocalEngine
from pitmark.ops.jobs.engine import local_engine
from pitmark.store.db import open_store


@contextmanager
def running_engine(app: FastAPI) -> Iterator[None]:
    """Do the jobs of the workspace until the end.

    At the end the jobs that run are put back into the queue; a training goes on from its
    last checkpoint at the next start.

    Args:
        app: The server; `app.state.engine` is the engine while it runs.

    Yields:
        While jobs are done.
    """
    with open_store(app.state.stores.home, create=True) as store:
        engine = local_engine(store)
        app.state.engine = engine
        engine.start()
        try:
            yield
        finally:
            app.state.engine = None
            engine.stop()


def wake_engine(app: FastAPI) -> None:
    """Tell the engine, if one runs, that the queue has changed.

    Args:
        app: The server.
    """
    engine: LocalEngine | None = getattr(app.state, "engine", None)
    if engine is not None:
        engine.wake()
