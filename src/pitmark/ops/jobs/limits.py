"""Whether a job may start now: limits of operators, and never two updates at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pitmark.core.errors import ConflictError
from pitmark.ops.jobs.kinds import checked_options
from pitmark.ops.line.limits import Action, Actor, expect_allowed
from pitmark.store.db import ProjectStore

_ACTIONS: Mapping[str, Action] = {
    "feedback": "feedback",
    "update": "update",
    "promote": "promote",
}
_ALONE = ("update", "promote")


def expect_startable(
    project: ProjectStore, kind: str, options: Mapping[str, Any], actor: Actor
) -> None:
    """Make sure that somebody may start a job of a kind now.

    Args:
        project: The project.
        kind: Of the job.
        options: As they were given.
        actor: Who asks, and as what.

    Raises:
        NotAllowedError: A limit does not allow it.
        ConflictError: An update waits or is under way.
        InvalidInputError: The kind cannot be told this.
    """
    if kind not in _ACTIONS:
        return
    told = checked_options(kind, options)
    override = [] if told.get("dry_run") else told.get("override", [])
    if not told.get("dry_run"):
        expect_allowed(project, _ACTIONS[kind], actor, override=override)
    if kind in _ALONE and (project.updates.busy or _waits(project)):
        raise ConflictError(
            "an update of this project is under way", hint="Wait until it has ended."
        )


def _waits(project: ProjectStore) -> bool:
    """Whether an update is in the queue; one that runs holds its lock."""
    return any(
        project.jobs.list(kind=kind, state=state, limit=1)
        for kind in _ALONE
        for state in ("queued", "running")
    )
