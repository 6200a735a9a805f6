"""A proposed rule: what was found about one pair of classes, in words and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pitmark.core.labels import Box
from pitmark.quality.rules.limit_fit import Limit
from pitmark.quality.rules.search import RuleSearch


@dataclass(frozen=True, slots=True)
class NearLimit:
    """A thing close to a proposed limit: where it is, its value, what people call it."""

    sha256: str
    box_xyxy: Box | None
    value: float
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RuleProposal:
    """What explains where people change from `first` to `second`.

    Attributes:
        first: A class, or "nothing marked".
        second: Another one.
        search: What was found: a limit, a condition, no rule, or why nothing can be said.
        things: How many objects or images carry either.
        answers: How many answers people gave about them.
        flips: On how many of them people disagree.
        scale: Size of a pixel in mm, where sizes are in mm.
        values: (value of the feature, whether the second class was given) per answer.
        near: The things nearest to the limit.
    """

    first: str
    second: str
    search: RuleSearch
    things: int
    answers: int
    flips: int
    scale: float | None
    values: tuple[tuple[float, bool], ...]
    near: tuple[NearLimit, ...]

    @property
    def unit(self) -> str:
        """The unit of the limit; empty for what has none."""
        return "" if self.search.feature is None else self.search.feature.unit

    def sentence(self) -> str:
        """The proposal for a person, with its interval and what it rests on."""
        question = f"{self.first} or {self.second}?"
        found = self.search
        if found.limit is None or found.feature is None or found.proposed is None:
            return f"{question} {self._without_limit()}"
        unit = f" {self.unit}" if self.unit else ""
        above = self.second if found.limit.rising else self.first
        told = (
            f"{question} People change at {article(found.feature.name)} of about"
            f" {found.proposed:g}{unit} (between {found.limit.low:.3g} and"
            f" {found.limit.high:.3g}); above it they say {above}."
        )
        return " ".join([told, *self._labelers(), *self._doubts()])

    def _without_limit(self) -> str:
        """Why there is no limit, with the classes by their names."""
        reason = self.search.reason.replace("the second name", self.second)
        reason = reason.replace("the first", self.first).replace("the second", self.second)
        words = {"no rule": "No rule found: ", "cannot be said": "Cannot be said: "}
        told = f"{words.get(self.search.verdict, '')}{reason}"
        return f"{told[:1].upper()}{told[1:]}."

    def _labelers(self) -> list[str]:
        """Who changes where, if more than one person's limit can be told."""
        own = [(o.labeler, o.limit) for o in self.search.by_labeler if o.limit is not None]
        if len(own) < 2:
            return []
        ends = sorted(own, key=lambda o: o[1].value)
        named = ", ".join(f"{name} at {limit.value:.3g}" for name, limit in ends)
        return [f"{named}{f' {self.unit}' if self.unit else ''}."]

    def _doubts(self) -> list[str]:
        """Other features that foretell the name about as well."""
        rest = [s for s in self.search.scores[1:] if s.behind <= s.error and s.gain > 0]
        if not rest:
            return []
        names = " or ".join(s.name for s in rest[:3])
        return [f"By {names} it can be told about as well."]

    def to_json(self) -> dict[str, Any]:
        """The proposal as plain JSON types."""
        found = self.search
        return {
            "first": self.first,
            "second": self.second,
            "verdict": found.verdict,
            "feature": None if found.feature is None else found.feature.name,
            "measure": None if found.feature is None else found.feature.measure,
            "unit": self.unit,
            "proposed": found.proposed,
            "limit": None if found.limit is None else _limit_json(found.limit),
            "condition": found.condition,
            "things": self.things,
            "answers": self.answers,
            "flips": self.flips,
            "by_labeler": [
                {
                    "labeler": o.labeler,
                    "answers": o.answers,
                    "limit": None if o.limit is None else _limit_json(o.limit),
                }
                for o in found.by_labeler
            ],
            "features": [
                {
                    "name": s.name,
                    "gain": s.gain,
                    "behind": s.behind,
                    "error": s.error,
                    "chance": s.chance,
                }
                for s in found.scores
            ],
            "sentence": self.sentence(),
        }


def article(words: str) -> str:
    """Words with "a" or "an" before them.

    Args:
        words: Beginning with a noun, such as "area 4 mm²".

    Returns:
        Such as "an area 4 mm²".
    """
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def _limit_json(limit: Limit) -> dict[str, Any]:
    return {
        "value": limit.value,
        "low": limit.low,
        "high": limit.high,
        "rising": limit.rising,
        "people_differ_from": limit.first,
        "people_differ_to": limit.last,
    }
