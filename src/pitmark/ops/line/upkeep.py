"""How a project stands on the line: what is in use, what waits, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pitmark.ops.line.feedback_queue import waiting_for_answer
from pitmark.ops.line.limits import Limits, limits_of
from pitmark.ops.line.promotion_facts import in_use
from pitmark.ops.line.promotion_watch import watch_over
from pitmark.ops.line.schedule import Due, Schedule, is_due, schedule_of
from pitmark.store.db import ProjectStore
from pitmark.store.promotions import AliasRow
from pitmark.store.updates import UpdateRow

# What a swap is compared with: the parts of the version before in the hours just before it.
_BEFORE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts by verdict."""

    ok: int = 0
    ng: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True)
class Swap:
    """The newest version that took the place of another, and how both did on the line.

    `before` counts parts that `version_before` judged in the 24 hours before `at`, `since`
    those that `version` has judged from then on.
    """

    at: datetime
    version: int
    version_before: int
    before: Parts
    since: Parts

    def to_json(self) -> dict[str, Any]:
        """The swap as plain JSON types."""
        return {**asdict(self), "at": self.at.isoformat(timespec="seconds")}


@dataclass(frozen=True, slots=True)
class UpkeepStatus:
    """What is in use, what waits for an answer, whether an update is due, what holds."""

    run_id: str | None
    version: int | None
    candidate: AliasRow | None
    waiting: int
    due: Due
    limits: Limits
    schedule: Schedule
    updates: Sequence[UpdateRow]
    swap: Swap | None = None

    def sentences(self) -> list[str]:
        """The status for a person on the line."""
        used = "Nothing is in use yet." if self.version is None else (
            f"Version {self.version} is in use."
        )  # fmt: skip
        out = [used, f"{self.waiting} pictures wait for an answer."]
        out.append(f"Update: {self.due.reason}.")
        for row in self.updates[:1]:
            told = _STATES[row.state]
            out.append(f"The last update, begun {row.begun:%Y-%m-%d %H:%M} UTC, {told}.")
        return out

    def to_json(self) -> dict[str, Any]:
        """The status as plain JSON types."""
        return {
            "run": self.run_id,
            "version": self.version,
            "candidate": None if self.candidate is None else self.candidate.run_id,
            "waiting": self.waiting,
            "due": self.due.to_json(),
            "limits": self.limits.to_json(),
            "schedule": self.schedule.to_json(),
            "updates": [update_json(u) for u in self.updates],
            "swap": None if self.swap is None else self.swap.to_json(),
            "sentences": self.sentences(),
        }


_STATES = {
    "running": "is under way",
    "interrupted": "was cut off and goes on when it is asked for again",
    "done": "is in use",
    "refused": "was refused",
    "failed": "failed",
}


def update_json(row: UpdateRow) -> dict[str, Any]:
    """An update as plain JSON types.

    Args:
        row: The update.

    Returns:
        A JSON object.
    """
    return {
        "number": row.number,
        "state": row.state,
        "by": row.by,
        "begun": row.begun.isoformat(timespec="seconds"),
        "finished": None if row.finished is None else row.finished.isoformat("T", "seconds"),
        "run": row.facts.get("run"),
        "version": row.facts.get("version"),
        "promotion": row.facts.get("promotion"),
        "error": row.error,
    }


def upkeep_status(project: ProjectStore) -> UpkeepStatus:
    """How a project stands on the line.

    Args:
        project: The project.

    Returns:
        The status.
    """
    used = in_use(project)
    return UpkeepStatus(
        None if used is None else used.run.id,
        None if used is None else used.version,
        project.promotions.alias("candidate"),
        len(waiting_for_answer(project)),
        is_due(project),
        limits_of(project),
        schedule_of(project),
        project.updates.list(10),
        last_swap(project),
    )


def last_swap(project: ProjectStore) -> Swap | None:
    """The newest swap of versions, with the parts before and since.

    Args:
        project: The project.

    Returns:
        The swap; None where no version ever took the place of another.
    """
    for row in project.promotions.list(50):
        before = row.record.get("version_in_use")
        if row.decision == "promoted" and row.version is not None and before is not None:
            old = project.events.counts_of_release(
                int(before), since=row.at - _BEFORE, until=row.at
            )
            new = project.events.counts_of_release(row.version, since=row.at)
            return Swap(row.at, row.version, int(before), _parts(old), _parts(new))
    return None


def _parts(counts: dict[str, int]) -> Parts:
    return Parts(counts.get("OK", 0), counts.get("NG", 0), counts.get("error", 0))


def look_after(project: ProjectStore) -> Due:
    """What the schedule does every now and then: the way back, then whether to update.

    Args:
        project: The project.

    Returns:
        Whether an update is due; whoever asks starts it.
    """
    watch_over(project)
    return is_due(project)
