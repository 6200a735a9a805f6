"""Training runs: their reports at any costs, the images behind each figure, comparisons."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from pitmark.core.errors import InvalidInputError
from pitmark.core.inspector import InspectorSpec
from pitmark.ops.models.evaluating import Costs
from pitmark.ops.models.predicted_shapes import predicted_shapes
from pitmark.ops.models.report_cases import CaseQuestion, JudgedImages, judged_images
from pitmark.ops.models.report_cases import ReportCase as FoundCase
from pitmark.ops.models.report_words import comparison_sentences, report_sentences
from pitmark.ops.models.reports import ChangedImage as FoundChange
from pitmark.ops.models.reports import compare_runs, history, report_at, report_of
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.server.recent import Recent
from pitmark.server.wire_shapes import to_wire
from pitmark.store.run_rows import RunRow
from pitmark.wire.images import ImageCard
from pitmark.wire.runs import (
    AskCases,
    ChangedImage,
    Comparison,
    Report,
    ReportCase,
    ReportCases,
    Run,
    RunSaid,
    Snapshot,
)

router = APIRouter(prefix=PROJECT, tags=["runs"])
Viewer = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Cost = Annotated[float | None, Query(ge=0, le=1e9)]


@router.get("/runs")
def runs(access: Viewer, kind: str = "train") -> list[Run]:
    """The runs of a kind, the newest first; `all` for those of every kind."""
    found = access.store.runs.list(kind=None if kind == "all" else kind)
    return [message_of(row) for row in found]


@router.get("/runs/{run}")
def one(access: Viewer, run: str) -> Run:
    """One run; `latest` is the newest training that is done."""
    return message_of(access.store.runs.get(run))


@router.get("/runs/{run}/report")
def report(
    access: Viewer,
    run: str,
    request: Request,
    escape_cost: Cost = None,
    overkill_cost: Cost = None,
) -> Report:
    """What a run does on images that it has not seen.

    With costs, as it would be with thresholds chosen by them; nothing is saved.
    """
    row = access.store.runs.get(run)
    costs = _costs(escape_cost, overkill_cost)
    store = access.store
    found = report_of(store, row) if costs is None else report_at(store, row, costs)
    # The curve holds every threshold, so that of the saved one serves for all costs.
    return Report(
        run=message_of(row),
        sentences=report_sentences(found.content),
        content=dict(found.content),
        curve=_judged(access, row, request).curve(),
        history=_history(access, row),
    )


@router.get("/runs/{run}/cases")
def cases(
    access: Viewer,
    run: str,
    request: Request,
    asked: Annotated[AskCases, Query()],
) -> ReportCases:
    """The images behind a figure of the report, the surest first."""
    row = access.store.runs.get(run)
    question = CaseQuestion(asked.truth, asked.said, asked.wrong)
    found = _judged(access, row, request).cases(question)
    findings = Counter(f.sha256 for f in access.store.findings.briefs(state="open"))
    shown = found[asked.offset : asked.offset + asked.limit]
    return ReportCases(
        total=len(found),
        items=[_case(c, findings[c.judged.image.sha256]) for c in shown],
    )


@router.get("/runs/{run}/compare/{other}")
def compare(
    access: Viewer,
    run: str,
    other: str,
    shown: Annotated[int, Query(ge=0, le=60)] = 0,
) -> Comparison:
    """A run against another one, on the images that neither has learned from.

    So many of the images with another verdict come with what both runs say of them.
    """
    first, second = access.store.runs.get(other), access.store.runs.get(run)
    found = compare_runs(access.store, first, second)
    specs = [InspectorSpec.from_json(row.inspector or {}) for row in (first, second)]
    return Comparison(
        sentences=comparison_sentences(found),
        content=found.to_json(),
        changed=[_changed(one, specs) for one in _of_both(found.changed, shown)],
    )


@router.get("/snapshots")
def snapshots(access: Viewer) -> list[Snapshot]:
    """All versions of the data, the newest first."""
    return [
        Snapshot(id=s.id, created=s.created, note=s.note, images=s.images, labeled=s.labeled)
        for s in access.store.snapshots.list()
    ]


def message_of(row: RunRow) -> Run:
    """A run as the wire tells it.

    Args:
        row: As the store has it.

    Returns:
        The message.
    """
    figures = {
        name: value
        for name, value in row.metrics.items()
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    }
    return Run(
        id=row.id,
        kind=row.kind,
        state=row.state,
        snapshot=row.snapshot_id,
        settings=row.settings,
        metrics=figures,
        created=row.created,
        finished=row.finished,
        error=row.error,
    )


def _costs(escape: float | None, overkill: float | None) -> Costs | None:
    if escape is None and overkill is None:
        return None
    if escape is None or overkill is None:
        raise InvalidInputError(
            "the two costs come together: escape_cost and overkill_cost",
            hint="Only their ratio matters: 20 and 1 if an escape costs twenty times.",
        )
    return Costs(escape, overkill)


def _judged(access: ProjectAccess, row: RunRow, request: Request) -> JudgedImages:
    """The test images as the run judged them; kept, for a page asks for them often."""
    kept: Recent[JudgedImages] = request.app.state.judged
    key = (
        access.workspace.organisation,
        access.store.id,
        row.id,
        json.dumps(row.inspector),
        access.store.book.current().revision,
    )
    return kept.get(key, lambda: judged_images(access.store, row))


def _history(access: ProjectAccess, row: RunRow) -> list[dict[str, float]]:
    if "history" not in row.artifacts:
        return []
    points = history(access.store, row)
    return [{k: v for k, v in p.items() if isinstance(v, int | float)} for p in points]


def _of_both(changed: Sequence[FoundChange], count: int) -> list[FoundChange]:
    """Some images that got worse and some that got better, as many of each if there are."""
    worse = [c for c in changed if not c.second_right]
    better = [c for c in changed if c.second_right]
    half = max(count // 2, count - len(better))
    return [*worse[:half], *better[: count - len(worse[:half])]]


def _changed(found: FoundChange, specs: Sequence[InspectorSpec]) -> ChangedImage:
    image, told = found.item.image, found.to_json()
    return ChangedImage(
        sha256=image.sha256,
        name=image.name,
        width=image.width,
        height=image.height,
        truth=told["truth"],
        better=found.second_right,
        labels=to_wire(found.item.shapes or ()),
        said=[
            RunSaid(
                verdict=told[which],
                score=float(said.score),
                shapes=to_wire([shape for shape, _ in predicted_shapes(said, spec)]),
            )
            for which, said, spec in zip(("first", "second"), found.said, specs, strict=True)
        ],
    )


def _case(found: FoundCase, findings: int) -> ReportCase:
    judged, image = found.judged, found.judged.image
    card = ImageCard(
        sha256=image.sha256,
        name=image.name,
        width=image.width,
        height=image.height,
        classes=list(judged.labels),
        labeled=True,
        split="test",
        findings=findings,
        right=judged.right,
        synthetic=image.synthetic,
        score=judged.score,
    )
    return ReportCase(
        card=card, truth=found.truth, said=found.said, score=judged.score, why=judged.why
    )
