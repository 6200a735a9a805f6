"""The order in which a person goes through findings, and why each stands where it does.

Test images first (their faults falsify the measured score), then validation, then training;
within a split groups that settle many labels with one decision, then by expected gain per
minute. What is less likely a fault than one in twenty comes after everything else.
The order needs none of the shapes that findings suggest, so none are read for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pitmark.ops.labels.group_members import group_members
from pitmark.ops.labels.inconsistency import GROUP, MEMBER
from pitmark.ops.labels.review_log import BLOCK, Learned, learn, looks_of
from pitmark.ops.labels.review_worth import SPLIT_ORDER, weights_of
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingBrief, FindingRow

LEAST_CHANCE = 0.05
Row_co = TypeVar("Row_co", bound=FindingBrief, covariant=True)
One = TypeVar("One", bound=FindingBrief)
_MANY_LABELS = 3
_SPLIT_WORDS = {
    "test": "test set, where a wrong label falsifies the score",
    "val": "validation set, where a wrong label shifts the threshold",
    "train": "training set",
    None: "in no snapshot yet",
}


@dataclass(frozen=True, slots=True)
class RankedFinding(Generic[Row_co]):
    """A finding with its place in the queue explained.

    Attributes:
        row: The finding; its `expected_gain` is that of the chance below.
        chance: Of a fault, in [0, 1]: the score after what was decided so far on its kind.
        seconds: That a decision on it takes.
        split: Of its image.
        covers: Labels that one decision settles.
        because: Why it stands where it does.
    """

    row: Row_co
    chance: float
    seconds: float
    split: str | None
    covers: int
    because: str

    @property
    def gain_per_minute(self) -> float:
        """Expected share of the mean score over classes that a minute on it sets right."""
        return 60 * (self.row.expected_gain or 0.0) / self.seconds


def queue(
    project: ProjectStore,
    *,
    state: str | None = None,
    kind: str | None = None,
    limit: int | None = None,
) -> list[FindingRow]:
    """Findings in the order of the queue; see `ranked`.

    Args:
        project: The project.
        state: Only in this state.
        kind: Only of this kind.
        limit: At most so many.

    Returns:
        The findings.
    """
    found = ranked(project, state=state, kind=kind)[:limit]
    return [r.row for r in with_suggestions(project, found)]


def ranked(
    project: ProjectStore, *, state: str | None = None, kind: str | None = None
) -> list[RankedFinding[FindingBrief]]:
    """Findings in the order of the queue, each with the reason for its place.

    The labels of a group stand right behind it. The order changes with decisions only
    after every 20 of them, so that nobody loses the place; equal ones stand in the order
    in which they were found.

    Args:
        project: The project.
        state: Only in this state.
        kind: Only of this kind.

    Returns:
        The findings; `with_suggestions` for what those shown suggest.
    """
    rows = project.findings.briefs(state=state, kind=kind)
    ordered = sorted(explained(project, rows, learned_for_order(project)), key=_place)
    members = group_members(rows)
    inside = {m.id for mine in members.values() for m in mine}
    by_id = {r.row.id: r for r in ordered}
    out: list[RankedFinding[FindingBrief]] = []
    for one in ordered:
        if one.row.id not in inside:
            out += [one, *(by_id[m.id] for m in members.get(one.row.id, ()))]
    return out


def with_suggestions(
    project: ProjectStore, found: Sequence[RankedFinding[FindingBrief]]
) -> list[RankedFinding[FindingRow]]:
    """Ranked findings, such as those of a page, with the shapes that they suggest.

    Args:
        project: The project.
        found: Some of `ranked`, in any order.

    Returns:
        The same in the same order, without those that were replaced meanwhile.
    """
    whole = {row.id: row for row in project.findings.many([one.row.id for one in found])}
    return [_with_row(one, whole[one.row.id]) for one in found if one.row.id in whole]


def _with_row(one: RankedFinding[FindingBrief], row: FindingRow) -> RankedFinding[FindingRow]:
    row = replace(row, weight=one.row.weight, expected_gain=one.row.expected_gain)
    return RankedFinding(row, one.chance, one.seconds, one.split, one.covers, one.because)


def learned_for_order(project: ProjectStore) -> Learned:
    """What the order goes by: the decisions up to the last full 20 of them.

    Args:
        project: The project.

    Returns:
        What they teach.
    """
    looks = looks_of(project)
    return learn(looks[: len(looks) // BLOCK * BLOCK])


def explained(
    project: ProjectStore, rows: Sequence[One], learned: Learned
) -> list[RankedFinding[One]]:
    """Findings with chance, expected gain and reason, in the order given.

    Args:
        project: The project.
        rows: Its findings.
        learned: From what was decided.

    Returns:
        One each.
    """
    fresh: dict[str, dict[str, Any]] = {}
    if any(row.weight is None for row in rows):
        # A group is worth what its labels are, whether they are asked for or not.
        groups = any(row.kind == GROUP for row in rows)
        members = project.findings.briefs(kind=MEMBER) if groups else []
        ids = dict.fromkeys([*(r.id for r in rows), *(r.id for r in members)])
        fresh = weights_of(project, project.findings.many(list(ids)))
    chances: dict[str, float] = {}
    for kind in {row.kind for row in rows}:
        mine = [row for row in rows if row.kind == kind]
        found = learned.curve(kind).chances([row.score for row in mine])
        chances |= {row.id: float(c) for row, c in zip(mine, found, strict=True)}
    return [
        _explained(row, fresh.get(row.id) or row.weight or {}, chances[row.id], learned)
        for row in rows
    ]


def _explained(row: One, weight: Any, chance: float, learned: Learned) -> RankedFinding[One]:
    seconds = learned.seconds(row.kind)
    row = replace(row, weight=weight, expected_gain=chance * weight["value"])
    told = [_SPLIT_WORDS[weight["split"]], f"a fault with {_percent(chance)}"]
    if row.kind == GROUP:
        told.append(f"one decision for {weight['covers']} labels")
    elif weight["label"] is not None:
        noun = "label" if weight["labels"] == 1 else "labels"
        told.append(f"{weight['label']} has {weight['labels']} {noun} there")
    told.append(f"about {_duration(seconds)}")
    if chance < LEAST_CHANCE:
        told.append("after all that are likelier than 1 in 20")
    return RankedFinding(
        row, chance, seconds, weight["split"], weight["covers"], "; ".join(told)
    )


def _place(one: RankedFinding[FindingBrief]) -> tuple[Any, ...]:
    group_first = one.row.kind == GROUP and one.covers >= _MANY_LABELS
    return (
        one.chance < LEAST_CHANCE,
        SPLIT_ORDER.index(one.split),
        not group_first,
        -one.gain_per_minute,
        -one.row.score,
        int(one.row.id[1:]),
    )


def _percent(chance: float) -> str:
    if not 0.01 <= chance <= 0.99:
        return "below 1 %" if chance < 0.5 else "above 99 %"
    return f"{100 * chance:.0f} %"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
