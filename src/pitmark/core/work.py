"""A job as the queue, the engine and the worker hand it to each other: plain values only.

Nothing here is a closure or an object of a library, so that a job can be written into a
row, sent to another process or machine, and done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")
MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Resources:
    """What one attempt takes: processors, memory in MB, and accelerators."""

    cpu: float = 1.0
    memory_mb: int = 1024
    gpu: float = 0.0

    @property
    def light(self) -> bool:
        """Whether it mostly waits, so that it may run beside heavy work."""
        return self.cpu < 1 and self.gpu == 0


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to tell of one attempt of a job; a later attempt has another token."""

    organisation: str
    id: str
    token: str


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt of a job.

    Attributes:
        id: Of the job, unique in the organisation.
        organisation: Whose job it is.
        project: Name of the project, or None for the whole organisation.
        kind: What to do, a key of the table of functions.
        options: Plain JSON values.
        by: Who asked for it.
        key: The idempotency key it was asked for with, or nothing.
        resources: What it takes.
        deadline: When this attempt must have ended, or None.
        attempt: 1 for the first.
        token: Of this attempt; whoever has another one can publish nothing.
    """

    id: str
    organisation: str
    project: str | None
    kind: str
    options: Mapping[str, Any]
    by: str
    key: str
    resources: Resources
    deadline: datetime | None
    attempt: int
    token: str

    @property
    def hold(self) -> Hold:
        """The right to tell of this attempt."""
        return Hold(self.organisation, self.id, self.token)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON types."""
        told = asdict(self)
        told["deadline"] = None if self.deadline is None else self.deadline.isoformat()
        return told

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> Work:
        """The attempt that `to_json` told.

        Args:
            told: What `to_json` gave.

        Returns:
            The same attempt.
        """
        deadline = told["deadline"]
        values = {
            **told,
            "resources": Resources(**told["resources"]),
            "deadline": None if deadline is None else datetime.fromisoformat(deadline),
        }
        return Work(**values)


@dataclass(frozen=True, slots=True)
class Running:
    """An attempt that nobody has ended yet, as the queue sees it.

    Attributes:
        hold: The right to it.
        attempt: 1 for the first.
        light: Whether it may run beside heavy work.
        host: Where its worker runs, or None before that told of itself.
        pid: Number of the worker's process there.
        seen: When its worker last told of itself.
        cancel: Whether a person wants it stopped.
        deadline: When it must have ended, or None.
    """

    hold: Hold
    attempt: int
    light: bool
    host: str | None
    pid: int | None
    seen: datetime
    cancel: bool
    deadline: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job gave: a small result, and the blob of a file where there is one."""

    result: Mapping[str, Any] = field(default_factory=dict)
    artifact: str | None = None
