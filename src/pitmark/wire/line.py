"""Releases, and what devices tell from the line."""

from __future__ import annotations

from datetime import datetime

from pitmark.wire.message import Document, Message


class Release(Message):
    """A release with the record of its gate."""

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


class Line(Message):
    """The newest inspections, counts by verdict, and by device and hour."""

    counts: dict[str, int]
    devices: list[Document]
    hours: list[Document]
    items: list[Inspection]
