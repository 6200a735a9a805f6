"""What classes need, as Python and notebooks see it."""

from __future__ import annotations

from typing import Any

from pitmark.core.progress import Reporter, silent
from pitmark.ops.need_history import needs_history
from pitmark.ops.needs import NeedOptions, Needs, find_needs
from pitmark.store.db import ProjectStore


def needs(
    store: ProjectStore, *, options: NeedOptions | None = None, report: Reporter = silent
) -> Needs:
    """What each class needs, ranked by expected gain per hour of a person's time.

    A project without a snapshot gets one first.

    Args:
        store: The project.
        options: Snapshot, number of further labels, minutes per label.
        report: Told of the progress.

    Returns:
        The needs; the forecast is kept and can be checked later.
    """
    if not store.snapshots.list():
        from pitmark.ops.snapshots import take_snapshot

        take_snapshot(store)
    return find_needs(store, options=options, report=report)


def foretold(store: ProjectStore, *, report: Reporter = silent) -> list[dict[str, Any]]:
    """Every forecast with what came true since, the newest first.

    Args:
        store: The project.
        report: Told of the progress.

    Returns:
        See `pitmark.ops.need_history.needs_history`.
    """
    return needs_history(store, report=report)
