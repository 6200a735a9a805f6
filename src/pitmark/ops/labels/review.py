"""How the review of findings stands: what was found, what is left, and when to stop."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from pitmark.metrics.intervals import wilson
from pitmark.ops.labels.asked import WHOLE_IMAGE_TASKS
from pitmark.ops.labels.finding_order import RankedFinding, explained
from pitmark.ops.labels.group_members import group_members
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.ops.labels.review_log import Learned, Look, learn, looks_of
from pitmark.ops.labels.review_status import KindReview, ReviewStatus, SplitReview
from pitmark.ops.labels.review_worth import SPLIT_ORDER
from pitmark.quality.review.curve import FaultRange, fault_range
from pitmark.quality.review.stop import LOOK_AHEAD, QueueState, StopRule, advise
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingBrief

RECENT = 20


def review_status(project: ProjectStore, *, rule: StopRule | None = None) -> ReviewStatus:
    """How the review of a project's findings stands, by what was decided until now.

    Args:
        project: The project.
        rule: What a person's time is worth and how many faults may stay.

    Returns:
        The status.
    """
    how = rule or StopRule()
    looks = looks_of(project)
    learned = learn(looks)
    rows = project.findings.briefs(state="open")
    inside = {m.id for mine in group_members(rows).values() for m in mine}
    every = explained(project, rows, learned)
    # A label in a group is decided with it; a group is no fault beside its labels.
    asked = [r for r in every if r.row.id not in inside]
    single = [r for r in every if r.row.kind != GROUP]
    best = sorted(single, key=lambda r: -r.chance / r.seconds)[:LOOK_AHEAD]
    state = QueueState(
        open_count=len(rows),
        decided=len(looks),
        next_faults=_faults(best, learned).expected,
        next_minutes=_minutes(best),
        left=_faults(single, learned),
        labels=_label_count(project),
    )
    recent = looks[-RECENT:]
    return ReviewStatus(
        states=_states(project),
        decisions=len(looks),
        recent=wilson(sum(x.fault for x in recent), len(recent)),
        promised=sum(x.score for x in looks),
        found=sum(x.fault for x in looks),
        kinds=_kinds(every, looks, learned),
        splits=_splits(asked, single, learned),
        left=state.left,
        minutes=_minutes(asked),
        next_faults=_faults(best, learned),
        next_minutes=state.next_minutes,
        labels=state.labels,
        advice=advise(state, how),
        rule=how,
    )


def _faults(ranked: Sequence[RankedFinding[FindingBrief]], learned: Learned) -> FaultRange:
    by_kind: dict[str, list[float]] = defaultdict(list)
    for one in ranked:
        by_kind[one.row.kind].append(one.row.score)
    draws = [
        learned.curve(kind).draw_faults(by_kind[kind], seed=seed)
        for seed, kind in enumerate(sorted(by_kind))
    ]
    return fault_range(draws)


def _minutes(ranked: Sequence[RankedFinding[FindingBrief]]) -> float:
    return sum(r.seconds for r in ranked) / 60


def _states(project: ProjectStore) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for mine in project.findings.counts().values():
        counts.update(mine)
    return {s: counts[s] for s in ("open", "accepted", "corrected", "dismissed")}


def _kinds(
    ranked: Sequence[RankedFinding[FindingBrief]], looks: Sequence[Look], learned: Learned
) -> tuple[KindReview, ...]:
    out = []
    for kind in sorted({r.row.kind for r in ranked} | {x.kind for x in looks}):
        open_ = [r for r in ranked if r.row.kind == kind]
        decided = [x for x in looks if x.kind == kind]
        out.append(
            KindReview(
                kind=kind,
                decided=len(decided),
                promised=sum(x.score for x in decided),
                found=sum(x.fault for x in decided),
                odds_factor=float(np.exp(learned.curve(kind).shift)),
                open_count=len(open_),
                left=_faults(open_, learned),
                seconds=learned.seconds(kind),
                timed=kind in learned.timed_s,
            )
        )
    return tuple(out)


def _splits(
    asked: Sequence[RankedFinding[FindingBrief]],
    single: Sequence[RankedFinding[FindingBrief]],
    learned: Learned,
) -> tuple[SplitReview, ...]:
    out = []
    for split in SPLIT_ORDER:
        open_ = [r for r in single if r.split == split]
        mine = [r for r in asked if r.split == split]
        if open_ or mine:
            left = _faults(open_, learned)
            out.append(SplitReview(split, len(open_), left, _minutes(mine)))
    return tuple(out)


def _label_count(project: ProjectStore) -> int:
    held = project.annotations.consensus()
    if project.task in WHOLE_IMAGE_TASKS:
        return len(held)
    return sum(max(1, len(row.shapes)) for row in held.values())
