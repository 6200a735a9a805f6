"""Agreement studies: design one, answer it blind, read the report, accept the rule."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.metrics.record import to_plain
from pitmark.ops.labels import study_turns
from pitmark.ops.labels.agreement import AgreementOptions, measure_agreement
from pitmark.ops.labels.rule_as_asked import AskedRule, accept_rule_as_asked
from pitmark.ops.labels.rules import propose_rules
from pitmark.ops.labels.study_design import Study as DesignedStudy
from pitmark.ops.labels.study_design import StudyOptions, design_study, study_of
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.server.wire_shapes import from_wire, to_wire
from pitmark.store.db import ProjectStore
from pitmark.wire.agreement import (
    AcceptRule,
    AgreementReport,
    NewStudy,
    Study,
    StudyAnswer,
    StudyProgress,
    StudyTask,
    StudyWord,
)
from pitmark.wire.message import Document
from pitmark.wire.projects import LabelBook

router = APIRouter(prefix=PROJECT, tags=["agreement"])
Seeing = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Labeling = Annotated[ProjectAccess, Depends(project_access("labeler"))]
Leading = Annotated[ProjectAccess, Depends(project_access("admin"))]


@router.get("/studies")
def studies(access: Seeing) -> list[Study]:
    """All studies, the newest first, and how far each is."""
    return [_study(access.store, row.id) for row in reversed(access.store.studies.list())]


@router.post("/studies", status_code=201)
def make_study(access: Leading, new: NewStudy) -> Study:
    """Choose images and put them before people, each in an order of their own."""
    known = {m.person.name for m in access.workspace.people.list()}
    strangers = [n for n in new.labelers if n.strip() not in known]
    if strangers:
        raise InvalidInputError(
            f"nobody in the organisation is called {strangers[0]!r}",
            hint="Labelers are members, by the names that they sign with.",
        )
    options = StudyOptions(
        tuple(new.labelers),
        repeats=new.trials,
        count=new.images,
        name=new.name,
        seed=new.seed,
    )
    made = design_study(access.store, options, by=access.who)
    access.store.audit.log(access.who, "make_study", f"study/{made.id}", {"name": made.name})
    return _wire(access.store, made)


@router.get("/studies/{study}")
def study(access: Seeing, study: str) -> Study:
    """One study and how far it is."""
    return _study(access.store, study)


@router.get("/studies/{study}/task")
def task(
    access: Labeling, study: str, trial: Annotated[int | None, Query(ge=1)] = None
) -> StudyTask:
    """The next image of the person who asks, without anybody's labels."""
    return _task(access, study, trial)


@router.put("/studies/{study}/answers")
def save_answer(access: Labeling, study: str, given: StudyAnswer) -> StudyTask:
    """Keep what the person says of an image, and give the next one."""
    study_turns.answer(
        access.store,
        study,
        given.sha256,
        from_wire(given.shapes),
        labeler=access.who,
        trial=given.trial,
    )
    return _task(access, study, given.trial)


@router.get("/studies/{study}/report")
def report(access: Seeing, study: str, rules: bool = True) -> AgreementReport:
    """How far people agree, and the rules that would settle where they part.

    Who takes part sees it when they have answered everything.
    """
    row = access.store.studies.get(study)
    study_turns.expect_done(access.store, row.id, access.who)
    found = measure_agreement(access.store, options=AgreementOptions(study=row.id))
    return AgreementReport(
        report=found.to_json(), rules=_rules(access.store, row.id) if rules else []
    )


@router.get("/studies/{study}/answers/{sha}")
def answers(access: Seeing, study: str, sha: str) -> list[StudyWord]:
    """What everybody said of one image, for those who have nothing left to answer blind."""
    row = access.store.studies.get(study)
    study_turns.expect_done(access.store, row.id, access.who)
    sha256 = access.store.images.get(sha).sha256
    return [
        StudyWord(labeler=a.labeler, trial=a.trial, shapes=to_wire(a.shapes))
        for a in sorted(
            access.store.studies.answers(row.id), key=lambda a: (a.labeler, a.trial)
        )
        if a.sha256 == sha256
    ]


@router.post("/rules")
def accept_rule(access: Leading, rule: AcceptRule) -> LabelBook:
    """Write a limit into the label book, and queue the labels that contradict it."""
    classes = (rule.classes[0], rule.classes[1])
    asked = AskedRule(classes, rule.measure, rule.limit, rule.unit, rule.study)
    done = accept_rule_as_asked(access.store, asked, author=access.who, reason=rule.reason)
    return LabelBook.model_validate(done.book.to_json())


def _rules(store: ProjectStore, study: str) -> list[Document]:
    """The proposals with all values, for a histogram, and the things nearest to the limit."""
    try:
        found = propose_rules(store, study=study)
    except NotEnoughDataError:
        return []
    return [
        {
            **proposal.to_json(),
            "values": [[value, second] for value, second in proposal.values],
            "near": [to_plain(asdict(thing)) for thing in proposal.near],
        }
        for proposal in found
    ]


def _task(access: ProjectAccess, study: str, trial: int | None) -> StudyTask:
    turn = study_turns.next_turn(access.store, study, labeler=access.who, trial=trial)
    if turn.sha256 is None:
        return StudyTask(trial=turn.trial, place=turn.place, total=turn.total, sha256=None)
    record = access.store.images.get(turn.sha256)
    return StudyTask(
        trial=turn.trial,
        place=turn.place,
        total=turn.total,
        sha256=turn.sha256,
        width=record.width,
        height=record.height,
    )


def _study(store: ProjectStore, study: str) -> Study:
    return _wire(store, study_of(store, store.studies.get(study)))


def _wire(store: ProjectStore, found: DesignedStudy) -> Study:
    total = len(found.images)
    return Study(
        id=found.id,
        name=found.name,
        author=found.author,
        created=store.studies.get(found.id).created,
        images=total,
        trials=found.repeats,
        labelers=list(found.labelers),
        progress=[
            StudyProgress(labeler=name, trial=trial, answered=answered, total=total)
            for name, row in found.answered.items()
            for trial, answered in enumerate(row, start=1)
        ],
        complete=found.complete,
        sentences=found.sentences(),
    )
