"""Jobs: work that takes longer than a request, with progress and the end of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from pitmark.wire.message import Document, Message, Problem

JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class NewJob(Message):
    """What to do: the kind names it, the options are those of the command of that name."""

    kind: str = Field(max_length=32)
    options: Document = Field(default_factory=dict)
    key: str = Field(default="", max_length=100)


class JobProgress(Message):
    """Where a job stands; `total` is 0 while unknown. `facts` carry the loss and the like."""

    stage: str
    done: int
    total: int
    eta_s: float | None
    facts: Document


class Job(Message):
    """One job. `result` is set when it is done, `problem` when it failed.

    `stopping` says that it was asked to stop and has not yet; `file` is the name of a file
    that it made, to be had at .../jobs/{id}/file.
    """

    id: str
    kind: str
    project: str | None
    state: JobState
    options: Document
    by: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    attempt: int
    stopping: bool = False
    progress: JobProgress | None
    result: Document | None
    problem: Problem | None
    file: str | None = None
