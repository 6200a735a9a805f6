"""Keeping the line going: what is in use, what was decided, what operators may do."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from pitmark.wire.devices import PartTotals
from pitmark.wire.message import Document, Message

_SHARE = Field(default=None, ge=0, le=1)


class Swap(Message):
    """The newest version that took the place of another, with parts before and since."""

    at: datetime
    version: int
    version_before: int
    before: PartTotals
    since: PartTotals


class Upkeep(Message):
    """How a project stands on the line; `due` says whether and why an update is due."""

    run: str | None
    version: int | None
    candidate: str | None
    waiting: int
    due: Document
    limits: Document
    schedule: Document
    updates: list[Document]
    swap: Swap | None
    sentences: list[str]


class Harm(Message):
    """Whether a drift does harm, as far as labels tell; see `ops.harm.HarmState`.

    `since` is when the alarm began, None without one; `waiting` of the images in `drawn` have
    no label yet.
    """

    verdict: Literal["harmless", "retrain", "more labels"]
    since: datetime | None
    release: int | None
    accepted: Document | None
    test: Document | None
    drawn: list[Document]
    waiting: int
    sentences: list[str]


class DrawForHarm(Message):
    """How many pictures shall wait for a label to test a drift."""

    count: int = Field(default=60, ge=1, le=1000)


class Promotion(Message):
    """A decision about a run, with the record that it rests on."""

    number: int
    at: datetime
    by: str
    decision: str
    run: str
    in_use_before: str | None
    version: int | None
    record: Document


class LimitsChange(Message):
    """Limits to change; what is left out stays. See `ops.limits.Limits`."""

    allowed: list[Literal["feedback", "update", "promote", "roll_back", "roll_out"]] | None = (
        None
    )
    updates_per_day: int | None = Field(default=None, ge=0, le=1000)
    hours: list[int] | None = Field(default=None, min_length=2, max_length=2)
    must_pass: list[str] | None = Field(default=None, max_length=10)
    first_share: float | None = _SHARE
    gate: dict[str, int | float] | None = None
    way_back: dict[str, int | float] | None = None


class ScheduleChange(Message):
    """Parts of the schedule to change. See `ops.schedule.Schedule`."""

    on: bool | None = None
    corrections: int | None = Field(default=None, ge=1, le=1_000_000)
    harm: bool | None = None
    retry_hours: float | None = Field(default=None, gt=0, le=1000)
