"""The ways back of a rollout: the devices that were offered a release get an old one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.ops.line.release_again import release_again
from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.ops.line.rollouts import log_rollout, start
from pitmark.store.db import ProjectStore
from pitmark.store.rollouts import RolloutRow, RolloutState

_TAKEN_BACK: tuple[RolloutState, ...] = ("running", "halted", "done")
_UNHALTED = RolloutRules(min_hours=0, min_parts=0, ng_jump=1, errors=1, refused=0)


def roll_back(
    project: ProjectStore, folder: Path, *, by: str, to: int | None = None
) -> RolloutRow:
    """Bring the devices that were offered a release back to one before, all at once.

    Args:
        project: The project.
        folder: Where the bundle is written meanwhile.
        by: Who decides.
        to: The version whose content they shall run; None for the one that was rolled out
            to all before.

    Returns:
        The rollout that brings it back; the same one where no device was offered any.

    Raises:
        NotFoundError: There is no rollout, no such release, or none before.
        ConflictError: The rollout was superseded or rolled back already.
    """
    row = project.rollouts.get()
    if row.state not in _TAKEN_BACK:
        raise ConflictError(f"rollout {row.number} is {row.state}")
    target = to if to is not None else _before(project, row)
    if not project.rollouts.offered(row.version):
        _end_back(project, row, "no device was offered it", by)
        return project.rollouts.get(row.number)
    made = release_again(project, target, folder, by=by).row
    return _bring_back(project, row, made.version, target, by)


def bring_back(
    project: ProjectStore, version: int, *, content_of: int, by: str
) -> RolloutRow | None:
    """Bring a release with old content to all devices that were offered a later one.

    Args:
        project: The project.
        version: The release with the old content.
        content_of: Whose content that is.
        by: Who decides.

    Returns:
        The rollout; None where no device was offered any other, or that very content.
    """
    row = project.rollouts.find()
    if row is None or row.state not in _TAKEN_BACK or row.version == content_of:
        return None
    if not project.rollouts.offered(row.version):
        _end_back(project, row, "no device was offered it", by)
        return None
    return _bring_back(project, row, version, content_of, by)


def _bring_back(
    project: ProjectStore, row: RolloutRow, version: int, content_of: int, by: str
) -> RolloutRow:
    plan = RolloutPlan((1.0,), rules=_UNHALTED)
    if row.state != "done" or not RolloutPlan.from_json(row.plan).complete:
        # Those that it has not reached stay with what they run.
        plan = RolloutPlan((), tuple(project.rollouts.offered(row.version)), _UNHALTED)
    back = start(project, version, plan, by=by)
    why = f"release {version} brings back the content of {content_of}"
    _end_back(project, row, why, by)
    return project.rollouts.get(back.number)


def _end_back(project: ProjectStore, row: RolloutRow, why: str, by: str) -> None:
    moment = datetime.now(UTC)
    project.rollouts.change(row.number, state="rolled back", why=why, finished=moment)
    log_rollout(project, row, "roll_back_rollout", by, why)


def _before(project: ProjectStore, row: RolloutRow) -> int:
    earlier: Sequence[RolloutRow] = project.rollouts.list()
    for found in earlier:
        whole = found.state == "done" and RolloutPlan.from_json(found.plan).complete
        if found.number < row.number and whole and found.version != row.version:
            return found.version
    raise NotFoundError(
        "no release was rolled out to all devices before",
        hint="Say which: pitmark rollout roll-back --to VERSION",
    )
