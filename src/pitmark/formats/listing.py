"""What a folder holds: images, what is said about them, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from pitmark.core.label_book import GOOD_NAMES
from pitmark.core.labels import Shape
from pitmark.core.records import LabeledImage, MetadataValue, Split
from pitmark.formats.scan import Folder

# The class of what a mask marks where nothing else names it.
DEFECT = "defect"


@dataclass(slots=True)
class ImportedImage:
    """One image file and what the folder says about it.

    `name` is the path below the root with forward slashes. `shapes` is None where nobody
    said anything, and empty where somebody looked and found nothing to mark. `by_labeler`
    holds everybody's shapes where the format tells labelers apart; `shapes` is then what
    the first of them said. `reference` is the file of the same part without defects.
    """

    path: Path
    name: str
    shapes: tuple[Shape, ...] | None = None
    metadata: dict[str, MetadataValue] = field(default_factory=dict)
    split: Split | None = None
    by_labeler: dict[str, tuple[Shape, ...]] = field(default_factory=dict)
    reference: Path | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not imported: the file it stands in, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Listing:
    """All that was found in a folder.

    `classes` are in the order of the format, or sorted. `problems` are what was left out,
    one by one; `notes` are remarks about what was kept. `good_class` names the class that
    means "no defect", where the folder has one.
    """

    format: str
    images: list[ImportedImage]
    classes: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    good_class: str | None = None


@dataclass(frozen=True, slots=True)
class WriteSummary:
    """What was written: how many images, and what the format could not hold."""

    files: int
    lost: list[str]


class Strength(IntEnum):
    """How well a folder fits a format; the strongest alone wins."""

    FALLBACK = 0  # images, and nothing said about them
    LAYOUT = 1  # names of folders
    STRUCTURE = 2  # files that belong together
    LABEL_FILES = 3  # label files of just this format


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a folder may be of some format."""

    strength: Strength
    found: str


@dataclass(frozen=True, slots=True)
class WriteJob:
    """What a writer gets: images in order, classes in order, and where to put them.

    `written` collects the name below `out` of every image that was written.
    """

    images: Sequence[LabeledImage]
    classes: tuple[str, ...]
    read_bytes: Callable[[str], bytes]
    out: Path
    written: list[tuple[str, LabeledImage]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Format:
    """A folder format: how to recognize, read and write it.

    `write` is None for a format that is only read. It returns what could not be held,
    as counted texts.
    """

    name: str
    title: str
    evidence: Callable[[Folder], Evidence | None]
    read: Callable[[Folder], Listing]
    write: Callable[[WriteJob], list[str]] | None


def is_good(name: str) -> bool:
    """Whether a class or folder name means "no defect".

    Args:
        name: A class, folder or file name.

    Returns:
        True for good, OK, normal, free and the like.
    """
    words = name.strip().casefold().replace("-", " ").replace("_", " ")
    return words in GOOD_NAMES


def classes_of(shape_lists: Iterable[Iterable[Shape] | None]) -> tuple[str, ...]:
    """The classes that occur, sorted.

    Args:
        shape_lists: The shapes of each image.

    Returns:
        Names without repetition.
    """
    return tuple(sorted({s.label for shapes in shape_lists for s in shapes or ()}))


def counted(losses: Mapping[str, int]) -> list[str]:
    """Losses as texts.

    Args:
        losses: What was lost, and how often.

    Returns:
        One text for each that happened, such as "3 x outlines became boxes".
    """
    return [f"{count} x {text}" for text, count in losses.items() if count]
