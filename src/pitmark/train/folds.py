"""Out-of-fold predictions: what a model says about images it has not learned from.

They are what labels are judged by: a model that has seen a wrong label repeats it.
Images of one group (the same part) are always in the same fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction, predictions_from_bytes, predictions_to_bytes
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import LabeledImage, PixelLoader, Split, references_of
from pitmark.core.splits import SplitItem, assign_folds
from pitmark.train.loop import fingerprint, fit
from pitmark.train.model import TrainedModel
from pitmark.train.quick import quick_fit
from pitmark.train.settings import TrainSettings


def out_of_fold(  # noqa: PLR0913 - mirrors loop.fit, with the folds added
    images: Sequence[LabeledImage],
    load: PixelLoader,
    spec: InspectorSpec,
    settings: TrainSettings,
    *,
    folds: int = 3,
    report: Reporter = silent,
    workdir: Path | None = None,
    splits: tuple[Split, ...] = ("train", "val"),
    flips: bool = True,
    turns: bool = True,
    quick: bool = False,
) -> dict[str, Prediction]:
    """A prediction for every labeled image, by a model that has not learned from its group.

    Args:
        images: Any images; only labeled ones of `splits` take part.
        load: Gives pixels.
        spec: What to learn.
        settings: How.
        folds: How many models to train, at least 2.
        report: Takes progress; the stage names the fold.
        workdir: Folder for the state, so that a killed run goes on where it stood.
        splits: Which images take part.
        flips: Whether a mirrored image is a possible one.
        turns: Whether a quarter-turned image is a possible one.
        quick: Take the first model in closed form instead of training.

    Returns:
        sha256 to prediction, in the order of the images.

    Raises:
        NotEnoughDataError: Fewer than two groups, or a fold leaves nothing to learn from.
        InvalidInputError: Fewer than two folds.
        CancelledError: `report` asked to stop.
    """
    members = [i for i in images if i.split in splits and i.shapes is not None]
    fold_of = _folds(members, folds, settings.seed)
    numbers = sorted(set(fold_of))
    if len(numbers) < 2:
        raise NotEnoughDataError(
            "out-of-fold predictions need labeled images of at least two groups,"
            f" found {len(members)} images of {len({i.image.group_key for i in members})}",
            hint="Label more images, or see whether the group key is too coarse.",
        )
    found: dict[str, Prediction] = {}
    for number in numbers:
        parted = [
            replace(i, split="test" if fold == number else "train")
            for i, fold in zip(members, fold_of, strict=True)
        ]
        name = f"fold {numbers.index(number) + 1} of {len(numbers)}"
        run = _Fold(parted, load, spec, settings, flips, turns, name, report, workdir, quick)
        found |= run.predictions()
    return {i.image.sha256: found[i.image.sha256] for i in members}


def _folds(members: Sequence[LabeledImage], folds: int, seed: int) -> list[int]:
    items = [
        SplitItem(
            i.image.sha256,
            i.image.group_key,
            tuple(sorted({s.label for s in i.shapes or ()})),
        )
        for i in members
    ]
    return assign_folds(items, folds, seed=seed)


@dataclass(frozen=True, slots=True)
class _Fold:
    """One model of the folds: trains on split "train", predicts split "test"."""

    images: Sequence[LabeledImage]
    load: PixelLoader
    spec: InspectorSpec
    settings: TrainSettings
    flips: bool
    turns: bool
    name: str
    report: Reporter
    workdir: Path | None
    quick: bool

    def predictions(self) -> dict[str, Prediction]:
        """Of the images left out, from the folder where they are there already."""
        away = [i.image.sha256 for i in self.images if i.split == "test"]
        kept = self._file("npz")
        if kept is not None and kept.is_file():
            return predictions_from_bytes(kept.read_bytes())
        checkpoint = self._file("checkpoint")
        references = references_of(self.images)
        model = self._model(checkpoint)
        found = model.predict_many(away, self.load, references=references, report=self._told)
        if kept is not None and checkpoint is not None:
            partial = kept.with_suffix(".partial")
            partial.write_bytes(predictions_to_bytes(found))
            partial.replace(kept)
            checkpoint.unlink(missing_ok=True)
        return found

    def _model(self, checkpoint: Path | None) -> TrainedModel:
        if self.quick:
            return quick_fit(self.images, self.load, self.spec, self.settings)
        return fit(
            self.images,
            self.load,
            self.spec,
            self.settings,
            report=self._told,
            checkpoint=checkpoint,
            flips=self.flips,
            turns=self.turns,
        )

    def _told(self, progress: Progress) -> None:
        self.report(replace(progress, stage=f"{self.name}: {progress.stage}"))

    def _file(self, suffix: str) -> Path | None:
        """A file whose name says what it depends on, so that no old one is mistaken."""
        if self.workdir is None:
            return None
        self.workdir.mkdir(parents=True, exist_ok=True)
        held = sorted(i.image.sha256 for i in self.images if i.split == "test")
        mark = fingerprint(
            self.images, self.spec, self.settings, held, self.flips, self.turns, self.quick
        )
        return self.workdir / f"fold-{mark[:24]}.{suffix}"
