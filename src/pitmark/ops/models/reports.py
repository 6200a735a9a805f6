"""The report of a run, evaluated anew at other costs, and two runs side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction
from pitmark.core.records import LabeledImage
from pitmark.metrics.paired import VerdictComparison, compare_verdicts
from pitmark.ops.images.references import reference_report
from pitmark.ops.images.truth import defective
from pitmark.ops.labels.ceilings import ceiling_of
from pitmark.ops.models.evaluating import (
    Costs,
    Evaluation,
    choose_thresholds,
    evaluate_predictions,
)
from pitmark.ops.models.training import REPORT, held_out_predictions, in_split
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow


@dataclass(frozen=True, slots=True)
class Report:
    """What a run does on images that it has not seen."""

    project: str
    run: RunRow
    content: Mapping[str, Any]

    @property
    def metrics(self) -> dict[str, float | None]:
        """The headline figures."""
        return dict(self.content.get("metrics", {}))

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return {
            "project": self.project,
            "run": self.run.id,
            "snapshot": self.run.snapshot_id,
            **self.content,
        }


def report_of(project: ProjectStore, run: RunRow) -> Report:
    """The report that was made when a run finished, with the ceiling as known today.

    Args:
        project: The project.
        run: A finished run.

    Returns:
        The report.

    Raises:
        NotEnoughDataError: The run has none.
    """
    if REPORT not in run.artifacts:
        raise NotEnoughDataError(f"run {run.id} is {run.state} and has no report")
    content = json.loads(project.blobs.read(run.artifacts[REPORT]))
    return Report(project.info.name, run, _with_ceiling(project, run, content))


def _with_ceiling(
    project: ProjectStore, run: RunRow, content: Mapping[str, Any]
) -> dict[str, Any]:
    """The report with the best that its labels allow, by what is known of them today."""
    return {**content, "ceiling": ceiling_of(project, run.snapshot_id)}


def history(project: ProjectStore, run: RunRow) -> list[dict[str, float]]:
    """The course of the loss of a run.

    Args:
        project: The project.
        run: A finished run.

    Returns:
        Objects with step and loss, in order.
    """
    points: list[dict[str, float]] = json.loads(project.blobs.read(run.artifacts["history"]))
    return points


def evaluate(
    project: ProjectStore, *, run: str = "latest", costs: Costs | None = None
) -> Report:
    """The report of a run; with costs, thresholds are chosen anew and saved with it.

    Labels are those of the run's snapshot, so a report never changes under its reader.

    Args:
        project: The project.
        run: Its id, or latest.
        costs: Of an escape and of overkill; None to keep the thresholds there are.

    Returns:
        The report.
    """
    row = project.runs.get(run)
    if costs is None:
        return report_of(project, row)
    spec, outcome, content = _judge(project, row, costs)
    saved = project.runs.amend(
        row.id,
        metrics=outcome.metrics,
        inspector=spec.to_json(),
        artifacts={REPORT: project.blobs.put(json.dumps(content).encode())},
    )
    return Report(project.info.name, saved, _with_ceiling(project, saved, content))


def report_at(project: ProjectStore, run: RunRow, costs: Costs) -> Report:
    """The report that a run would have at other costs; nothing is saved.

    Args:
        project: The project.
        run: A finished run.
        costs: Of an escape and of overkill.

    Returns:
        The report.
    """
    _, _, content = _judge(project, run, costs)
    return Report(project.info.name, run, _with_ceiling(project, run, content))


def _judge(
    project: ProjectStore, row: RunRow, costs: Costs
) -> tuple[InspectorSpec, Evaluation, dict[str, Any]]:
    """A run with thresholds chosen by some costs: its spec, its figures, its report."""
    _, images = project.snapshots.load(row.snapshot_id)
    predictions = held_out_predictions(project, row)
    book = project.book.current()
    spec = InspectorSpec.from_json(row.inspector or {})
    spec, choice = choose_thresholds(
        spec, in_split(images, "val"), predictions, book=book, costs=costs
    )
    outcome = evaluate_predictions(spec, in_split(images, "test"), predictions, book=book)
    content = {**outcome.to_json(), "choice": choice, **reference_report(spec, images)}
    return spec, outcome, content


@dataclass(frozen=True, slots=True)
class ChangedImage:
    """An image on which two runs give different verdicts, so that one of them is right.

    `defective` is the truth, and `second_right` whether the second run has it right;
    `said` is what the two runs say, the first one first.
    """

    item: LabeledImage
    defective: bool
    second_right: bool
    said: tuple[Prediction, Prediction]

    def to_json(self) -> dict[str, Any]:
        """The image without what is drawn on it, as plain JSON types."""
        truth, other = ("NG", "OK") if self.defective else ("OK", "NG")
        return {
            "sha256": self.item.image.sha256,
            "image": self.item.image.name,
            "truth": truth,
            "first": other if self.second_right else truth,
            "second": truth if self.second_right else other,
            "scores": [round(float(p.score), 4) for p in self.said],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs on the images that neither was trained on, judged by today's labels.

    `changed` are the images with another verdict: those that got worse first, then those
    that got better, each the surest first.
    """

    first: str
    second: str
    images: int
    verdicts: VerdictComparison
    changed: tuple[ChangedImage, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain JSON types."""
        return {
            "first": self.first,
            "second": self.second,
            "images": self.images,
            **self.verdicts.to_json(),
            "sentence": self.verdicts.shares.sentence("right verdicts"),
            "changed": [one.to_json() for one in self.changed],
        }


def compare_runs(project: ProjectStore, first: RunRow, second: RunRow) -> Comparison:
    """The share of right verdicts of two runs, and its difference with interval.

    Args:
        project: The project.
        first: One run.
        second: The other.

    Returns:
        The comparison, second minus first.

    Raises:
        NotEnoughDataError: No image was held out from both.
    """
    one, other = (held_out_predictions(project, r) for r in (first, second))
    _, images = project.snapshots.load(second.snapshot_id)
    common = [
        i
        for i in in_split(images, "test")
        if i.shapes is not None and i.image.sha256 in one and i.image.sha256 in other
    ]
    if not common:
        raise NotEnoughDataError(f"no image was held out from both {first.id} and {second.id}")
    flags = defective(common, project.book.current())
    right = []
    for row, found in ((first, one), (second, other)):
        limit = InspectorSpec.from_json(row.inspector or {}).threshold
        scores = np.array([found[i.image.sha256].score for i in common])
        right.append((scores >= limit) == flags)
    verdicts = compare_verdicts(right[0], right[1], groups=[i.image.group_key for i in common])
    changed = [
        ChangedImage(i, bool(flags[n]), bool(right[1][n]), (one[sha], other[sha]))
        for n, i in enumerate(common)
        if right[0][n] != right[1][n]
        for sha in [i.image.sha256]
    ]
    changed.sort(key=lambda c: (c.second_right, -abs(c.said[1].score - c.said[0].score)))
    return Comparison(first.id, second.id, len(common), verdicts, tuple(changed))
