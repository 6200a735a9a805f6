"""The engine of a workspace on this machine: the queue, the workers, the logs."""

from __future__ import annotations

from pathlib import Path

from pitmark.engine.local import LocalEngine, LocalLimits
from pitmark.ops.jobs.kinds import TABLE
from pitmark.ops.jobs.worker import worker_command
from pitmark.store.db import Store
from pitmark.store.jobs_queue import StoredQueue


def local_engine(
    store: Store, *, limits: LocalLimits | None = None, table: str = TABLE
) -> LocalEngine:
    """An engine that does the jobs of all organisations of a workspace.

    Args:
        store: Any organisation of the workspace; it stays open as long as the engine runs.
        limits: How much at once, and how patient.
        table: Name of the table of functions.

    Returns:
        The engine, not started.
    """
    home = Path(store.home).resolve()
    return LocalEngine(
        StoredQueue(store.database, store.blobs),
        worker_command(home, table),
        logs=home / "work" / "jobs",
        limits=limits,
    )
