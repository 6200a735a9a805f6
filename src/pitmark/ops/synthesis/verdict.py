"""Whether synthetic images helped: the class they were for, all others, and false alarms.

Recall is better when higher, false alarms when lower. All intervals are 80 % intervals, those
of the other classes all together: a change is clear when it would be no chance nine times out
of ten, however many classes could have changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.records import LabeledImage
from pitmark.ops.models.class_recall import (
    Change,
    ClassCases,
    alarm_change,
    pooled_change,
    recall_changes,
)
from pitmark.ops.synthesis.parts import matches

# Side effects up to this size are accepted.
MOST_LOSS = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """The change of every figure, and what follows from it."""

    target: Change
    others: tuple[Change, ...]
    pooled: Change | None
    alarms: Change | None
    kept: bool
    why: str

    @property
    def worst_other(self) -> Change | None:
        """The class that loses most beside the one that was meant."""
        known = [c for c in self.others if c.points is not None]
        return min(known, key=lambda c: c.points or 0.0, default=None)

    def to_json(self) -> dict[str, Any]:
        """The outcome as plain JSON types."""
        worst = self.worst_other
        return {
            "before": self.target.comparison.first,
            "after": self.target.comparison.second,
            "gain": self.target.to_json(),
            "others": [c.to_json() for c in self.others],
            "pooled_others": None if self.pooled is None else self.pooled.to_json(),
            "worst_other": None if worst is None else worst.to_json(),
            "false_alarms": None if self.alarms is None else self.alarms.to_json(),
            "why": self.why,
        }

    def sentences(self) -> list[str]:
        """The outcome for a person."""
        first, second = self.target.comparison.first, self.target.comparison.second
        if first is None or second is None:
            return []
        lines = [
            f"Found of {self.target.name}: {100 * first:.0f} % before, {100 * second:.0f} %"
            f" after, on {self.target.cases} real test cases"
            f" ({self.target.comparison.sentence('change')}).",
        ]
        worst = self.worst_other
        if worst is not None:
            lines.append(
                f"Largest loss of another class: {worst.comparison.sentence(worst.name)}."
            )
        if self.pooled is not None and self.pooled.comparison.first == 0:
            lines.append(
                "Of the other classes the first model finds nothing, so they cannot lose:"
                " train longer, or label more of them, before you trust this."
            )
        if self.alarms is not None:
            lines.append(f"{self.alarms.comparison.sentence(self.alarms.name)}.")
        return lines


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether synthetic images are kept.

    Attributes:
        plain: What they change against the model without them.
        copies: What the real images of the class, shown as often instead, change against
            that same model. None where it was not asked.
        beyond: What synthetic images change against the model of those copies.
    """

    plain: Outcome
    copies: Outcome | None = None
    beyond: Outcome | None = None

    @property
    def kept(self) -> bool:
        """Whether they are better than either model, and nothing else is lost."""
        return self.plain.kept and self._ahead

    @property
    def why(self) -> str:
        """The reason in words."""
        if self.beyond is None or not self.plain.kept:
            return self.plain.why
        more = self.beyond.target
        if self._ahead:
            return f"{self.plain.why}, and {more.points:+.1f} points of it come from new images"
        return (
            f"no more of {more.name} is clearly found than by showing its real images as often"
        )

    @property
    def copies_suffice(self) -> bool:
        """Whether the real images shown more often would be kept, and these are not."""
        return not self.kept and self.copies is not None and self.copies.kept

    @property
    def trainings(self) -> int:
        """Models that were trained to decide."""
        return int(self.copies is not None)

    @property
    def _ahead(self) -> bool:
        if self.beyond is None:
            return True
        low = self.beyond.target.comparison.difference.low
        return low is not None and low > 0

    def to_json(self) -> dict[str, Any]:
        """The decision as plain JSON types."""
        against = None
        if self.copies is not None and self.beyond is not None:
            against = {**self.copies.to_json(), "beyond": self.beyond.target.to_json()}
        facts = {"kept": self.kept, "why": self.why, "oversampled": against}
        return {**self.plain.to_json(), **facts}

    def sentences(self) -> list[str]:
        """What was found, for a person."""
        lines = self.plain.sentences()
        if self.copies is not None and self.beyond is not None:
            after = self.copies.target.comparison.second
            share = "nothing" if after is None else f"{100 * after:.0f} %"
            more = self.beyond.target.comparison.sentence("synthetic images against that")
            lines.append(
                f"Found of {self.plain.target.name} when its real images are shown as often"
                f" instead: {share} ({more})."
            )
        return lines


def compare_models(
    before: ClassCases,
    after: ClassCases,
    images: Sequence[LabeledImage],
    *,
    label: str,
    where: Mapping[str, str],
    seed: int = 0,
) -> Outcome | None:
    """What synthetic images changed on real images.

    Args:
        before: Cases and findings of the model without them.
        after: Of the model with them, on the same images.
        images: Those images.
        label: The class that was meant.
        where: The slice that was meant.
        seed: Of the resampling.

    Returns:
        The outcome; None where no image of the slice shows the class.
    """
    inside = np.array([matches(i, where) for i in images], dtype=bool)
    here = recall_changes(
        _only(before, inside), _only(after, inside), _chosen(images, inside), seed=seed
    )
    if label not in here:
        return None
    at_once = max(1, _beside(before, label) + bool(where))
    changes = recall_changes(before, after, images, at_once=at_once, seed=seed)
    others = [c for name, c in changes.items() if name != label]
    if where and (~inside).any():
        away = recall_changes(
            _only(before, ~inside),
            _only(after, ~inside),
            _chosen(images, ~inside),
            at_once=at_once,
            seed=seed,
        )
        others += [replace(away[label], name=f"{label} elsewhere")] if label in away else []
    pooled = pooled_change(before, after, images, without=label, seed=seed)
    alarms = alarm_change(before, after, images, seed=seed)
    kept, why = decide(here[label], others, pooled, alarms)
    return Outcome(here[label], tuple(others), pooled, alarms, kept, why)


def _beside(cases: ClassCases, label: str) -> int:
    """How many other classes have cases."""
    counts = cases.there.sum(axis=0)
    return sum(n > 0 for name, n in zip(cases.classes, counts, strict=True) if name != label)


def decide(
    target: Change, others: Sequence[Change], pooled: Change | None, alarms: Change | None
) -> tuple[bool, str]:
    """Whether synthetic images are kept, and why.

    Args:
        target: Change of recall of the class that was meant.
        others: Of every other class.
        pooled: Over all of them.
        alarms: Change of false alarms.

    Returns:
        The decision and its reason in words.
    """
    gain = target.comparison.difference
    if gain.value is None or gain.low is None:
        return False, f"too few test images of {target.name} to be sure of anything"
    if gain.low <= 0:
        return False, f"more of {target.name} is not clearly found"
    for other in others:
        loss = other.comparison.difference
        clear = loss.high is not None and loss.high < 0
        if clear and loss.value is not None and loss.value < -MOST_LOSS:
            return False, f"less of {other.name} is found ({other.points:+.1f} points)"
    value = None if pooled is None else pooled.comparison.difference.value
    if value is not None and value < -MOST_LOSS:
        return False, f"less of the other classes is found ({100 * value:+.1f} points)"
    if alarms is not None:
        rise = alarms.comparison.difference
        clear = rise.low is not None and rise.low > 0
        if clear and rise.value is not None and rise.value > MOST_LOSS:
            return False, f"more good images are called NG ({100 * rise.value:+.1f} points)"
    return (
        True,
        f"more of {target.name} is found ({100 * gain.value:+.1f} points), nothing is lost",
    )


def gain_of(outcome: Outcome | None) -> float:
    """How a candidate did on validation, to choose between several.

    Args:
        outcome: On validation images; None where none of them shows the class.

    Returns:
        The gain less what the other classes lose; higher is better.
    """
    if outcome is None or outcome.target.points is None:
        return -float("inf")
    loss = 0.0 if outcome.pooled is None else min(0.0, outcome.pooled.points or 0.0)
    return outcome.target.points + 2 * loss


def _only(cases: ClassCases, chosen: NDArray[np.bool_]) -> ClassCases:
    return replace(
        cases,
        there=cases.there[chosen],
        found=cases.found[chosen],
        alarm=cases.alarm[chosen],
        good=cases.good[chosen],
    )


def _chosen(images: Sequence[LabeledImage], chosen: NDArray[np.bool_]) -> list[LabeledImage]:
    return [i for i, c in zip(images, chosen, strict=True) if c]
