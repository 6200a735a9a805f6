"""The checks of a version against the one in use: arrays in, verdict and plain words out.

The reasons are read by people on the line: no word of theirs is one of machine learning.
`figures` hold what an engineer asks for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.metrics.intervals import Resampling
from pitmark.metrics.paired import compare_verdicts
from pitmark.ops.line.promotion_record import Check
from pitmark.ops.line.promotion_rules import GateRules

_SHOWN = 20
# One side of this interval is at 95 %.
_TWO_SIDED = 0.9
_ONE_SIDED_95 = 1.645
_FEWEST_MORE, _MOST_MORE = 5, 1000
# At random; that are four times as many answers.
_MOST_ASKED = 60


@dataclass(frozen=True, slots=True)
class SameImages:
    """Both versions on the same images with known truth, old and new in that order.

    Attributes:
        names: (N,) of the images.
        groups: (N,) part or moment; images of one are no independent witnesses.
        bad: (N,) whether the truth is NG.
        old_ng: (N,) verdicts of the version in use.
        new_ng: (N,) verdicts of the one that would take its place.
        columns: Metadata by name, (N,) values each; None where an image has none.
        from_line: How many of them came from devices.
    """

    names: Sequence[str]
    groups: Sequence[str]
    bad: NDArray[np.bool_]
    old_ng: NDArray[np.bool_]
    new_ng: NDArray[np.bool_]
    columns: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    from_line: int = 0

    def __len__(self) -> int:
        return len(self.names)


def must_catch(names: Sequence[str], old_ng: Sequence[bool], new_ng: Sequence[bool]) -> Check:
    """No part that must be caught is missed anew.

    Args:
        names: Of the images of such parts.
        old_ng: Whether the version in use calls each NG.
        new_ng: Whether the new one does.

    Returns:
        The check.
    """
    title = "Parts that must be caught"
    missed = [n for n, old, new in zip(names, old_ng, new_ng, strict=True) if old and not new]
    found = [n for n, old, new in zip(names, old_ng, new_ng, strict=True) if new and not old]
    figures = {"items": len(names), "newly_missed": missed[:_SHOWN], "newly_caught": len(found)}
    if not names:
        reason = "No picture of such a part is kept for testing."
        return Check("must_catch", title, "nothing to check", reason, figures)
    if missed:
        reason = (
            f"{_count(len(missed), 'part')} of {len(names)} that the version in use catches"
            f" would be missed: {', '.join(missed[:3])}. Look whether these are answered"
            " rightly, answer more parts with such a defect, then make a new version again."
        )
        return Check("must_catch", title, "failed", reason, figures, "worse")
    reason = f"None of {_count(len(names), 'part')} is missed that was caught before."
    return Check("must_catch", title, "passed", reason, figures)


def not_worse(images: SameImages, rules: GateRules) -> Check:
    """The share of right verdicts does not fall by more than a margin.

    Args:
        images: Neither version has learned from them.
        rules: The margin.

    Returns:
        The check; passed where the fall is below the margin with 95 % certainty. Failed it
        says whether the version is worse, or there are too few pictures to tell.
    """
    name, title = "not_worse", "As good as the version in use"
    if not len(images):
        reason = "There is no tested picture that both versions can be compared on."
        return Check(name, title, "nothing to check", reason)
    old, new = images.old_ng == images.bad, images.new_ng == images.bad
    found = compare_verdicts(
        old, new, groups=images.groups, resampling=Resampling(confidence=_TWO_SIDED)
    )
    low, high = found.shares.difference.low, found.shares.difference.high
    lost = [n for n, was, is_ in zip(images.names, old, new, strict=True) if was and not is_]
    figures = {
        "images": len(images),
        "from_line": images.from_line,
        "margin": rules.margin,
        "newly_wrong": lost[:_SHOWN],
        **found.to_json(),
    }
    told = (
        f"Of {len(images)} pictures it judges {int(new.sum())} right, the version in use"
        f" {int(old.sum())}."
    )
    if low is not None and low > -rules.margin:
        return Check(name, title, "passed", told, figures)
    fall = float(old.mean() - new.mean())
    if fall >= rules.margin or (high is not None and high < 0):
        reason = (
            f"{told} That is worse, with {', '.join(lost[:3])}. Look whether the last answers"
            " are right, answer more pictures of such parts, then make a new version again."
        )
        return Check(name, title, "failed", reason, figures, "worse")
    figures["wanted"] = more = _more_wanted(old, new, rules.margin)
    reason = f"{told} {_too_few(more)}"
    return Check(name, title, "failed", reason, figures, "too few pictures")


def _too_few(more: int) -> str:
    need = f"about {more} more that are drawn at random would"
    if more > _MOST_ASKED:
        need = "it may be worse, and is made from the answers, too"
    return (
        f"So few pictures cannot show that it is as good; {need}. Get more pictures from the"
        " line (one in four is drawn at random), answer them, then make a new version again."
    )


def _more_wanted(old: NDArray[np.bool_], new: NDArray[np.bool_], margin: float) -> int:
    """About how many more pictures would pass if as few of them are judged otherwise.

    By Agresti and Min's interval, as `compare_verdicts` takes where nothing differs.
    """
    lost, won = float((old & ~new).mean()), float((new & ~old).mean())
    for more in range(_FEWEST_MORE, _MOST_MORE):
        count = len(old) + more
        apart, fall = count * (lost + won) + 1, count * (lost - won)
        half = _ONE_SIDED_95 * math.sqrt(apart - fall**2 / (count + 2))
        if fall + half < margin * (count + 2):
            return more
    return _MOST_MORE


def everywhere(images: SameImages, rules: GateRules) -> Check:
    """No camera, lot or other kind of image falls by more than a margin.

    Per value a sign test over parts asks whether it became worse; Holm's correction keeps
    the chance of any false word below the level.

    Args:
        images: As for `not_worse`.
        rules: Margin and level.

    Returns:
        The check.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure.
        Scandinavian Journal of Statistics 6.
    """
    name, title = "everywhere", "Good everywhere"
    slices = _slices(images, rules)
    if not slices:
        reason = "Nothing tells the pictures apart, such as a camera or a lot."
        return Check(name, title, "nothing to check", reason)
    _adjust(slices)
    fallen = [s for s in slices if s["p"] < rules.level and s["change"] < -rules.slice_margin]
    doubtful = [s for s in slices if s["change"] < -rules.slice_margin and s not in fallen]
    figures = {"slices": slices, "margin": rules.slice_margin, "level": rules.level}
    if fallen:
        told = "; ".join(_slice_words(s) for s in fallen[:3])
        reason = f"It is worse at {told}. Answer more pictures from there, then try again."
        return Check(name, title, "failed", reason, figures, "worse")
    reason = f"It falls behind at none of {_count(len(slices), 'place')} compared."
    if doubtful:
        told = "; ".join(_slice_words(s) for s in doubtful[:3])
        reason = f"It falls behind nowhere for sure. To be watched: {told}."
    return Check(name, title, "passed", reason, figures)


def _slices(images: SameImages, rules: GateRules) -> list[dict[str, Any]]:
    change = (images.new_ng == images.bad).astype(int) - (images.old_ng == images.bad)
    out: list[dict[str, Any]] = []
    for column, values in images.columns.items():
        for value in sorted({v for v in values if v is not None}):
            inside = [n for n, v in enumerate(values) if v == value]
            by_part: dict[str, int] = {}
            for n in inside:
                part = images.groups[n]
                by_part[part] = by_part.get(part, 0) + int(change[n])
            if len(by_part) < rules.least_of_slice:
                continue
            won = sum(c > 0 for c in by_part.values())
            lost = sum(c < 0 for c in by_part.values())
            out.append(
                {
                    "column": column,
                    "value": value,
                    "images": len(inside),
                    "parts": len(by_part),
                    "won": won,
                    "lost": lost,
                    "change": float(np.mean([change[n] for n in inside])),
                    "p_alone": float(scipy.stats.binom.sf(lost - 1, won + lost, 0.5))
                    if lost
                    else 1.0,
                }
            )
    return out


def _adjust(slices: list[dict[str, Any]]) -> None:
    highest = 0.0
    for rank, row in enumerate(sorted(slices, key=lambda s: s["p_alone"])):
        highest = max(highest, min(1.0, row["p_alone"] * (len(slices) - rank)))
        row["p"] = highest


def _slice_words(row: Mapping[str, Any]) -> str:
    worse = _count(row["lost"], "part")
    return f"{row['column']} {row['value']} ({worse} worse, {row['won']} better)"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
