"""Which class needs what: more labels, cleaner labels, a rule, another picture, or nothing.

Every class gets the actions that its evidence allows, each with the gain in mean recall it
is expected to bring and the minutes of a person that it costs. The answer is the action
with the most gain per hour; classes are ranked by that.

Wrong labels make examples count less: n labels of which a share s is wrong teach about as
much as n * (1 - 2 s) ** 2 clean ones, so that cleaning climbs the same learning curve as
more labels do, and the two can be compared.

Source: Natarajan et al., "Learning with noisy labels", 2013 (the factor, for two classes
with noise that does not depend on the image).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pitmark.quality.needs.class_gains import CONFIDENCE, ClassGains, Gain
from pitmark.quality.needs.visibility import HardToSee

Kind = Literal["label", "fix", "rule", "imaging", "enough"]

# Less than one of a hundred examples of the class more named rightly is not worth a day.
WORTH = 0.01
_MOST_NOISE = 0.4
_FEWEST_DOUBTS = 1.5
_GOOD_RECALL = 0.9
_GRID = (5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)


@dataclass(frozen=True, slots=True)
class Effort:
    """Minutes of a person's time.

    Attributes:
        label: For one more labeled example, finding it not counted.
        fix: To look at one doubtful label and settle it.
        rule: To settle a rule and write it into the label book.
        imaging: To change light, lens or camera and take pictures again.
        measured: Whether `label` was measured in this project.
    """

    label: float = 0.5
    fix: float = 0.25
    rule: float = 20.0
    imaging: float = 240.0
    measured: bool = False


@dataclass(frozen=True, slots=True)
class OpenRule:
    """A group of look-alikes labeled by two rules: `members` labels go against the rest."""

    other: str
    members: float
    sentence: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that is known about one class.

    Attributes:
        name: Of the class.
        gains: Its learning curve.
        doubts: Expected number of wrong labels: the sum of their probabilities.
        doubtful: How many labels are to be looked at for that.
        rules: Open questions with other classes.
        taken_for: The class its examples are mistaken for most, and the share of its
            mistakes; None where there are none.
        seen: How the worst shown examples fail, or None.
    """

    name: str
    gains: ClassGains
    doubts: float = 0.0
    doubtful: int = 0
    rules: tuple[OpenRule, ...] = ()
    taken_for: tuple[str, float] | None = None
    seen: HardToSee | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that could be done for a class.

    Attributes:
        kind: label, fix, rule, imaging or enough.
        number: Labels to add or to look at; 0 where that means nothing.
        gain: Expected change of the mean recall.
        minutes: Of a person.
        text: What to do and why, in words.
        measured: False where the gain is a mere bound and not an estimate.
    """

    kind: Kind
    number: int
    gain: Gain
    minutes: float
    text: str
    measured: bool = True

    @property
    def per_hour(self) -> float:
        """Expected gain in mean recall per hour."""
        return self.gain.median / max(self.minutes, 1e-9) * 60

    def to_json(self) -> dict[str, Any]:
        """The action as plain JSON types."""
        return {
            "kind": self.kind,
            "number": self.number,
            "gain": gain_json(self.gain),
            "minutes": round(self.minutes, 1),
            "gain_per_hour": round(self.per_hour, 5),
            "estimated": self.measured,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Need:
    """What one class needs.

    Attributes:
        name: Of the class.
        count: Examples there are.
        recall: Share that a learner names rightly that has not seen them, with interval.
        answer: What to do.
        others: The other actions, the best first.
        trade: Cleaning against labeling in one sentence; empty where there are no doubts.
        forecast: Gains in mean recall by number of further examples.
    """

    name: str
    count: int
    recall: Gain
    answer: Action
    others: tuple[Action, ...] = ()
    trade: str = ""
    forecast: dict[int, Gain] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The need as plain JSON types."""
        return {
            "class": self.name,
            "examples": self.count,
            "recall": gain_json(self.recall),
            "answer": self.answer.to_json(),
            "others": [a.to_json() for a in self.others],
            "trade": self.trade,
            "confidence": CONFIDENCE,
            "forecast": [{"more": n, **gain_json(g)} for n, g in self.forecast.items()],
        }


def gain_json(gain: Gain) -> dict[str, float]:
    """A gain as plain JSON types.

    Args:
        gain: Any.

    Returns:
        median, low and high.
    """
    return {k: round(getattr(gain, k), 5) for k in ("median", "low", "high")}


def rank_needs(evidence: Sequence[Evidence], *, more: int, effort: Effort) -> list[Need]:
    """What each class needs, the most gain per hour first.

    Args:
        evidence: One per class.
        more: How many further labels to weigh, the same for all classes.
        effort: Minutes of a person.

    Returns:
        One need per class; those that have enough come last.
    """
    needs = [_need(e, more, effort) for e in evidence]
    return sorted(
        needs,
        key=lambda n: (n.answer.kind == "enough", not n.answer.measured, -n.answer.per_hour),
    )


def usual_number(counts: Sequence[int]) -> int:
    """How many further labels of each class to weigh where nobody says.

    Args:
        counts: Examples of the classes.

    Returns:
        About as many as a class of middle size has: 10 to 100, a round number.
    """
    middle = sorted(counts)[len(counts) // 2] if counts else 10
    steps = (10, 20, 30, 50, 75, 100)
    return max([s for s in steps if s <= max(middle, 10)])


def cleaned(count: float, wrong: float) -> float:
    """How many labels would be worth as much as these once the wrong ones are right.

    Args:
        count: Labels there are.
        wrong: How many of them are wrong, probably.

    Returns:
        At least `count`.
    """
    share = min(wrong / max(count, 1.0), _MOST_NOISE)
    return count / (1 - 2 * share) ** 2


def _need(seen: Evidence, more: int, effort: Effort) -> Need:
    gains = seen.gains
    actions = [_label(seen, more, effort), *_fix(seen, effort), *_rules(seen, effort)]
    actions += _imaging(seen, effort)
    ranked = sorted(actions, key=lambda a: -a.per_hour)
    worth = [a for a in ranked if a.gain.median * gains.scored >= WORTH]
    if worth:
        answer = worth[0]
    elif gains.recall < _GOOD_RECALL:
        answer = _another_picture(seen, effort)
    else:
        answer = _enough(seen, more)
    return Need(
        seen.name,
        gains.count,
        gains.recall_at(gains.count),
        answer,
        tuple(a for a in ranked if a is not answer),
        _trade(seen, effort),
        {n: gains.more(n) for n in sorted({*_GRID, more})},
    )


def _label(seen: Evidence, more: int, effort: Effort) -> Action:
    gain = seen.gains.more(more)
    text = f"Label {more} more of {seen.name}: {_gain_text(gain)}."
    if seen.taken_for is not None and seen.taken_for[1] >= 0.5:
        other, share = seen.taken_for
        text += f" {100 * share:.0f} of 100 mistakes are taken for {other}:"
        text += f" choose examples that could be either, and compare them with {other}."
    return Action("label", more, gain, more * effort.label, text)


def _fix(seen: Evidence, effort: Effort) -> list[Action]:
    if seen.doubts < _FEWEST_DOUBTS or not seen.doubtful:
        return []
    count = seen.gains.count
    gain = seen.gains.between(count, cleaned(count, seen.doubts))
    text = (
        f"Look at the {seen.doubtful} doubtful labels of {seen.name}, of which about"
        f" {seen.doubts:.0f} are wrong: {_gain_text(gain)}."
    )
    return [Action("fix", seen.doubtful, gain, seen.doubtful * effort.fix, text)]


def _rules(seen: Evidence, effort: Effort) -> list[Action]:
    out, count = [], seen.gains.count
    for rule in seen.rules:
        gain = seen.gains.between(count, cleaned(count, rule.members))
        text = (
            f"Settle the rule between {seen.name} and {rule.other}, then correct about"
            f" {rule.members:.0f} labels: {_gain_text(gain)}. {rule.sentence}"
        )
        minutes = effort.rule + rule.members * effort.fix
        out.append(Action("rule", round(rule.members), gain, minutes, text))
    return out


def _imaging(seen: Evidence, effort: Effort) -> list[Action]:
    hard = seen.seen
    if hard is None:
        return []
    whole = hard.share / seen.gains.scored
    reach = whole * max(hard.error - hard.error_elsewhere, 0.0)
    gain = Gain(reach, 0.0, whole * hard.error)
    text = (
        f"Change the imaging of {seen.name}: of the third with the least {hard.measure}"
        f" {100 * hard.error:.0f} of 100 are mistaken, of the others"
        f" {100 * hard.error_elsewhere:.0f}. Shown as well as the others: {_gain_text(gain)}."
    )
    return [Action("imaging", 0, gain, effort.imaging, text)]


def _another_picture(seen: Evidence, effort: Effort) -> Action:
    gains = seen.gains
    bound = Gain(0.0, 0.0, (1 - gains.recall) / gains.scored)
    text = (
        f"Change the imaging of {seen.name}: {100 * (1 - gains.recall):.0f} of 100 are"
        " mistaken, and neither more labels nor cleaner ones are expected to change that."
        " Compare the mistaken images with the others: is the difference visible at all?"
    )
    return Action("imaging", 0, bound, effort.imaging, text, measured=False)


def _enough(seen: Evidence, more: int) -> Action:
    gain = seen.gains.more(more)
    text = (
        f"{seen.name} has enough: {100 * seen.gains.recall:.0f} of 100 are named rightly,"
        f" and {more} more would bring less than {100 * WORTH:.0f} of 100."
    )
    return Action("enough", 0, gain, 0.0, text)


def _trade(seen: Evidence, effort: Effort) -> str:
    if seen.doubts < _FEWEST_DOUBTS or not seen.doubtful:
        return ""
    count = seen.gains.count
    worth = cleaned(count, seen.doubts) - count
    return (
        f"Of {count} labels of {seen.name} about {100 * seen.doubts / count:.0f} in 100 are"
        f" wrong. Looking at {seen.doubtful} of them ({_time(seen.doubtful * effort.fix)}) is"
        f" worth about as much as {worth:.0f} more labels ({_time(worth * effort.label)})."
    )


def _gain_text(gain: Gain) -> str:
    return (
        f"mean recall {100 * gain.median:+.1f} points"
        f" ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
    )


def _time(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
