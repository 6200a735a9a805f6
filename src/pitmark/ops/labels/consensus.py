"""One answer from those of many: proposed with its confidence, settled by a reviewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.labels import Shape, shapes_hash
from pitmark.core.progress import Reporter, silent
from pitmark.ops.labels.agreement import has_masks
from pitmark.ops.labels.answers import Answers, gather_answers
from pitmark.ops.labels.consensus_methods import (
    Found,
    Skill,
    box_consensus,
    class_consensus,
    mask_consensus,
)
from pitmark.ops.labels.labeling import check_shapes, shapes_json
from pitmark.store.annotation_rows import AnnotationRow
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import ProjectStore

Method = Literal["auto", "majority", "dawid-skene", "model", "boxes", "staple"]
METHODS: tuple[Method, ...] = ("auto", "majority", "dawid-skene", "model", "boxes", "staple")


@dataclass(frozen=True, slots=True)
class ConsensusOptions:
    """Whose answers to join, and how.

    `study` None takes the labels of the project. `quorum` is for boxes: more than this
    share of the labelers who looked must have seen an object; two boxes may be around the
    same object from `least_iou` on.
    """

    study: str | None = None
    method: Method = "auto"
    least_iou: float = 0.25
    quorum: float = 0.5


@dataclass(frozen=True, slots=True)
class Proposal:
    """What several people together hold of one image.

    `confidence` lies in [0, 1]; None where it cannot be told. `held` is what the project
    holds now, None where the image has no label; `settled_by` names the reviewer who has
    decided already: then nothing is proposed any more.
    """

    sha256: str
    image: str
    shapes: tuple[Shape, ...]
    confidence: float | None
    why: str
    said: Mapping[str, tuple[Shape, ...]]
    held: tuple[Shape, ...] | None
    settled_by: str | None

    @property
    def changes(self) -> bool:
        """Whether the project holds something else."""
        return self.held is None or shapes_hash(self.held) != shapes_hash(self.shapes)

    def to_json(self) -> dict[str, Any]:
        """The proposal as plain JSON types."""
        return {
            "sha256": self.sha256,
            "image": self.image,
            "confidence": self.confidence,
            "why": self.why,
            "changes": self.changes,
            "settled_by": self.settled_by,
            "shapes": shapes_json(self.shapes),
            "said": {who: shapes_json(s) for who, s in self.said.items()},
        }


@dataclass(frozen=True, slots=True)
class ConsensusProposals:
    """Proposals for all images with several answers, least certain first."""

    source: str
    method: str
    labelers: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    skills: tuple[Skill, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The proposals as plain JSON types."""
        return {
            "source": self.source,
            "method": self.method,
            "labelers": list(self.labelers),
            "skills": [s.to_json() for s in self.skills],
            "notes": list(self.notes),
            "proposals": [p.to_json() for p in self.proposals],
        }


@dataclass(frozen=True, slots=True)
class AppliedConsensus:
    """What was written: reviews by image; what was left alone, and why."""

    written: tuple[AnnotationRow, ...]
    settled_before: int
    too_uncertain: int

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON types."""
        return {
            "written": len(self.written),
            "by": self.written[0].labeler if self.written else None,
            "settled_before": self.settled_before,
            "too_uncertain": self.too_uncertain,
            "images": [
                {"sha256": r.sha256, "revision": r.revision, "reason": r.reason}
                for r in self.written
            ],
        }


def propose_consensus(
    project: ProjectStore,
    *,
    options: ConsensusOptions | None = None,
    report: Reporter = silent,
) -> ConsensusProposals:
    """What several people together hold of each image; nothing is written.

    Args:
        project: The project.
        options: See ConsensusOptions.
        report: Told of the progress.

    Returns:
        The proposals.

    Raises:
        NotFoundError: No such study.
        NotEnoughDataError: Fewer than two people answered the same images, or the method
            asks for a model and there was no audit.
        InvalidInputError: The method is not for this kind of labels.
    """
    how = options or ConsensusOptions()
    answers = gather_answers(project, study=how.study, reference="none")
    if len(answers.names) < 2:
        raise NotEnoughDataError(
            f"only {answers.names[0]} answered in {answers.source}: a consensus takes two"
        )
    found = _found(project, answers, how, report)
    held = project.annotations.consensus([r.sha256 for r in answers.images])
    rows = []
    for record in answers.images:
        one = found.by_image[record.sha256]
        now = held.get(record.sha256)
        rows.append(
            Proposal(
                sha256=record.sha256,
                image=record.name,
                shapes=one.shapes,
                confidence=one.confidence,
                why=one.why,
                said=_by_name(answers, record.sha256),
                held=None if now is None else now.shapes,
                settled_by=now.labeler if now is not None and now.review else None,
            )
        )
    rows.sort(key=lambda p: (p.settled_by is not None, p.confidence or 0.0, p.image))
    return ConsensusProposals(
        answers.source, found.method, answers.names, tuple(rows), found.skills, found.notes
    )


def apply_consensus(
    project: ProjectStore,
    found: ConsensusProposals,
    *,
    by: str,
    least_confidence: float = 0.9,
    images: Sequence[str] = (),
    reason: str = "",
) -> AppliedConsensus:
    """Write proposals as a reviewer's decision: new revisions with author and reason.

    What a reviewer has settled before is final and stays as it is.

    Args:
        project: The project.
        found: What was proposed.
        by: The reviewer who takes it over.
        least_confidence: Only proposals at least so certain; images that are named are
            taken whatever their confidence.
        images: Only these, by name or the beginning of the sha256; all when empty.
        reason: Why; the method and the confidence are noted in any case.

    Returns:
        What was written.

    Raises:
        InvalidInputError: Nobody is named as the reviewer, or a confidence outside [0, 1].
        NotFoundError: No such image among the proposals.
        InvalidLabelError: A class is not in the label book.
    """
    if not by.strip() or not 0 <= least_confidence <= 1:
        raise InvalidInputError(
            f"a reviewer and a confidence in [0, 1] are needed, found {by!r} and"
            f" {least_confidence}"
        )
    wanted = _wanted(project, found, images)
    settled = [p for p in wanted if p.settled_by is not None]
    open_ = [p for p in wanted if p.settled_by is None]
    sure = open_
    if not images:
        sure = [p for p in open_ if (p.confidence or 0.0) >= least_confidence]
    book = project.book.current()
    for proposal in sure:
        check_shapes(proposal.shapes, project.images.get(proposal.sha256), book)
    new = [
        NewAnnotation(p.sha256, p.shapes, by, book.revision, _reason(found, p, reason), True)
        for p in sure
    ]
    with project.transaction():
        written = project.annotations.add_many(new)
        if written:
            details = {"images": len(written), "method": found.method, "reason": reason}
            project.audit.log(by, "apply_consensus", found.source, details)
    return AppliedConsensus(tuple(written), len(settled), len(open_) - len(sure))


def decide(
    project: ProjectStore, image: str, shapes: tuple[Shape, ...], *, by: str, reason: str
) -> AnnotationRow:
    """A reviewer's own decision on one image; the latest one holds.

    Args:
        project: The project.
        image: Name, or the beginning of the sha256.
        shapes: What is true of it.
        by: The reviewer.
        reason: Why.

    Returns:
        The annotation.

    Raises:
        NotFoundError: No such image.
        InvalidInputError: Nobody is named as the reviewer, or no reason is given.
        InvalidLabelError: A class is not in the label book, or a shape lies off the image.
    """
    if not by.strip() or not reason.strip():
        raise InvalidInputError("a decision needs a reviewer and a reason")
    record = project.images.find(image)
    book = project.book.current()
    check_shapes(shapes, record, book)
    return project.annotations.add(
        record.sha256,
        shapes,
        labeler=by,
        book_revision=book.revision,
        reason=reason,
        review=True,
    )


def _found(
    project: ProjectStore, answers: Answers, how: ConsensusOptions, report: Reporter
) -> Found:
    if project.task == "detection":
        _check_method(how.method, ("boxes",), "boxes")
        return box_consensus(
            project, answers, least_iou=how.least_iou, quorum=how.quorum, report=report
        )
    if has_masks(project, answers):
        _check_method(how.method, ("staple", "majority"), "masks")
        return mask_consensus(project, answers, by_vote=how.method == "majority", report=report)
    _check_method(how.method, ("majority", "dawid-skene", "model"), "classes")
    return class_consensus(project, answers, how.method)


def _check_method(method: str, known: Sequence[str], what: str) -> None:
    if method not in ("auto", *known):
        raise InvalidInputError(
            f"{method!r} finds no consensus of {what}",
            hint=f"Methods for {what}: auto, {', '.join(known)}.",
        )


def _by_name(answers: Answers, sha256: str) -> dict[str, tuple[Shape, ...]]:
    return {
        answers.column_name(column): shapes
        for column, shapes in sorted(answers.said[sha256].items())
    }


def _wanted(
    project: ProjectStore, found: ConsensusProposals, images: Sequence[str]
) -> list[Proposal]:
    if not images:
        return list(found.proposals)
    by_sha = {p.sha256: p for p in found.proposals}
    out = []
    for name in images:
        record = project.images.find(name)
        if record.sha256 not in by_sha:
            raise InvalidInputError(
                f"there is no proposal for {record.name}: fewer than two people answered it"
            )
        out.append(by_sha[record.sha256])
    return out


def _reason(found: ConsensusProposals, proposal: Proposal, reason: str) -> str:
    sure = "unknown" if proposal.confidence is None else f"{proposal.confidence:.2f}"
    told = f"consensus of {', '.join(found.labelers)} by {found.method}, confidence {sure}"
    return f"{reason} ({told})" if reason else told
