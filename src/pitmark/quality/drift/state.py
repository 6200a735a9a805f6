"""What is known of a stream of images after each of them: whether it drifts, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pitmark.quality.drift.causes import Cause


@dataclass(frozen=True, slots=True)
class DriftState:
    """What a monitor says after an image.

    `images` counts from the monitor's first image and goes on over resets. `evidence`
    is larger the more there is for a drift; the first time it reaches `threshold` (the
    run length in images) `alarm` is set, and stays until a reset. `since` is the number
    of the first image after the likely change, which lies between `since_low` and
    `since_high` as far as the evidence can tell. `carriers` are the (tag, value) pairs on
    which it happened while others stayed.
    """

    images: int
    alarm: bool
    evidence: float
    threshold: float
    since: int | None
    causes: tuple[Cause, ...]
    carriers: tuple[tuple[str, str], ...]
    sentence: str
    unknown: int = 0
    since_low: int | None = None
    since_high: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON types."""
        return {
            "images": self.images,
            "alarm": self.alarm,
            "evidence": self.evidence,
            "threshold": self.threshold,
            "since": self.since,
            "since_low": self.since_low,
            "since_high": self.since_high,
            "causes": [c.to_json() for c in self.causes],
            "carriers": [list(c) for c in self.carriers],
            "sentence": self.sentence,
            "unknown": self.unknown,
        }

    def told(self) -> dict[str, Any]:
        """What goes with every image: short without an alarm, else with when and where."""
        out: dict[str, Any] = {"alarm": self.alarm, "sentence": self.sentence}
        if self.alarm:
            names = ("since", "since_low", "since_high", "carriers")
            out |= {name: self.to_json()[name] for name in names}
        return out
