"""Targeted synthesis: make images of a weak class, retrain, test on real images, keep or drop.

Both models are judged on the same real images that neither has learned from. Where there
are several candidates (amounts, policies), validation images choose one of them, and the
test images are asked about that one alone: trying all of them on the test would find a
lucky one. What does not help leaves the training data by itself; it is archived.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.core.errors import PitmarkError
from pitmark.core.labels import shapes_hash
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import Snapshot, SnapshotItem
from pitmark.ops.pixels import pixel_loader
from pitmark.ops.synthesis_images import (
    MadeImage,
    StoredImage,
    make_images,
    set_use,
    store_images,
)
from pitmark.ops.synthesis_parts import Parts, collect_parts
from pitmark.ops.synthesis_policies import policy_images
from pitmark.ops.synthesis_trial import (
    Setting,
    SynthesisOptions,
    learn_with,
    outcome_on,
    setting_for,
)
from pitmark.ops.synthesis_verdict import Outcome, gain_of
from pitmark.ops.training import Learned, finish_run, run_folder, settings_of
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

KIND = "synthesis"
ARTIFACT = "synthesis"
# Synthetic images for every real one of the class, and the limits of their number.
_TIMES = 6
_LEAST, _MOST = 20, 80
_SEEDS_APART = 1_000_003


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """Synthetic images whose worth is to be found out, under a name."""

    name: str
    made: tuple[MadeImage, ...]


@dataclass(frozen=True, slots=True)
class _Tried:
    """A candidate that was learned from."""

    candidate: Candidate
    stored: Sequence[StoredImage]
    learned: Learned
    validation: Outcome | None


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
    candidates, about = _candidates(project, setting, report)
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
    settings = {
        "label": setting.label,
        "where": dict(setting.how.where),
        "baseline": setting.baseline.id,
    }
    snapshot_id = setting.baseline.snapshot_id
    row = project.runs.create(KIND, snapshot_id, settings, setting.how.seed)
    tried: list[_Tried] = []
    try:
        for candidate in candidates:
            tried.append(_try(project, setting, candidate, (row, len(tried)), report))
        best = max(tried, key=lambda t: gain_of(t.validation)) if len(tried) > 1 else tried[0]
        outcome = outcome_on(project, setting, best.learned, "test")
        assert outcome is not None
        kept = _keep(project, setting, best) if outcome.kept else {}
    except PitmarkError as exc:
        project.runs.fail(row.id, exc.message)
        raise
    mine = {s.item.image.sha256 for s in best.stored} if outcome.kept else set()
    every = [s for t in tried for s in t.stored]
    set_use(project, [s for s in every if s.item.image.sha256 not in mine], "dropped")
    record = {
        "label": setting.label,
        "where": dict(setting.how.where),
        "snapshot": snapshot_id,
        "baseline": setting.baseline.id,
        **about,
        "candidates": [_told(t) for t in tried],
        "chosen": best.candidate.name,
        "amount": len(best.stored),
        **outcome.to_json(),
        "kept": outcome.kept,
        **kept,
        "trainings": len(tried),
        "asked_before": asked,
        "seconds": round(time.monotonic() - started, 1),
        "images": [_provenance(s) for s in best.stored],
    }
    record["sentences"] = _sentences(record, outcome)
    return SynthesisResult(_finish(project, row, record), record)


def _try(
    project: ProjectStore,
    setting: Setting,
    candidate: Candidate,
    place: tuple[RunRow, int],
    report: Reporter,
) -> _Tried:
    """Put a candidate's images into the project, on trial, and learn from them."""
    row, number = place
    stored = store_images(
        project, candidate.made, label=setting.label, run=f"{row.id}-{number}", use="trial"
    )
    work = run_folder(project, f"{row.id}-{number}")
    extra = [s.item for s in stored]
    learned = learn_with(project, setting, extra, work=work, report=report)
    shutil.rmtree(work, ignore_errors=True)
    return _Tried(candidate, stored, learned, outcome_on(project, setting, learned, "val"))


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


def usual_amount(real: int) -> int:
    """How many synthetic images are made when nobody says.

    Args:
        real: Training images that show the class.

    Returns:
        Six for every real one, from 20 to 80.
    """
    return min(_MOST, max(_LEAST, _TIMES * real))


def _candidates(
    project: ProjectStore, setting: Setting, report: Reporter
) -> tuple[list[Candidate], dict[str, Any]]:
    how, book, load = setting.how, project.book.current(), pixel_loader(project)
    shown = [
        i for i in setting.of("train") if any(s.label == setting.label for s in i.shapes or ())
    ]
    amounts = sorted(set(how.amounts)) or [usual_amount(len(shown))]
    about: dict[str, Any] = {"real_images": len(shown)}
    # What was kept is learned from already: other images are made beside it.
    kept = sum(row.metrics.get("kept") is True for row in project.runs.list(kind=KIND))
    seed = how.seed + _SEEDS_APART * kept
    if how.policies:
        out = [
            Candidate(
                f"{policy} ({count} copies)",
                tuple(
                    policy_images(
                        setting.images,
                        count,
                        load,
                        policy=policy,
                        label=setting.label,
                        where=how.where,
                        book=book,
                        seed=seed,
                    )
                ),
            )
            for policy in how.policies
            for count in amounts
        ]
        return out, about
    parts = collect_parts(
        setting.images, load, setting.label, book=book, where=how.where, kind=how.kind
    )
    made = make_images(
        parts, amounts[-1], load, book=book, task=project.task, seed=seed, report=report
    )
    names = sorted({min(n, len(made)) for n in amounts})
    about |= _about(parts)
    return [Candidate(f"{n} images", tuple(made[:n])) for n in names], about


def _about(parts: Parts) -> dict[str, Any]:
    return {
        "defects_cut_out": len(parts.donors),
        "grounds": len(parts.bases),
        "painted_kind": parts.kind,
        "left_out": list(parts.left_out[:10]),
    }


def _keep(project: ProjectStore, setting: Setting, best: _Tried) -> dict[str, Any]:
    """The new snapshot and the run that was trained on it."""
    base = project.snapshots.get(setting.baseline.snapshot_id)
    ids = project.snapshots.annotation_ids(base.id)
    new = [
        SnapshotItem(
            s.item.image.sha256,
            shapes_hash(s.item.shapes or ()),
            "train",
            s.item.image.reference or "",
        )
        for s in best.stored
    ]
    set_use(project, best.stored, "kept")
    info = project.snapshots.save(
        Snapshot.of([*base.items, *new], base.classes),
        {**ids, **{s.item.image.sha256: s.annotation_id for s in best.stored}},
        note=f"with {len(new)} synthetic images of {setting.label}",
        book_revision=project.book.current().revision,
    )
    how = setting.effort
    settings = settings_of(project, setting.images, how).to_json()
    row = project.runs.create("train", info.id, {**settings, "quick": how.quick}, how.seed)
    done = finish_run(project, row, best.learned)
    return {"new_snapshot": info.id, "new_run": done.id}


def _told(tried: _Tried) -> dict[str, Any]:
    found = tried.validation
    return {
        "name": tried.candidate.name,
        "images": len(tried.stored),
        "validation": None if found is None else found.to_json(),
    }


def _provenance(stored: StoredImage) -> dict[str, Any]:
    record = stored.item.image
    return {
        "sha256": record.sha256,
        "made_from": str(record.metadata["made_from"]).split(),
        "made_by": record.metadata["made_by"],
    }


def _sentences(record: Mapping[str, Any], outcome: Outcome) -> list[str]:
    lines = [
        f"{record['amount']} synthetic images of {record['label']} ({record['chosen']}) beside"
        f" {record['real_images']} real ones.",
        *outcome.sentences(),
    ]
    if record["kept"]:
        lines.append(
            f"Kept: {outcome.why}. Snapshot {record['new_snapshot'][:12]}, run"
            f" {record['new_run']}."
        )
    else:
        lines.append(f"Dropped: {outcome.why}. The images are archived, not learned from.")
    if record["asked_before"]:
        lines.append(
            f"Earlier runs of synthesis in this project: {record['asked_before']}. The more"
            " often the same test images are asked, the likelier a lucky answer."
        )
    return lines
