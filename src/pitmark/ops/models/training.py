"""Train a model on a snapshot, and keep everything that is needed to trust it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pitmark.core.errors import (
    CancelledError,
    MissingExtraError,
    NotEnoughDataError,
    PitmarkError,
)
from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction, predictions_from_bytes, predictions_to_bytes
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage, PixelLoader, Split, references_of
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.references import check_references, reference_report
from pitmark.ops.models.evaluating import choose_thresholds, evaluate_predictions
from pitmark.ops.models.train_options import TrainOptions, settings_of
from pitmark.ops.models.unseen import can_be_left_out, judged_unseen
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

if TYPE_CHECKING:
    from pitmark.train.model import TrainedModel
    from pitmark.train.settings import TrainSettings

MODEL = "model"
REPORT = "report"


def train(
    project: ProjectStore, *, options: TrainOptions | None = None, report: Reporter = silent
) -> RunRow:
    """Train on a snapshot, choose thresholds on validation, evaluate on test.

    A run that was killed or stopped is continued from its last checkpoint when the same
    snapshot, settings and seed are asked for again.

    Args:
        project: The project.
        options: See TrainOptions.
        report: Told of step, loss and time left.

    Returns:
        The finished run.

    Raises:
        NotFoundError: No such snapshot.
        NotEnoughDataError: The data cannot support this task.
        MissingExtraError: `pitmark[train]` is not installed.
    """
    how = options or TrainOptions()
    _require_torch()
    info, images = project.snapshots.load(how.snapshot)
    settings = settings_of(project, images, how)
    kept = {**settings.to_json(), "quick": how.quick}
    row = _continue_or_create(project, info.id, kept, how.seed)
    try:
        return _run(project, row, images, settings, how, report)
    except CancelledError:
        # Asked for again, it goes on from its last checkpoint.
        project.runs.interrupt(row.id)
        raise
    except PitmarkError as exc:
        project.runs.fail(row.id, exc.message)
        raise


def _run(
    project: ProjectStore,
    row: RunRow,
    images: Sequence[LabeledImage],
    settings: TrainSettings,
    how: TrainOptions,
    report: Reporter,
) -> RunRow:
    work = run_folder(project, row.id)
    learned = learn(project, images, settings, how, work=work, report=report)
    return finish_run(project, row, learned)


@dataclass(frozen=True, slots=True)
class Learned:
    """A trained model, what it says of the held-out images, and how well it does."""

    model: TrainedModel
    predictions: Mapping[str, Prediction]
    outcome: Mapping[str, Any]


def learn(
    project: ProjectStore,
    images: Sequence[LabeledImage],
    settings: TrainSettings,
    how: TrainOptions,
    *,
    work: Path,
    report: Reporter = silent,
) -> Learned:
    """A model learned from some images; nothing is written to the project.

    Args:
        project: Gives pixels, task and label book.
        images: With their splits.
        settings: How to learn.
        how: Whether a quick model is wanted, and the costs for its thresholds.
        work: Folder for checkpoints.
        report: Told of step, loss and time left.

    Returns:
        The model with thresholds chosen on validation, judged on test.

    Raises:
        NotEnoughDataError: The data cannot support this task.
    """
    from pitmark.train.planning import plan_inspector
    from pitmark.train.quick import quick_fit
    from pitmark.train.rivals import fit_best

    book = project.book.current()
    load = pixel_loader(project)
    if how.quick and not settings.reference:
        settings = replace(settings, reference=False)
    spec = plan_inspector(images, book, project.task, settings, load=load)
    check_references(spec, images)
    learned: dict[str, Any] = {}
    if how.quick:
        model = quick_fit(images, load, spec, settings)
    else:
        model, learned = fit_best(
            images,
            load,
            spec,
            settings,
            report=report,
            workdir=work,
            flips=book.flips,
            turns=book.turns,
        )
    predictions = _predict(model, images, load, report)
    unseen: Mapping[str, Prediction] = {}
    if how.thresholds_on_unseen and can_be_left_out(spec, learned, quick=how.quick):
        unseen = judged_unseen(images, load, spec, settings, work=work, report=report)
    spec, choice = choose_thresholds(
        spec,
        [*in_split(images, "val"), *(i for i in images if i.image.sha256 in unseen)],
        {**predictions, **unseen},
        book=book,
        costs=how.costs,
    )
    model = model.with_spec(spec)
    test = in_split(images, "test")
    outcome = {"metrics": {}, "note": "the test split is empty: nothing was evaluated"}
    if test:
        outcome = evaluate_predictions(spec, test, predictions, book=book).to_json()
    outcome |= {"choice": choice, **reference_report(spec, images)}
    outcome |= {"learned": learned} if learned else {}
    return Learned(model, predictions, outcome)


def in_split(images: Sequence[LabeledImage], split: Split) -> list[LabeledImage]:
    """The images of one split.

    Args:
        images: Of a snapshot.
        split: train, val or test.

    Returns:
        Those images, in the order given.
    """
    return [i for i in images if i.split == split]


def finish_run(project: ProjectStore, row: RunRow, learned: Learned) -> RunRow:
    """Keep what was learned as the result of a run.

    Args:
        project: The project.
        row: A run that this process holds.
        learned: Its result.

    Returns:
        The run, done.
    """
    blobs, model = project.blobs, learned.model
    held_out = blobs.put(predictions_to_bytes(learned.predictions))
    artifacts = {
        MODEL: blobs.put(model.to_bytes()),
        REPORT: blobs.put(json.dumps(learned.outcome).encode()),
        "history": blobs.put(json.dumps(model.history).encode()),
    }
    project.runs.save_predictions(row.id, row.snapshot_id, "held-out", held_out)
    done = project.runs.finish(
        row.id,
        metrics=learned.outcome["metrics"],
        inspector=model.spec.to_json(),
        artifacts=artifacts,
    )
    shutil.rmtree(run_folder(project, row.id), ignore_errors=True)
    return done


def _predict(
    model: TrainedModel, images: Sequence[LabeledImage], load: PixelLoader, report: Reporter
) -> dict[str, Prediction]:
    held_out = [i.image.sha256 for i in images if i.split != "train"]
    references = references_of(images)
    return model.predict_many(held_out, load, references=references, report=report)


def _continue_or_create(
    project: ProjectStore, snapshot_id: str, settings: dict[str, Any], seed: int
) -> RunRow:
    for row in project.runs.list():
        same = row.snapshot_id == snapshot_id and row.settings == settings
        if row.state == "interrupted" and same and row.seed == seed:
            return project.runs.resume(row.id)
    return project.runs.create("train", snapshot_id, settings, seed)


def run_folder(project: ProjectStore, run_id: str) -> Path:
    """Where a run keeps its checkpoints until it is done.

    Args:
        project: The project.
        run_id: The run.

    Returns:
        An existing folder.
    """
    folder = project.work / run_id
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def load_model(project: ProjectStore, run: RunRow) -> TrainedModel:
    """The trained model of a finished run.

    Args:
        project: The project.
        run: A run in state done.

    Returns:
        The model with its thresholds.

    Raises:
        NotEnoughDataError: The run has no model.
    """
    _require_torch()
    from pitmark.train.model import TrainedModel

    if MODEL not in run.artifacts:
        raise NotEnoughDataError(
            f"run {run.id} is {run.state} and has no model", hint="Train first."
        )
    model = TrainedModel.from_bytes(project.blobs.read(run.artifacts[MODEL]))
    return model.with_spec(InspectorSpec.from_json(run.inspector or {}))


def held_out_predictions(project: ProjectStore, run: RunRow) -> dict[str, Prediction]:
    """What a run said about the images that it was not trained on.

    Args:
        project: The project.
        run: A finished run.

    Returns:
        sha256 to prediction, for the validation and test images of its snapshot.
    """
    blob = project.runs.predictions(run.id, "held-out")
    if blob is None:
        raise NotEnoughDataError(f"run {run.id} is {run.state} and has no predictions")
    return predictions_from_bytes(project.blobs.read(blob))


def _require_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as exc:
        raise MissingExtraError(
            "training needs torch, which is not installed",
            hint="pip install 'pitmark[train]'",
        ) from exc
