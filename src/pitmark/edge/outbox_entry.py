"""What goes into an outbox, what comes out of it, and how much of it there may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Priority(IntEnum):
    """What is sent first and dropped last."""

    DOUBTFUL = 0
    NG = 1
    SAMPLE = 2
    REST = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be kept: plain JSON types, and the bytes of an image file or None."""

    priority: Priority
    body: Mapping[str, Any]
    image: bytes | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What was kept. `key` is the same at every attempt to send it, and no other's."""

    key: str
    sequence: int
    priority: Priority
    body: Mapping[str, Any]
    image_sha256: str | None


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """Caps: bytes of records and images, and hours of operation (None for no cap)."""

    max_bytes: int = 4_000_000_000
    max_hours: float | None = None


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How full it is. `dropped` counts by reason and priority what was not kept or sent."""

    waiting: Mapping[str, int]
    aside: int
    size_bytes: int
    dropped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON types."""
        return {
            "waiting": dict(self.waiting),
            "aside": self.aside,
            "size_bytes": self.size_bytes,
            "dropped": {reason: dict(by) for reason, by in self.dropped.items()},
        }
