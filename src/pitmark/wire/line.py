"""Releases, and what devices tell from the line."""

from __future__ import annotations

from datetime import datetime

from pitmark.wire.message import Document, Message


class Release(Message):
    """A release with the record of its gate.

    `signed_by` is the key that its bundle says it is signed with.
    """

    version: int
    run: str
    size_bytes: int
    created: datetime
    gate: Document
    signed_by: str | None


class Inspection(Message):
    """An inspection that a device told of."""

    key: str
    at: datetime
    device: str
    release: int | None
    name: str
    sha256: str | None
    verdict: str
    score: float | None
    label: str | None
    reason: str


class Hour(Message):
    """How many images came within an hour, by verdict."""

    start: datetime
    counts: dict[str, int]


class Device(Message):
    """A device as the line knows it.

    `ng_rate` is the share of NG among its judged images with its interval and in words;
    `ng_by_hour` that of each hour of `Line.hours`, None where nothing was judged; `drift`
    what it said last of drift.
    """

    name: str
    last_seen: datetime
    release: int | None
    counts: dict[str, int]
    ng_rate: float | None
    ng_low: float
    ng_high: float
    sentence: str
    ng_by_hour: list[float | None]
    drift: Document | None


class Line(Message):
    """What devices told within the last hours: counts by verdict, device and hour.

    `items` are the newest inspections, whenever they were.
    """

    since: datetime
    counts: dict[str, int]
    devices: list[Device]
    hours: list[Hour]
    items: list[Inspection]
