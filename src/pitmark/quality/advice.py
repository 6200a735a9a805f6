"""One ranked list of what to do next.

Gains are in points of the project's main score (0.01 is one point), from whoever proposes
an action, with an interval. Actions compete by expected gain per hour of a person's time.
What the figures of others rest on comes first, whatever it gains itself: a leak or a wrong
test label makes every other figure false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pitmark.core.errors import InvalidInputError

Stage = Literal["start", "trust", "improve", "run"]
# What has no data yet comes before what makes figures false, and that before gains.
STAGES: tuple[Stage, ...] = ("start", "trust", "improve", "run")
# Not even a click is free.
_LEAST_MINUTES = 0.5


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person could do next.

    Attributes:
        kind: Which part of Pitmark proposes it, such as "label more".
        stage: "start" for what nothing works without, "trust" for what other figures rest
            on, "improve" for what makes the inspector better, "run" for what lets it work.
        title: What to do, as an order.
        why: The reason with figures, in plain words.
        command: The command that does it or begins it.
        minutes: Of a person's time.
        gain: Expected gain in the main score, in [-1, 1]; None where it cannot be told.
        low: Lower end of its interval.
        high: Upper end of its interval.
        basis: What the gain rests on.
    """

    kind: str
    stage: Stage
    title: str
    why: str
    command: str
    minutes: float
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    basis: str = ""

    def __post_init__(self) -> None:
        if self.stage not in STAGES or not self.minutes >= 0:
            raise InvalidInputError(
                f"an action has a stage of {', '.join(STAGES)} and minutes from 0 on,"
                f" found {self.stage!r} and {self.minutes}"
            )
        ends = [v for v in (self.low, self.gain, self.high) if v is not None]
        if ends != sorted(ends):
            raise InvalidInputError(f"the gain {self.gain} lies outside its interval")

    @property
    def gain_per_hour(self) -> float | None:
        """Expected gain per hour of a person's time; None where it cannot be told."""
        if self.gain is None:
            return None
        return self.gain * 60 / max(self.minutes, _LEAST_MINUTES)

    def to_json(self) -> dict[str, Any]:
        """The action as plain JSON types."""
        return {
            "kind": self.kind,
            "stage": self.stage,
            "title": self.title,
            "why": self.why,
            "command": self.command,
            "minutes": round(self.minutes, 1),
            "gain": self.gain,
            "low": self.low,
            "high": self.high,
            "gain_per_hour": self.gain_per_hour,
            "basis": self.basis,
        }


def ranked(actions: Sequence[Action]) -> list[Action]:
    """Actions in the order in which to do them.

    Within a stage those with a known gain come first, the highest gain per hour on top;
    the others follow in the order given. What is expected to gain nothing comes last.

    Args:
        actions: In any order.

    Returns:
        A new list.
    """
    return sorted(actions, key=_rank)


def _rank(action: Action) -> tuple[int, int, float]:
    per_hour = action.gain_per_hour
    stage = STAGES.index(action.stage)
    if per_hour is None:
        return stage, 1, 0.0
    return stage, 0 if per_hour > 0 else 2, -per_hour
