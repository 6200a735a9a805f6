"""The checks of a version against the one in use: arrays in, verdict and plain words out.

The reasons are read by people on the line: no word of theirs is one of machine learning.
`figures` hold what an engineer asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from pitmark.metrics.intervals import Resampling
from pitmark.metrics.paired import compare_verdicts
from pitmark.ops.line.promotion_record import Check
from pitmark.ops.line.promotion_rules import GateRules

_SHOWN = 20
# One side of this interval is at 95 %.
_TWO_SIDED = 0.9


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
            f" would be missed: {', '.join(missed[:3])}."
        )
        return Check("must_catch", title, "failed", reason, figures)
    reason = f"None of {_count(len(names), 'part')} is missed that was caught before."
    return Check("must_catch", title, "passed", reason, figures)


def not_worse(images: SameImages, rules: GateRules) -> Check:
    """The share of right verdicts does not fall by more than a margin.

    Args:
        images: Neither version has learned from them.
        rules: The margin.

    Returns:
        The check; passed where the fall is below the margin with 95 % certainty.
    """
    name, title = "not_worse", "As good as the version in use"
    if not len(images):
        reason = "There is no tested picture that both versions can be compared on."
        return Check(name, title, "nothing to check", reason)
    old, new = images.old_ng == images.bad, images.new_ng == images.bad
    found = compare_verdicts(
        old, new, groups=images.groups, resampling=Resampling(confidence=_TWO_SIDED)
    )
    low = found.shares.difference.low
    figures = {
        "images": len(images),
        "from_line": images.from_line,
        "margin": rules.margin,
        **found.to_json(),
    }
    told = (
        f"Of {len(images)} pictures it judges {int(new.sum())} right, the version in use"
        f" {int(old.sum())}."
    )
    if low is not None and low > -rules.margin:
        return Check(name, title, "passed", told, figures)
    if new.sum() >= old.sum():
        need = " So few pictures cannot show that it is as good; answer more of them."
        return Check(name, title, "failed", told + need, figures)
    return Check(name, title, "failed", f"{told} That may be worse.", figures)


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
        return Check(name, title, "failed", f"It is worse at {told}.", figures)
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
                    "p_alone": float(binom.sf(lost - 1, won + lost, 0.5)) if lost else 1.0,
                }
            )
    return out


def _adjust(slices: list[dict[str, Any]]) -> None:
    highest = 0.0
    for rank, row in enumerate(sorted(slices, key=lambda s: s["p_alone"])):
        highest = max(highest, min(1.0, row["p_alone"] * (len(slices) - rank)))
        row["p"] = highest


def _slice_words(row: Mapping[str, Any]) -> str:
    return f"{row['column']} {row['value']} ({row['lost']} parts worse, {row['won']} better)"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
