"""Which findings on single labels belong to which group labeled by two rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

from pitmark.ops.labels.inconsistency import GROUP, MEMBER
from pitmark.store.findings import FindingBrief

One = TypeVar("One", bound=FindingBrief)


def group_members(rows: Sequence[One]) -> dict[str, list[One]]:
    """The members of each group, in the order of its pairs; each label in one group only.

    Args:
        rows: Findings, groups and members among them.

    Returns:
        Id of every group finding to the findings on its labels.
    """
    by_pair: dict[tuple[str, ...], list[One]] = defaultdict(list)
    for row in rows:
        if row.kind == MEMBER:
            by_pair[row.sha256, *row.related].append(row)
    out: dict[str, list[One]] = {}
    taken: set[str] = set()
    for group in (r for r in rows if r.kind == GROUP):
        both = [group.sha256, *group.related]
        found = [
            r for p in zip(both[::2], both[1::2], strict=False) for r in by_pair.get(p, ())
        ]
        mine = list({r.id: r for r in found if r.id not in taken}.values())
        taken |= {r.id for r in mine}
        out[group.id] = mine
    return out
