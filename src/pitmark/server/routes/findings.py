"""Findings: the queue, what speaks for each, and deciding on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from pitmark.core.errors import NotAllowedError
from pitmark.core.roles import at_least
from pitmark.ops.data import evidence
from pitmark.ops.labels.finding_order import (
    RankedFinding,
    explained,
    learned_for_order,
    ranked,
    with_suggestions,
)
from pitmark.ops.labels.finding_words import kind_words
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.ops.labels.labeling import settle
from pitmark.ops.labels.review import review_status
from pitmark.ops.labels.review_groups import settle_group
from pitmark.ops.labels.review_undo import undo
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.server.wire_shapes import from_wire, to_wire
from pitmark.store.annotation_rows import AnnotationRow
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow
from pitmark.wire.findings import (
    Evidence,
    Finding,
    FindingPage,
    Neighbor,
    Settle,
    Settled,
    State,
    Undo,
)
from pitmark.wire.message import Document

router = APIRouter(prefix=PROJECT, tags=["findings"])
Seeing = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Labeling = Annotated[ProjectAccess, Depends(project_access("labeler"))]


@router.get("/findings")
def findings(
    access: Seeing,
    state: State | Literal["all"] = "open",
    kind: str | None = None,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> FindingPage:
    """The queue: test images first, then by expected gain per minute."""
    found = ranked(access.store, state=None if state == "all" else state, kind=kind)
    return FindingPage(
        total=len(found),
        offset=offset,
        items=_findings(
            access.store, with_suggestions(access.store, found[offset : offset + limit])
        ),
        counts=access.store.findings.counts(),
    )


@router.get("/findings/{finding}")
def finding_with_evidence(access: Seeing, finding: str) -> Evidence:
    """One finding with what speaks for it."""
    store = access.store
    row = store.findings.get(finding)
    told = _finding(store, row.id)
    held = store.annotations.consensus([row.sha256]).get(row.sha256)
    labeled = () if held is None else held.shapes
    said = evidence.said_by_model(store, row.sha256)
    return Evidence(
        finding=told,
        neighbors=[
            Neighbor(
                sha256=n.sha256, name=n.name, label=n.label, likeness=n.likeness, shape=None
            )
            for n in evidence.look_alikes(store, row)
        ],
        run="" if said is None else said.run,
        prediction=[] if said is None else to_wire(said.shapes),
        prediction_scores=[] if said is None else list(said.scores),
        rules=evidence.rules_about(
            store.book.current(), labeled, row.suggestion or (), row.shape_index
        ),
        said=evidence.who_said_what(store, row.sha256),
        group=evidence.group_evidence(store, row),
    )


@router.post("/findings/{finding}/settle")
def settle_finding(access: Labeling, finding: str, decision: Settle) -> Settled:
    """Decide on a finding, or on a group and all its labels at once."""
    store, who = access.store, access.who
    if decision.whole_group:
        group = settle_group(
            store,
            finding,
            decision.decision,
            by=who,
            label=decision.label,
            note=decision.note,
        )
        return Settled(
            finding=_finding(store, group.group.id),
            settled=1 + group.kept + group.relabeled,
            relabeled=group.relabeled,
            sentence=group.sentence(),
        )
    shapes = None if decision.shapes is None else from_wire(decision.shapes)
    row = settle(store, finding, decision.decision, by=who, shapes=shapes, note=decision.note)
    return Settled(
        finding=_finding(store, row.id),
        settled=1,
        relabeled=int(row.state == "corrected"),
        sentence=f"{row.id}: {row.state}.",
    )


@router.post("/findings/undo")
def undo_decision(access: Labeling, which: Undo) -> Settled:
    """Take a decision back with what it changed: one's own, or anybody's for an admin."""
    store = access.store
    if which.finding is not None and not at_least(access.role, "admin"):
        decided_by = store.findings.get(which.finding).by
        if decided_by not in (None, access.who):
            raise NotAllowedError(
                f"{decided_by} decided on finding {which.finding}",
                hint="They, or an admin, can take that back.",
            )
    undone = undo(store, which.finding, by=access.who, note=which.note)
    return Settled(
        finding=_finding(store, undone.settled[-1].id),
        settled=len(undone.settled),
        relabeled=undone.corrected,
        sentence=undone.sentence(),
    )


@router.get("/review")
def review(access: Seeing) -> Document:
    """How the review stands, what is left in the queue, and whether to go on."""
    return review_status(access.store).to_json()


def _finding(store: ProjectStore, finding: str) -> Finding:
    row = store.findings.get(finding)
    return _findings(store, explained(store, [row], learned_for_order(store)))[0]


def _findings(store: ProjectStore, found: Sequence[RankedFinding[FindingRow]]) -> list[Finding]:
    shas = list(dict.fromkeys(f.row.sha256 for f in found))
    held = store.annotations.consensus(shas)
    names = {record.sha256: record.name for record in store.images.many(shas)}
    return [_wire(one, names[one.row.sha256], held.get(one.row.sha256)) for one in found]


def _wire(
    one: RankedFinding[FindingRow], image_name: str, held: AnnotationRow | None
) -> Finding:
    row = one.row
    return Finding(
        id=row.id,
        kind=row.kind,
        title=kind_words(row.kind),
        sha256=row.sha256,
        image_name=image_name,
        shape_index=row.shape_index,
        score=row.score,
        chance=one.chance,
        why=row.why,
        labels=None if held is None else to_wire(held.shapes),
        suggestion=None if row.suggestion is None else to_wire(row.suggestion),
        related=list(row.related),
        expected_gain=row.expected_gain,
        split=one.split,
        state=row.state,
        found=row.found,
        by=row.by,
        at=row.at,
        note=row.note,
        members=one.covers if row.kind == GROUP else 0,
        because=one.because,
        seconds=one.seconds,
    )
