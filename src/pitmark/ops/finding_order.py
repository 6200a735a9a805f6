"""The order in which a person goes through findings: groups first, each with its members."""

from __future__ import annotations

from collections import defaultdict

from pitmark.ops.inconsistency import GROUP, MEMBER
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow


def queue(
    project: ProjectStore,
    *,
    state: str | None = None,
    kind: str | None = None,
    limit: int | None = None,
) -> list[FindingRow]:
    """Findings in the order of the queue.

    A group of labels made by two rules comes first, the labels that are in it right
    behind it; then all others, the highest score first.

    Args:
        project: The project.
        state: Only in this state.
        kind: Only of this kind.
        limit: At most so many.

    Returns:
        The findings.
    """
    rows = project.findings.list(state=state, kind=kind)
    out: dict[str, FindingRow] = {}
    members: dict[tuple[str, ...], list[FindingRow]] = defaultdict(list)
    for row in rows:
        if row.kind == MEMBER:
            members[row.sha256, *row.related].append(row)
    for group in (r for r in rows if r.kind == GROUP):
        out[group.id] = group
        both = [group.sha256, *group.related]
        inside = zip(both[::2], both[1::2], strict=False)
        mine = [r for pair in inside for r in members.get(pair, ())]
        out |= {r.id: r for r in mine if r.id not in out}
    out |= {r.id: r for r in rows if r.id not in out}
    return list(out.values())[:limit]
