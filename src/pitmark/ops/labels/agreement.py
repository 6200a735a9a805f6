"""How far the people who label agree: with themselves, with each other, with the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.labels import MaskShape, PolygonShape, shape_area_px
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.metrics.acceptance import LIMITS
from pitmark.metrics.agreement import apart, class_pairs
from pitmark.metrics.attribute_study import measure
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.intervals import Resampling
from pitmark.metrics.mask_agreement import MaskAgreement, MaskTally
from pitmark.metrics.outline_bias import OutlineBias, outline_bias
from pitmark.ops.labels.agreement_report import AgreementReport, PartedImage
from pitmark.ops.labels.agreement_words import report_sentences
from pitmark.ops.labels.answer_tables import (
    AnswerTable,
    class_table,
    classes_of,
    label_map,
    object_table,
    verdict_table,
)
from pitmark.ops.labels.answers import Answers, Shapes, gather_answers
from pitmark.quality.agreement.box_consensus import paired_boxes
from pitmark.store.db import ProjectStore

CLASSES, VERDICTS, OBJECTS = "classes", "verdicts", "objects"


@dataclass(frozen=True, slots=True)
class AgreementOptions:
    """What to compare, and how.

    `study` None takes the labels of the project; `reference` is what is taken for true
    (see `gather_answers`). Two boxes may be around the same object from `least_iou` on:
    low, for how well an object is outlined is told apart from whether it was seen.
    """

    study: str | None = None
    reference: str = "auto"
    least_iou: float = 0.25
    resampling: Resampling = Resampling()  # noqa: RUF009 - frozen


def measure_agreement(
    project: ProjectStore,
    *,
    options: AgreementOptions | None = None,
    report: Reporter = silent,
) -> AgreementReport:
    """Attribute agreement analysis of a study, or of the labels of a project.

    Args:
        project: The project.
        options: See AgreementOptions.
        report: Told of the progress.

    Returns:
        The report; what cannot be told is None in it, and said in words.

    Raises:
        NotFoundError: No such study, or no such labeler as the reference.
        NotEnoughDataError: Nothing was answered twice, or by one person alone.
    """
    how = options or AgreementOptions()
    answers = gather_answers(project, study=how.study, reference=how.reference)
    _check_enough(answers)
    draws = ClusterDraws(len(answers.images), how.resampling)
    tables = _tables(project, answers, how)
    figures, outlines, parting = [], [], [np.zeros(len(answers.images))]
    for number, (kind, table) in enumerate(tables.items()):
        report(Progress("agreement", number, len(tables)))
        figures.append(
            measure(kind, table.ratings, draws, reference=table.reference, good=table.good)
        )
        parting.append(apart(table.ratings, draws))
        if kind == OBJECTS:
            outlines = _outlines(answers, table, draws)
    masks = None
    if has_masks(project, answers):
        masks, pixels_apart = _masks(project, answers, draws, report)
        parting.append(pixels_apart)
    first = next(iter(tables.values()))
    found = AgreementReport(
        project=project.info.name,
        task=project.task,
        study=how.study and project.studies.get(how.study).id,
        source=answers.source,
        images=len(answers.images),
        labelers=answers.names,
        trials=max(trial for _, trial in answers.columns),
        reference=answers.reference_name,
        reference_by=answers.reference_by,
        figures=tuple(figures),
        outlines=tuple(outlines),
        masks=masks,
        confused=_confused(first),
        parted=_parted(answers, np.max(parting, axis=0)),
        limits=LIMITS,
        sentences=(),
    )
    return replace(found, sentences=tuple(report_sentences(found)))


def has_masks(project: ProjectStore, answers: Answers) -> bool:
    """Whether people drew outlines or masks that can be compared.

    Args:
        project: The project.
        answers: What they said.

    Returns:
        True for segmentation, and for anomaly detection where anything is outlined.
    """
    if project.task == "segmentation":
        return bool(answers.labels_used)
    every = (s for by in answers.said.values() for shapes in by.values() for s in shapes)
    return project.task == "anomaly" and any(
        isinstance(s, MaskShape | PolygonShape) for s in every
    )


def _check_enough(answers: Answers) -> None:
    if len(answers.names) > 1 or answers.reference:
        return
    if len(answers.columns) > 1:
        return
    raise NotEnoughDataError(
        f"only {answers.names[0]} answered in {answers.source}: agreement takes two people,"
        " one who repeats, or a reference"
    )


def _tables(
    project: ProjectStore, answers: Answers, how: AgreementOptions
) -> dict[str, AnswerTable]:
    book = project.book.current()
    verdicts = verdict_table(answers, book)
    if project.task == "classification":
        classes = class_table(answers, book)
        twofold = len(classes.ratings.classes) <= 2 or not classes.good
        return {CLASSES: classes} if twofold else {CLASSES: classes, VERDICTS: verdicts}
    if project.task == "detection":
        objects = object_table(answers, book, least_iou=how.least_iou)
        return {OBJECTS: objects, VERDICTS: verdicts}
    return {VERDICTS: verdicts}


def _outlines(answers: Answers, table: AnswerTable, draws: ClusterDraws) -> list[OutlineBias]:
    """Edges against the reference where an object has one, else against the others."""
    who = np.array([answers.names.index(n) for n in answers.labelers])
    true = table.boxes_ucx[:, -1:]
    out = []
    for number, name in enumerate(answers.names):
        if answers.reference:
            boxes = np.concatenate([table.boxes_ucx[:, :-1][:, who == number], true], axis=1)
            columns = np.append(np.zeros(int((who == number).sum()), dtype=np.intp), 1)
            pairs = paired_boxes(boxes, columns, 0)
        else:
            pairs = paired_boxes(table.boxes_ucx[:, :-1], who, number)
        out.append(
            outline_bias(
                name,
                pairs.mine,
                pairs.others,
                table.ratings.clusters[pairs.units],
                draws,
                comparisons=4 * len(answers.names),
            )
        )
    return out


def _masks(
    project: ProjectStore, answers: Answers, draws: ClusterDraws, report: Reporter
) -> tuple[MaskAgreement, NDArray[np.float64]]:
    names = classes_of(answers, project.book.current())
    tally = MaskTally(names, answers.labelers, draws)
    for number, record in enumerate(answers.images):
        report(Progress("masks", number, len(answers.images)))
        true = answers.reference.get(record.sha256)
        maps = {
            column: label_map(shapes, record, names)
            for column, shapes in sorted(answers.said[record.sha256].items())
        }
        reference = None if true is None else label_map(true, record, names)
        tally.add(number, maps, reference=reference)
    return tally.figures(), tally.apart()


def _confused(table: AnswerTable) -> tuple[tuple[str, str, int], ...]:
    counts, names = class_pairs(table.ratings), table.ratings.classes
    pairs = [
        (names[a], names[b], int(counts[a, b]))
        for a in range(len(names))
        for b in range(a + 1, len(names))
        if counts[a, b]
    ]
    return tuple(sorted(pairs, key=lambda p: -p[2]))


def _parted(answers: Answers, far: NDArray[np.float64]) -> tuple[PartedImage, ...]:
    order = [n for n in np.argsort(-far, kind="stable").tolist() if far[n] > 0]
    out = []
    for number in order:
        record = answers.images[number]
        by = answers.said[record.sha256]
        told = {
            answers.column_name(column): in_short(shapes)
            for column, shapes in sorted(by.items())
        }
        out.append(PartedImage(record.sha256, record.name, float(far[number]), told))
    return tuple(out)


def in_short(shapes: Shapes) -> str:
    """What somebody said of an image, in a few words.

    Args:
        shapes: All shapes.

    Returns:
        For instance "2 x dent, scratch", with areas for masks and outlines.
    """
    counts: dict[str, int] = {}
    areas_px: dict[str, float] = {}
    for shape in shapes:
        counts[shape.label] = counts.get(shape.label, 0) + 1
        if isinstance(shape, MaskShape | PolygonShape):
            areas_px[shape.label] = areas_px.get(shape.label, 0.0) + shape_area_px(shape)
    texts = []
    for label, count in counts.items():
        text = label if count == 1 else f"{count} x {label}"
        area = f" ({areas_px[label]:,.0f} px)" if label in areas_px else ""
        texts.append(text + area)
    return ", ".join(texts) or "nothing"
