"""What a bench of label faults starts from: clean labels and a detector that never saw them.

Any importable folder is brought into a workspace by `pitmark import`; each draw is a
snapshot of it, trained on by Pitmark and predicted on everything else. With a cache folder
all of it is kept, so that judging can be repeated without training again.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.shape import tell
from pitmark.core.labels import ImageClass, MaskShape, PolygonShape, Shape, Task
from pitmark.core.predictions import Prediction, predictions_from_bytes, predictions_to_bytes
from pitmark.core.records import LabeledImage, references_of
from pitmark.formats.registry import read_folder
from pitmark.ops.images.importing import ImportOptions
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.snapshots import SplitPlan
from pitmark.ops.models.train_options import train_settings
from pitmark.train.folds import out_of_fold
from pitmark.train.loop import fit
from pitmark.train.planning import plan_inspector
from pitmark.workspace.home import Workspace
from pitmark.workspace.project import Project

Labels = Mapping[str, tuple[Shape, ...]]
Predictions = dict[str, Prediction]


@dataclass(frozen=True)
class Source:
    """A set in a workspace, and where what was made of it is kept."""

    name: str
    task: Task
    project: Project
    folder: Path

    def draw(self, count: int, seed: int) -> list[LabeledImage]:
        """All labeled images, `count` of them to train on; groups never part."""
        plan = SplitPlan(train=count, val=0, seed=seed)
        info = self.project.snapshot(plan=plan)
        _, images = self.project.store.snapshots.load(info.id)
        return list(images)


@dataclass(frozen=True)
class Judged:
    """Images nobody trained on, with the classes and predictions of the detector."""

    images: tuple[LabeledImage, ...]
    classes: tuple[str, ...]
    predictions: Predictions

    @property
    def labels(self) -> dict[str, tuple[Shape, ...]]:
        """sha256 to the shapes as they were imported."""
        return {i.image.sha256: i.shapes or () for i in self.images}


@contextmanager
def open_source(data: Path, arguments: argparse.Namespace) -> Iterator[Source]:
    """A folder as a project; without --cache it is gone afterwards."""
    cache = getattr(arguments, "cache", None)
    with tempfile.TemporaryDirectory() as spare:
        task = arguments.task or _task_of(data)
        table, keys = _groups(data, arguments)
        pattern = getattr(arguments, "pattern", None)
        rule = getattr(arguments, "reference", None)
        told = (str(data.resolve()), task, str(table), keys, pattern, rule)
        mark = hashlib.sha256(repr(told).encode()).hexdigest()[:12]
        folder = (Path(cache) if cache else Path(spare)) / f"{data.name}-{task}-{mark}"
        options = ImportOptions(
            metadata_csv=table, group_by=keys, pattern=pattern, reference=rule
        )
        with Workspace.open(folder / "home") as home:
            known = home.projects()
            project = home.project() if known else home.create_project("faults", task=task)
            project.import_folder(data, options=options)
            grouped = f", grouped by {', '.join(keys)}" if keys else ""
            tell(f"{data.name}: {task}{grouped}")
            yield Source(data.name, task, project, folder)


def predicted(
    source: Source, images: Sequence[LabeledImage], seed: int, arguments: argparse.Namespace
) -> Judged:
    """The predictions of a detector trained on split "train" for the images of "test"."""
    held = tuple(i for i in images if i.split == "test")

    def work() -> tuple[tuple[str, ...], Predictions]:
        spec, settings, book = _planned(source, images, seed, arguments)
        load = pixel_loader(source.project.store)
        model = fit(images, load, spec, settings, flips=book.flips, turns=book.turns)
        shas = [i.image.sha256 for i in held]
        found = model.predict_many(shas, load, references=references_of(held))
        return spec.classes, found

    classes, found = _kept(source, "held-out", (images, seed, _how(arguments)), work)
    return Judged(held, classes, found)


def folded(
    source: Source, images: Sequence[LabeledImage], seed: int, arguments: argparse.Namespace
) -> Judged:
    """Out-of-fold predictions on the images of split "train", labels as they are given."""
    mine = tuple(i for i in images if i.split == "train")

    def work() -> tuple[tuple[str, ...], Predictions]:
        spec, settings, book = _planned(source, mine, seed, arguments)
        load = pixel_loader(source.project.store)
        flips, turns = book.flips, book.turns
        found = out_of_fold(mine, load, spec, settings, flips=flips, turns=turns)
        return spec.classes, found

    classes, found = _kept(source, "folds", (mine, seed, _how(arguments)), work)
    return Judged(mine, classes, found)


def with_labels(images: Sequence[LabeledImage], labels: Labels) -> list[LabeledImage]:
    """The same images with other labels where there are such."""
    return [replace(i, shapes=labels.get(i.image.sha256, i.shapes)) for i in images]


def _planned(
    source: Source, images: Sequence[LabeledImage], seed: int, arguments: argparse.Namespace
) -> tuple[Any, Any, Any]:
    book = source.project.label_book
    settings = train_settings(images, seed=seed, **_how(arguments))
    load = pixel_loader(source.project.store)
    spec = plan_inspector(images, book, source.task, settings, load=load)
    return spec, settings, book


def _how(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "preset": getattr(arguments, "preset", None) or "fast",
        "side_px": getattr(arguments, "side", None),
        "image_steps": getattr(arguments, "image_steps", None),
        "threads": arguments.threads,
    }


def _kept(
    source: Source, kind: str, told: tuple[Any, ...], work: Any
) -> tuple[tuple[str, ...], Predictions]:
    """What `work` gives, from its file where it was done before."""
    images, seed, how = told
    lines = sorted(f"{i.image.sha256} {i.split} {i.shapes!r}" for i in images)
    same = {k: v for k, v in how.items() if k != "threads"}
    mark = hashlib.sha256(repr((kind, seed, same, lines)).encode()).hexdigest()[:16]
    path = source.folder / f"{kind}-{mark}.npz"
    about = path.with_suffix(".json")
    if about.is_file():
        classes = tuple(json.loads(about.read_text()))
        return classes, predictions_from_bytes(path.read_bytes())
    tell(f"{source.name}: training ({kind}, seed {seed})")
    classes, found = work()
    path.write_bytes(predictions_to_bytes(found))
    about.write_text(json.dumps(list(classes)))
    return classes, found


def _task_of(data: Path) -> Task:
    """Detection where most shapes are boxes, segmentation where they are outlines."""
    shapes = [s for i in read_folder(data).images for s in i.shapes or ()]
    outlines = sum(isinstance(s, MaskShape | PolygonShape) for s in shapes)
    whole = sum(isinstance(s, ImageClass) for s in shapes)
    return "segmentation" if 2 * outlines > len(shapes) - whole else "detection"


def _groups(data: Path, arguments: argparse.Namespace) -> tuple[Path | None, tuple[str, ...]]:
    """The table and its columns that name the part: as asked for, else found by their name."""
    named = getattr(arguments, "metadata", None)
    asked = [data / named] if named else []
    tables = [t for t in asked if t.is_file()] or sorted(data.glob("*.csv"))
    keys = tuple(getattr(arguments, "group_by", None) or ())
    for table in tables:
        with table.open(newline="", encoding="utf-8", errors="replace") as file:
            header = next(csv.reader(file), [])
        if not {"image", "file"} & set(header):
            continue
        found = tuple(k for k in keys if k in header)
        found = found or tuple(c for c in header if "group" in c)[:1]
        if found or table in asked:
            return table, found
    return None, keys if getattr(arguments, "pattern", None) else ()
