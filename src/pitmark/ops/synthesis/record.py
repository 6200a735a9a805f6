"""What is written down of a run of synthesis, and what becomes of its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.core.labels import shapes_hash
from pitmark.core.records import Snapshot, SnapshotItem
from pitmark.ops.models.train_options import settings_of
from pitmark.ops.models.training import Learned, finish_run
from pitmark.ops.synthesis.candidates import Candidate
from pitmark.ops.synthesis.images import StoredImage, set_use
from pitmark.ops.synthesis.policies import OVERSAMPLE
from pitmark.ops.synthesis.trial import Setting
from pitmark.ops.synthesis.verdict import Decision, Outcome
from pitmark.store.db import ProjectStore


@dataclass(frozen=True, slots=True)
class Tried:
    """A candidate that was learned from."""

    candidate: Candidate
    stored: Sequence[StoredImage]
    learned: Learned
    validation: Outcome | None


def keep_images(project: ProjectStore, setting: Setting, best: Tried) -> dict[str, Any]:
    """Take synthetic images into the training data.

    Args:
        project: The project.
        setting: Names the snapshot that they join.
        best: The images, and the model that learned from them.

    Returns:
        For the record: the new snapshot, and the run of that model.
    """
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


def drop_others(project: ProjectStore, tried: Sequence[Tried], kept: Tried | None) -> None:
    """Take all images but the kept ones out of the data; they stay in the archive.

    Args:
        project: The project.
        tried: All candidates.
        kept: The one that stays, if any.
    """
    mine = {s.item.image.sha256 for s in kept.stored} if kept else set()
    every = [s for t in tried for s in t.stored]
    set_use(project, [s for s in every if s.item.image.sha256 not in mine], "dropped")


def record_of(
    setting: Setting,
    tried: Sequence[Tried],
    best: Tried,
    decision: Decision,
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """The record of a run, as plain JSON types.

    Args:
        setting: What was compared with.
        tried: All candidates.
        best: The one that validation chose.
        decision: What the test images said of it.
        more: Further entries; `asked_before` is needed, and those of `keep_images`.

    Returns:
        The record, with its sentences for a person.
    """
    record = {
        "label": setting.label,
        "where": dict(setting.how.where),
        "snapshot": setting.baseline.snapshot_id,
        "baseline": setting.baseline.id,
        "candidates": [_told(t) for t in tried],
        "chosen": best.candidate.name,
        "equal_limits": best.learned.model.spec.task == "detection",
        "amount": len(best.stored),
        **decision.to_json(),
        **more,
        "trainings": len(tried) + decision.trainings,
        "images": [_provenance(s) for s in best.stored],
    }
    record["sentences"] = _sentences(record, decision)
    return record


def _told(tried: Tried) -> dict[str, Any]:
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


def _sentences(record: Mapping[str, Any], decision: Decision) -> list[str]:
    made_by = {made["made_by"] for made in record["images"]}
    what = "copies of images" if made_by == {OVERSAMPLE} else "synthetic images"
    lines = [
        f"{record['amount']} {what} of {record['label']} ({record['chosen']}) beside"
        f" {record['real_images']} real ones.",
        *decision.sentences(),
    ]
    if record["equal_limits"]:
        lines.append("All models were judged where they draw as many false boxes.")
    if record["kept"]:
        lines.append(
            f"Kept: {decision.why}. Snapshot {record['new_snapshot'][:12]}, run"
            f" {record['new_run']}."
        )
    else:
        lines.append(f"Dropped: {decision.why}. The images are archived, not learned from.")
    if decision.copies_suffice:
        lines.append(
            "Showing the real images more often helps by itself. To learn from such copies:"
            f' pitmark synthesize "{record["label"]}" --policy oversample --amount'
            f" {record['amount']}"
        )
    if record["asked_before"]:
        lines.append(
            f"Earlier runs of synthesis in this project: {record['asked_before']}. The more"
            " often the same test images are asked, the likelier a lucky answer."
        )
    return lines
