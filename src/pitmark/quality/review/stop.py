"""When to stop reviewing: the figures against what a person's time is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pitmark.core.errors import InvalidInputError
from pitmark.quality.review.curve import FaultRange

FEWEST_DECISIONS = 20
LOOK_AHEAD = 20

Advice = Literal["nothing_left", "too_early", "not_worth_it", "few_left", "go_on"]


@dataclass(frozen=True, slots=True)
class StopRule:
    """What a person's time is worth, and how many faults may stay.

    Attributes:
        minutes_per_fault: Stop where finding the next fault takes longer.
        most_left: Stop where no more than this share of the labels can be faulty and still
            in the queue.
    """

    minutes_per_fault: float = 5.0
    most_left: float = 0.002

    def __post_init__(self) -> None:
        if not self.minutes_per_fault > 0:
            raise InvalidInputError(
                f"minutes per fault must be above 0, found {self.minutes_per_fault}"
            )
        if not 0 <= self.most_left <= 1:
            raise InvalidInputError(
                f"the share of faulty labels that may stay must be in [0, 1], found"
                f" {self.most_left}"
            )


@dataclass(frozen=True, slots=True)
class QueueState:
    """The figures that decide.

    Attributes:
        open_count: Findings that wait.
        decided: Decisions made so far.
        next_faults: Faults to expect among the 20 open findings that are worth most.
        next_minutes: Time that those 20 take.
        left: Faults in all open findings.
        labels: Labels of the project.
    """

    open_count: int
    decided: int
    next_faults: float
    next_minutes: float
    left: FaultRange
    labels: int


def advise(state: QueueState, rule: StopRule) -> Advice:
    """Whether to go on.

    Args:
        state: Of the queue.
        rule: What time is worth and what may stay.

    Returns:
        too_early where fewer than 20 decisions were made: the queue has not been tried yet.
    """
    if not state.open_count:
        return "nothing_left"
    if state.decided < FEWEST_DECISIONS:
        return "too_early"
    if state.left.high <= rule.most_left * state.labels:
        return "few_left"
    if state.next_minutes > rule.minutes_per_fault * state.next_faults:
        return "not_worth_it"
    return "go_on"
