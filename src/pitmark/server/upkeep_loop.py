"""Every minute: the way back where a new version does badly, and updates that are due."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from pitmark.core.errors import PitmarkError
from pitmark.ops.jobs.kinds import start_job
from pitmark.ops.jobs.limits import expect_startable
from pitmark.ops.line.limits import Actor
from pitmark.ops.line.schedule import BY_ITSELF
from pitmark.ops.line.upkeep import look_after
from pitmark.server.job_engine import wake_engine
from pitmark.server.stores import Stores
from pitmark.store.db import ProjectStore

_EVERY_S = 60.0


@contextmanager
def looking_after(app: FastAPI) -> Iterator[None]:
    """Look after all projects of the server until the end.

    Args:
        app: The server.

    Yields:
        While it does.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_loop, args=(app, stop), name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _loop(app: FastAPI, stop: threading.Event) -> None:
    while not stop.wait(_EVERY_S):
        if look_after_all(app.state.stores):
            wake_engine(app)


def look_after_all(stores: Stores) -> list[str]:
    """Look after every project of every organisation once.

    Args:
        stores: Of the server.

    Returns:
        The jobs that were started.
    """
    started = []
    for organisation in stores.names():
        store = stores.of(organisation)
        for info in store.projects():
            try:
                job = _look_after(store.project(info.name))
            except PitmarkError:
                # It is looked after again in a minute; the others must not wait for it.
                continue
            started += [] if job is None else [job]
    return started


def _look_after(project: ProjectStore) -> str | None:
    if not look_after(project).due:
        return None
    # Whether the limits allow it was a part of the question.
    expect_startable(project, "update", {}, Actor(BY_ITSELF, "admin"))
    return start_job(project, "update", {}, by=BY_ITSELF).id
