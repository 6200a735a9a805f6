"""Targeted synthesis: make images of a weak class, retrain, test on real images, keep or drop.

All models are judged on the same real images that none has learned from. Where there are
several candidates (amounts, policies), validation images choose one of them, and the test
images are asked about that one alone: trying all of them on the test would find a lucky
one. More images of a class also mean that the class is shown more often, which helps by
itself; so a candidate must also beat a model that is shown the real images as often. What
does not help leaves the training data by itself; it is archived.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.core.errors import PitmarkError
from pitmark.core.progress import Reporter, silent
from pitmark.ops.models.training import run_folder
from pitmark.ops.synthesis.candidates import KIND, Candidate, candidates_for, repeated_images
from pitmark.ops.synthesis.images import store_images
from pitmark.ops.synthesis.record import Tried, drop_others, keep_images, record_of
from pitmark.ops.synthesis.trial import (
    Setting,
    SynthesisOptions,
    learn_with,
    outcome_on,
    setting_for,
)
from pitmark.ops.synthesis.verdict import Decision, gain_of
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

ARTIFACT = "synthesis"


@dataclass(frozen=True, slots=True)
class SynthesisResult:
    """What a run of synthesis did, and whether its images were kept."""

    run: RunRow
    record: Mapping[str, Any]

    @property
    def kept(self) -> bool:
        """Whether the synthetic images are learned from now."""
        return bool(self.record["kept"])

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON types."""
        return {"run": self.run.id, **self.record}

    def sentences(self) -> list[str]:
        """The result for a person."""
        return list(self.record["sentences"])


def synthesize(
    project: ProjectStore, *, options: SynthesisOptions | None = None, report: Reporter = silent
) -> SynthesisResult:
    """Make images of a weak class or slice, and keep them only if a test says that they help.

    Args:
        project: The project.
        options: See SynthesisOptions.
        report: Told of the progress.

    Returns:
        The result, with its record.

    Raises:
        NotEnoughDataError: No test image shows the class, or there is nothing to make
            images of.
        InvalidInputError: No such class, kind, policy or amount.
    """
    how = options or SynthesisOptions()
    started = time.monotonic()
    setting = setting_for(project, how, report)
    candidates, about = candidates_for(project, setting, report)
    return judge_candidates(
        project, setting, candidates, about=about, started=started, report=report
    )


def judge_candidates(
    project: ProjectStore,
    setting: Setting,
    candidates: Sequence[Candidate],
    *,
    about: Mapping[str, Any],
    started: float,
    report: Reporter = silent,
) -> SynthesisResult:
    """Learn from every candidate, choose on validation, confirm on test, keep or drop.

    Args:
        project: The project.
        setting: What they are compared with.
        candidates: At least one.
        about: Goes into the record.
        started: When the work began, of the monotonic clock.
        report: Told of the progress.

    Returns:
        The result.
    """
    asked = sum(row.state == "done" for row in project.runs.list(kind=KIND))
    row = _new_row(project, setting)
    tried: list[Tried] = []
    try:
        for candidate in candidates:
            tried.append(_try(project, setting, candidate, (row, len(tried)), report))
        best = max(tried, key=lambda t: gain_of(t.validation)) if len(tried) > 1 else tried[0]
        decision = _decision(project, setting, best, row, report)
        new = keep_images(project, setting, best) if decision.kept else {}
    except PitmarkError as exc:
        project.runs.fail(row.id, exc.message)
        raise
    drop_others(project, tried, best if decision.kept else None)
    more = {
        **about,
        **new,
        "asked_before": asked,
        "seconds": round(time.monotonic() - started, 1),
    }
    record = record_of(setting, tried, best, decision, more)
    return SynthesisResult(_finish(project, row, record), record)


def _new_row(project: ProjectStore, setting: Setting) -> RunRow:
    settings = {
        "label": setting.label,
        "where": dict(setting.how.where),
        "baseline": setting.baseline.id,
    }
    return project.runs.create(KIND, setting.baseline.snapshot_id, settings, setting.how.seed)


def _try(
    project: ProjectStore,
    setting: Setting,
    candidate: Candidate,
    place: tuple[RunRow, int],
    report: Reporter,
) -> Tried:
    """Put a candidate's images into the project, on trial, and learn from them."""
    row, number = place
    stored = store_images(
        project, candidate.made, label=setting.label, run=f"{row.id}-{number}", use="trial"
    )
    with _work(project, f"{row.id}-{number}") as work:
        extra = [s.item for s in stored]
        learned = learn_with(project, setting, extra, work=work, report=report)
    return Tried(candidate, stored, learned, outcome_on(project, setting, learned, "val"))


def _decision(
    project: ProjectStore, setting: Setting, best: Tried, row: RunRow, report: Reporter
) -> Decision:
    """What the test images say of a candidate; the real images over and over if need be."""
    plain = outcome_on(project, setting, best.learned, "test")
    assert plain is not None
    again = repeated_images(setting, len(best.stored))
    # What does not help at all needs no further training.
    if not plain.kept or best.candidate.only_copies or not again:
        return Decision(plain)
    with _work(project, f"{row.id}-copies") as work:
        copies = learn_with(project, setting, again, work=work, report=report)
    return Decision(
        plain,
        outcome_on(project, setting, copies, "test"),
        outcome_on(project, setting, best.learned, "test", against=copies),
    )


@contextmanager
def _work(project: ProjectStore, name: str) -> Iterator[Path]:
    folder = run_folder(project, name)
    try:
        yield folder
    finally:
        # The next run has a name of its own: what is left here would never be read.
        shutil.rmtree(folder, ignore_errors=True)


def _finish(project: ProjectStore, row: RunRow, record: Mapping[str, Any]) -> RunRow:
    blob = project.blobs.put(json.dumps(record).encode())
    metrics = {name: record[name] for name in ("before", "after", "kept")}
    return project.runs.finish(
        row.id, metrics=metrics, inspector=None, artifacts={ARTIFACT: blob}
    )


def list_syntheses(project: ProjectStore) -> list[SynthesisResult]:
    """All finished runs of synthesis, the newest first.

    Args:
        project: The project.

    Returns:
        Their results.
    """
    return [
        SynthesisResult(row, json.loads(project.blobs.read(row.artifacts[ARTIFACT])))
        for row in project.runs.list(kind=KIND)
        if ARTIFACT in row.artifacts
    ]
