"""Any importable folder as pictures with one class each, for benches that compare features.

The class of a picture is the one of the whole image, else that of its first shape, else
"good"; or what a column of its metadata says. Options about columns apply to the sets
that have them, so that one run can take several sets.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from bench.shape import tell
from pitmark.core.labels import ImageClass
from pitmark.core.preprocess import Pixels
from pitmark.core.splits import SplitItem, assign_parts
from pitmark.formats.images import decode_image
from pitmark.formats.registry import ImportedImage, read_folder

NO_DEFECT = "good"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file, its class, and the part it shows; pictures of one part never part."""

    path: Path
    name: str
    label: str
    group: str

    def pixels(self) -> Pixels:
        """(H, W) or (H, W, 3), uint8 or uint16."""
        return decode_image(self.path.read_bytes(), name=self.name).pixels


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures of at least two classes, sorted by name."""

    name: str
    pictures: tuple[Picture, ...]
    grouped_by: str | None

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, sorted."""
        return tuple(sorted({p.label for p in self.pictures}))

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) class numbers."""
        return np.array([self.classes.index(p.label) for p in self.pictures])


def add_options(out: argparse.ArgumentParser) -> None:
    """What can be said about the classes and groups of the sets."""
    out.add_argument("--metadata", action="append", default=[], metavar="FILE",
                     help="table below the folder of a set; repeatable")  # fmt: skip
    out.add_argument("--columns", default="", metavar="A,B,C",
                     help="names of the columns of a table without a header")  # fmt: skip
    out.add_argument("--pattern", help='metadata from file names, as in "cell{cell}"')
    out.add_argument("--classes-from", action="append", default=[], metavar="COLUMN")
    out.add_argument("--keep", default="", metavar="A,B", help="only these two classes")
    out.add_argument("--group-by", action="append", default=[], metavar="COLUMN[/N]",
                     help="never part images that agree here; /N: ranges of N")  # fmt: skip


def read_sets(options: argparse.Namespace) -> list[PictureSet]:
    """All sets that were asked for; a grouping that none of them knows is an error."""
    out = [read_set(folder, options) for folder in options.data]
    lost = set(options.group_by) - {s.grouped_by for s in out}
    if lost:
        sys.exit(f"no set has metadata to group by {', '.join(sorted(lost))}")
    return out


def read_set(folder: Path, options: argparse.Namespace) -> PictureSet:
    """The pictures of a folder with their classes and groups."""
    images = listed(folder, options)
    column = _present(options.classes_from, images)
    group = _present([g.partition("/")[0] for g in options.group_by], images)
    spec = next((g for g in options.group_by if g.partition("/")[0] == group), None)
    pictures = [
        Picture(i.path, i.name, label, _group_of(i, spec))
        for i in images
        if (label := _class_of(i, column)) is not None
    ]
    keep = set(options.keep.split(",")) - {""}
    if keep and keep <= {p.label for p in pictures}:
        pictures = [p for p in pictures if p.label in keep]
    found = PictureSet(folder.name, tuple(sorted(pictures, key=lambda p: p.name)), spec)
    if len(found.classes) < 2:
        sys.exit(f"{folder.name} has the classes {found.classes}; two are needed")
    counts = ", ".join(f"{k} {v}" for k, v in Counter(p.label for p in pictures).items())
    groups = len({p.group for p in pictures})
    tell(f"{folder.name}: {counts}; {groups} groups by {spec or 'image'}")
    return found


def listed(folder: Path, options: argparse.Namespace) -> list[ImportedImage]:
    """The images of a folder with their shapes and metadata."""
    table = next((folder / m for m in options.metadata if (folder / m).is_file()), None)
    with tempfile.TemporaryDirectory() as spare:
        if table is not None and options.columns:
            table = _with_header(table, options.columns.split(","), Path(spare))
        found = read_folder(
            folder, pattern=options.pattern, metadata_csv=table, task="segmentation"
        )
    return found.images


def _with_header(table: Path, columns: list[str], folder: Path) -> Path:
    """A copy with a header of a table that has none and is aligned with blanks."""
    lines = table.read_text().splitlines()
    if "," in lines[0]:
        return table
    out = folder / table.name
    with out.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *(line.split() for line in lines)])
    return out


def _present(columns: list[str], images: list[ImportedImage]) -> str | None:
    return next((c for c in columns if any(c in i.metadata for i in images)), None)


def _class_of(image: ImportedImage, column: str | None) -> str | None:
    if column is not None:
        return str(image.metadata[column]) if column in image.metadata else None
    if image.shapes is None:
        return None
    whole = [s.label for s in image.shapes if isinstance(s, ImageClass)]
    return (whole or [s.label for s in image.shapes] or [NO_DEFECT])[0]


def _group_of(image: ImportedImage, spec: str | None) -> str:
    column, _, width = (spec or "").partition("/")
    if column not in image.metadata:
        return image.name
    value = image.metadata[column]
    # Parts are numbered from one: with /60 the first range is 1 to 60.
    return f"{column} {(int(value) - 1) // int(width)}" if width else f"{column} {value}"


def draw(
    found: PictureSet, budget: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pictures to label, and pictures to test on: no group is on both sides.

    Half of the pictures (more where the budget asks for it) may be labeled, the others
    are the test; the labels are shared out evenly over the classes, and within a class
    over as many groups as there are.

    Args:
        found: The set.
        budget: Labels in total.
        seed: Of the draw.

    Returns:
        Positions of the labeled and of the test pictures.
    """
    share = min(max(0.5, budget / len(found.pictures)), 1.0)
    parts = assign_parts(
        [SplitItem(p.name, p.group, (p.label,)) for p in found.pictures],
        {"label": share, "test": 1 - share},
        seed=seed,
    )
    sides = np.array([parts[p.name] for p in found.pictures])
    order = np.random.default_rng(seed).permutation(len(found.pictures))
    turn: Counter[str] = Counter()
    pool: list[tuple[int, int]] = []
    for place in order[sides[order] == "label"]:
        group = found.pictures[place].group
        pool.append((turn[group], int(place)))
        turn[group] += 1
    ranked = np.array([n for _, n in sorted(pool, key=lambda p: p[0])], dtype=np.int64)
    labels = found.labels
    quota = _quota(Counter(labels[ranked].tolist()), budget)
    if len(quota) < 2:
        _too_few(found, budget)
    chosen = np.concatenate([ranked[labels[ranked] == k][:n] for k, n in quota.items()])
    test = np.flatnonzero(sides == "test")
    if not len(test):
        _too_few(found, budget)
    return np.sort(chosen), test


def _too_few(found: PictureSet, budget: int) -> NoReturn:
    groups = len({p.group for p in found.pictures})
    sys.exit(
        f"{found.name} has {len(found.pictures)} pictures in {groups} groups: too few for"
        f" {budget} labels of two classes and a test"
    )


def _quota(counts: Mapping[int, int], budget: int) -> dict[int, int]:
    """How many of each class: as equal as what is there allows."""
    out = dict.fromkeys(sorted(counts), 0)
    for _ in range(min(budget, sum(counts.values()))):
        open_ = [k for k in out if out[k] < counts[k]]
        out[min(open_, key=lambda k: out[k])] += 1
    return out


def write_class_folders(found: PictureSet, split: Mapping[int, str], out: Path) -> None:
    """Copy pictures into one folder per class, with groups and splits in metadata.csv.

    Args:
        found: The set.
        split: Position of a picture to its split; others are left out.
        out: A new folder.
    """
    rows = [("image", "group", "split")]
    for number, part in sorted(split.items()):
        picture = found.pictures[number]
        name = f"{picture.label}/{number:05d}{picture.path.suffix}"
        (out / picture.label).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture.path, out / name)
        rows.append((name, picture.group, part))
    with (out / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
