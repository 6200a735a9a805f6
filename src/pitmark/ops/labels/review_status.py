"""How a review stands, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pitmark.metrics.intervals import Proportion, percent
from pitmark.quality.review.curve import FaultRange
from pitmark.quality.review.stop import FEWEST_DECISIONS, LOOK_AHEAD, Advice, StopRule


@dataclass(frozen=True, slots=True)
class KindReview:
    """One kind of finding: decided, promised by the scores, found, and what is open.

    `odds_factor` is what the odds of a score of one half were multiplied by; 1 where
    nothing was learned. `timed` says whether the seconds are measured.
    """

    kind: str
    decided: int
    promised: float
    found: int
    odds_factor: float
    open_count: int
    left: FaultRange
    seconds: float
    timed: bool

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON types."""
        return {
            "kind": self.kind,
            "decided": self.decided,
            "promised": round(self.promised, 2),
            "found": self.found,
            "odds_factor": round(self.odds_factor, 3),
            "open": self.open_count,
            "faults_left": self.left.to_json(),
            "seconds_per_decision": round(self.seconds, 1),
            "timed": self.timed,
        }


@dataclass(frozen=True, slots=True)
class SplitReview:
    """One split: how many findings are open, the faults among them, and the time they take."""

    split: str | None
    open_count: int
    left: FaultRange
    minutes: float

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON types."""
        return {
            "split": self.split,
            "open": self.open_count,
            "faults_left": self.left.to_json(),
            "minutes": round(self.minutes, 1),
        }


@dataclass(frozen=True, slots=True)
class ReviewStatus:
    """How a review stands.

    Attributes:
        states: Number of findings by state.
        decisions: Decisions of people; a group settled as one is one.
        recent: Faults among the last 20 decisions.
        promised: Faults that the scores of all decided findings promised.
        found: Faults that were found in them.
        kinds: By kind of finding.
        splits: By split, in the order of the queue.
        left: Faults in all open findings; groups count by their labels.
        minutes: What all open findings take at the pace so far.
        next_faults: Faults among the 20 that are worth most per minute.
        next_minutes: Time for those.
        labels: Labels of the project.
        advice: Whether to go on.
        rule: What was asked for.
    """

    states: dict[str, int]
    decisions: int
    recent: Proportion
    promised: float
    found: int
    kinds: tuple[KindReview, ...]
    splits: tuple[SplitReview, ...]
    left: FaultRange
    minutes: float
    next_faults: FaultRange
    next_minutes: float
    labels: int
    advice: Advice
    rule: StopRule

    @property
    def stop(self) -> bool:
        """Whether the figures say that it is time to stop."""
        return self.advice in ("nothing_left", "not_worth_it", "few_left")

    def sentences(self) -> list[str]:
        """What was found so far and what is left, without the advice."""
        states = self.states
        done = sum(n for name, n in states.items() if name != "open")
        out = [
            f"{done} of {done + states['open']} findings are settled in {self.decisions}"
            f" decisions: {states['corrected']} corrected, {states['accepted']} accepted,"
            f" {states['dismissed']} dismissed."
        ]
        if self.decisions:
            recent = self.recent
            out.append(
                f"{recent.count} of the last {recent.total} were faults"
                f" ({percent(recent.count / recent.total)} %, between {percent(recent.low)} and"
                f" {percent(recent.high)} %)."
            )
            out.append(
                f"The scores promised {_number(self.promised)} faults in all that was decided;"
                f" {self.found} were found."
            )
        if states["open"]:
            out.append(
                f"About {range_words(self.left)} faults are still in the queue; to look at"
                f" everything in it takes about {minutes_words(self.minutes)}."
            )
        return out

    def sentence(self) -> str:
        """Whether to go on, with the figures that say so."""
        ahead = (
            f"the {min(LOOK_AHEAD, self.states['open'])} open findings that are worth most"
            f" hold about {range_words(self.next_faults)} faults and take"
            f" {minutes_words(self.next_minutes)}"
        )
        worth = f"{self.rule.minutes_per_fault:g} min"
        if self.advice == "nothing_left":
            return "Nothing is left in the queue."
        if self.advice == "too_early":
            return (
                f"Go on: {self.decisions} decisions are too few to judge the queue by"
                f" ({FEWEST_DECISIONS} are needed)."
            )
        if self.advice == "few_left":
            share = self.left.high / self.labels if self.labels else 0.0
            return (
                f"Stop: at most {_number(self.left.high)} faults are left in the queue,"
                f" {percent(share)} % of {self.labels:,} labels; the limit is"
                f" {percent(self.rule.most_left)} %."
            )
        if self.advice == "not_worth_it":
            return f"Stop: {ahead}; that is more than {worth} for a fault."
        return f"Go on: {ahead}; that is less than {worth} for a fault."

    def to_json(self) -> dict[str, Any]:
        """The status as plain JSON types, sentences included."""
        return {
            "findings": self.states,
            "decisions": self.decisions,
            "recent": self.recent.to_json(),
            "calibration": {"promised": round(self.promised, 2), "found": self.found},
            "kinds": [k.to_json() for k in self.kinds],
            "splits": [s.to_json() for s in self.splits],
            "faults_left": self.left.to_json(),
            "minutes_left": round(self.minutes, 1),
            "next": {
                "findings": min(LOOK_AHEAD, sum(k.open_count for k in self.kinds)),
                "faults": self.next_faults.to_json(),
                "minutes": round(self.next_minutes, 1),
            },
            "labels": self.labels,
            "minutes_per_fault": self.rule.minutes_per_fault,
            "most_left": self.rule.most_left,
            "advice": self.advice,
            "stop": self.stop,
            "sentence": self.sentence(),
            "sentences": self.sentences(),
        }


def minutes_words(minutes: float) -> str:
    """A time for a person.

    Args:
        minutes: At least 0.

    Returns:
        Such as "40 s", "12 min" or "3.5 h".
    """
    if minutes < 1.5:
        return f"{60 * minutes:.0f} s"
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def range_words(found: FaultRange) -> str:
    """A number of faults with its range.

    Args:
        found: The range.

    Returns:
        Such as "12 (between 8 and 17)".
    """
    low, high = _number(found.low), _number(found.high)
    return f"{_number(found.expected)} (between {low} and {high})"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"
