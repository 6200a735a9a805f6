"""When a project updates by itself: after so many corrections, or when drift does harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pitmark.core.errors import InvalidInputError, NotAllowedError, NotFoundError
from pitmark.ops.images.snapshots import AT_RANDOM, PICKED
from pitmark.ops.line.harm import KIND as HARM
from pitmark.ops.line.harm import harm_state
from pitmark.ops.line.limits import Actor, changed_by_admin, expect_allowed
from pitmark.ops.line.promotion_facts import in_use
from pitmark.ops.line.promotion_rules import from_json
from pitmark.store.db import ProjectStore
from pitmark.store.updates import UpdateRow

NAME = "schedule"
BY_ITSELF = "schedule"
_LONGEST = timedelta(hours=24)
_MOST_HOURS = 1000
# A cut is no fault of the update; one that is cut off so often is taken for one.
_CUTS = 3


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to update without being asked; nothing happens while `on` is false.

    `corrections` is how many images must have been answered or corrected since the last
    update, None for never. With `harm` one answer that may be taught from is enough once
    the drift of the line is known to do harm (see `ops.harm`). A failed update is tried
    again after `retry_hours`, then twice as long each time, a day at most.
    """

    on: bool = False
    corrections: int | None = 40
    harm: bool = False
    retry_hours: float = 1.0

    def __post_init__(self) -> None:
        if self.corrections is not None and self.corrections < 1:
            raise InvalidInputError(
                f"schedule: corrections is at least 1, found {self.corrections}"
            )
        if not 0 < self.retry_hours <= _MOST_HOURS:
            raise InvalidInputError(f"schedule: retry_hours is above 0, at most {_MOST_HOURS}")

    def to_json(self) -> dict[str, Any]:
        """The schedule as plain JSON types."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Due:
    """Whether an update is due, and why or why not, in plain words."""

    due: bool
    reason: str
    corrections: int

    def to_json(self) -> dict[str, Any]:
        """The answer as plain JSON types."""
        return asdict(self)


def schedule_of(project: ProjectStore) -> Schedule:
    """The schedule that holds for a project.

    Args:
        project: The project.

    Returns:
        As an admin set it, or off.
    """
    return _read(project.settings.get(NAME) or {})


def _read(data: Mapping[str, Any]) -> Schedule:
    return from_json(Schedule, data, NAME)


def set_schedule(project: ProjectStore, change: Mapping[str, Any], *, actor: Actor) -> Schedule:
    """Change the schedule of a project; what is not named stays.

    Args:
        project: The project.
        change: A JSON object with what changes.
        actor: Who changes it: an admin or owner.

    Returns:
        The schedule from now on.

    Raises:
        NotAllowedError: The actor is no admin.
        InvalidInputError: A key is unknown, or a value impossible.
    """
    return changed_by_admin(project, NAME, change, _read, actor)


def is_due(project: ProjectStore, *, now: datetime | None = None) -> Due:
    """Whether the schedule asks for an update.

    Args:
        project: The project.
        now: The present moment; None takes the clock's.

    Returns:
        The answer with its reason.
    """
    schedule, moment = schedule_of(project), now or datetime.now(UTC)
    count = corrections_since_update(project)
    calm = _not_now(project, schedule, moment)
    if calm is not None:
        return Due(False, calm, count)
    last = next(iter(project.updates.list(1)), None)
    if last is not None and last.state == "interrupted":
        return Due(True, "the last update was cut off and goes on", count)
    if last is not None and last.state == "failed":
        return Due(True, "the last update failed and is tried again", count)
    if schedule.corrections is not None and count >= schedule.corrections:
        return Due(True, f"{count} pictures were answered since the last update", count)
    if schedule.harm and _harmed(project, last):
        if _teaching(project):
            return Due(True, "the line has changed, and the verdicts suffer from it", count)
        told = "the line has changed, and the verdicts suffer from it: answer pictures"
        return Due(False, told, count)
    wanted = schedule.corrections
    told = "" if wanted is None else f", {wanted} are asked for"
    return Due(False, f"{count} pictures were answered since the last update{told}", count)


def _not_now(project: ProjectStore, schedule: Schedule, now: datetime) -> str | None:
    """Why nothing is due whatever was corrected; None where it may be."""
    if not schedule.on:
        return "the schedule is off"
    if project.updates.busy:
        return "an update is under way"
    if in_use(project) is None:
        return "there is no version in use yet"
    wait = _wait_until(project, schedule)
    if wait is not None and now < wait:
        return f"the last update failed; it is tried again at {wait:%H:%M} UTC"
    last = next(iter(project.updates.list(1)), None)
    if last is not None and last.state == "interrupted":
        # It was allowed when it began.
        return None
    try:
        expect_allowed(project, "update", Actor(BY_ITSELF, "operator"), now=now)
    except NotAllowedError as exc:
        return exc.message
    return None


def _wait_until(project: ProjectStore, schedule: Schedule) -> datetime | None:
    """When the last failed update may be tried again: later each time in a row."""
    failures = 0
    for row in project.updates.list(20):
        cut = row.state == "interrupted" and row.facts.get("attempts", 1) > _CUTS
        if row.state != "failed" and not cut:
            break
        failures += row.facts["attempts"] - _CUTS if cut else 1
    if not failures:
        return None
    last = project.updates.list(1)[0]
    hours = schedule.retry_hours * 2.0 ** min(failures - 1, 10)
    tried = datetime.fromisoformat(last.facts["tried"]) if "tried" in last.facts else last.begun
    return (last.finished or tried) + min(timedelta(hours=hours), _LONGEST)


def _harmed(project: ProjectStore, last: UpdateRow | None) -> bool:
    """Whether the drift of the version in use does harm that no update was made against.

    After a refusal more of the same would be refused again: then corrections alone count.
    """
    used = in_use(project)
    if used is None or not project.runs.list(kind=HARM):
        return False
    state = harm_state(project)
    if state.verdict != "retrain" or state.since is None or state.version != used.version:
        return False
    return last is None or last.state != "refused" or last.begun < state.since


def _teaching(project: ProjectStore) -> bool:
    """Whether an answer since the last update is one to learn from, not kept for testing."""
    since = _since(project)
    return any(
        row.review
        and (since is None or row.at > since)
        and project.images.get(sha).metadata.get(PICKED) != AT_RANDOM
        for sha, row in project.annotations.consensus().items()
    )


def corrections_since_update(project: ProjectStore) -> int:
    """How many images were answered or corrected since the last update.

    Args:
        project: The project.

    Returns:
        Images with a reviewed label that is newer than the last update's beginning that
        came to a decision, or than the data of the version in use.
    """
    since = _since(project)
    return sum(
        row.review and (since is None or row.at > since)
        for row in project.annotations.consensus().values()
    )


def _since(project: ProjectStore) -> datetime | None:
    for row in project.updates.list():
        if row.state in ("done", "refused"):
            return row.begun
    used = in_use(project)
    if used is None:
        return None
    try:
        return project.snapshots.info(used.run.snapshot_id).created
    except NotFoundError:
        return None
