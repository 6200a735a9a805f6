"""The folder formats that Pitmark knows: recognize, read and write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pitmark.core.errors import ConflictError, InvalidInputError, UnknownFormatError
from pitmark.core.labels import MaskShape, Task
from pitmark.core.records import LabeledImage
from pitmark.formats import (
    class_folders,
    coco,
    csv_table,
    deeppcb,
    labelme,
    masks,
    mvtec,
    plain,
    voc,
    yolo,
)
from pitmark.formats.for_task import fit_task
from pitmark.formats.listing import (
    Evidence,
    Format,
    ImportedImage,
    Listing,
    Problem,
    WriteJob,
    WriteSummary,
    classes_of,
    counted,
)
from pitmark.formats.metadata import (
    METADATA_FILE,
    hint_at_tables,
    join_csv,
    join_pattern,
    write_metadata,
)
from pitmark.formats.references import ReferenceRule, pair_references
from pitmark.formats.scan import Folder

__all__ = [
    "FORMATS",
    "Evidence",
    "Format",
    "ImportedImage",
    "Listing",
    "Problem",
    "WriteSummary",
    "detect_format",
    "read_folder",
    "write_folder",
]

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        class_folders.FORMAT,
        coco.FORMAT,
        csv_table.FORMAT,
        deeppcb.FORMAT,
        labelme.FORMAT,
        masks.FORMAT,
        mvtec.FORMAT,
        plain.FORMAT,
        voc.FORMAT,
        yolo.FORMAT,
    )
}


def detect_format(root: Path) -> str:
    """The format of a folder.

    Args:
        root: The folder.

    Returns:
        A key of `FORMATS`.

    Raises:
        UnknownFormatError: Nothing matches, or several formats match equally well; the
            message says what was found for each.
    """
    return _detect(Folder(root))


def read_folder(
    root: Path,
    *,
    format: str | None = None,
    pattern: str | None = None,
    metadata_csv: Path | None = None,
    task: Task | None = None,
    reference: str | None = None,
) -> Listing:
    """What a folder holds, without decoding its images.

    Args:
        root: The folder.
        format: A key of `FORMATS`; None recognizes it.
        pattern: Metadata from file names, such as "exp{exposure}_num_{num}".
        metadata_csv: A table with a column `image` or `file`; `metadata.csv` in the root
            is read without being asked for.
        task: What the labels are for; whole-image classes are made from shapes for
            classification, and "good" becomes "nothing to mark" for anomaly.
        reference: Rule by which images have references, see `formats.references`; these
            are then no images themselves.

    Returns:
        Images with shapes and metadata, and every problem by file name.

    Raises:
        UnknownFormatError: The format is not known or cannot be told.
        InvalidInputError: The pattern, the table, the rule or the main label file cannot
            be used, or an image has no reference.
    """
    rule = None if reference is None else ReferenceRule.parse(reference)
    folder = Folder(root)
    chosen = _format(format or _detect(folder))
    listing = chosen.read(folder)
    listing.problems.extend(Problem(n, why) for n, why in folder.refused)
    listing.images.sort(key=lambda i: i.name)
    if rule is not None and rule.by_name:
        pair_references(listing, folder, rule)
    if pattern is not None:
        join_pattern(listing, pattern)
    if metadata_csv is not None:
        join_csv(listing, metadata_csv)
    elif METADATA_FILE in folder:
        _join_found_table(listing, folder.path(METADATA_FILE))
    else:
        hint_at_tables(listing, folder)
    if rule is not None and not rule.by_name:
        pair_references(listing, folder, rule)
    if task is not None:
        fit_task(listing, task)
    return listing


def write_folder(
    format: str,
    images: Iterable[LabeledImage],
    read_bytes: Callable[[str], bytes],
    out: Path,
    *,
    classes: Sequence[str] = (),
) -> WriteSummary:
    """Write images with their labels in some format.

    Args:
        format: A key of `FORMATS`.
        images: What to write.
        read_bytes: Gives the bytes of an image file by its sha256.
        out: A new or empty folder.
        classes: Class names in the order to number them; others follow, sorted.

    Returns:
        How many images were written, and what the format could not hold.

    Raises:
        UnknownFormatError: No such format.
        InvalidInputError: The format is only read.
        ConflictError: The folder is not empty.
    """
    chosen = _format(format)
    if chosen.write is None:
        able = ", ".join(sorted(n for n, f in FORMATS.items() if f.write))
        raise InvalidInputError(
            f"{format} is only read, never written", hint=f"Writable: {able}."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConflictError(f"{out} exists and is not an empty folder", hint="Name a new one.")
    out.mkdir(parents=True, exist_ok=True)
    items, empty = _without_empty_masks(images)
    found = classes_of(i.shapes for i in items)
    names = (*classes, *(c for c in found if c not in classes))
    job = WriteJob(items, names, read_bytes, out)
    lost = chosen.write(job)
    write_metadata(job)
    compared = sum(i.image.reference is not None for i in items)
    empty |= {"reference images were left out": compared}
    return WriteSummary(len(job.written), lost + counted(empty))


def _without_empty_masks(
    images: Iterable[LabeledImage],
) -> tuple[list[LabeledImage], dict[str, int]]:
    """Masks that mark nothing mean nothing, and readers take them for damage."""
    items, count = [], 0
    for item in images:
        kept = [
            s for s in item.shapes or () if not isinstance(s, MaskShape) or any(s.counts[1::2])
        ]
        empty = len(item.shapes or ()) - len(kept)
        count += empty
        items.append(replace(item, shapes=tuple(kept)) if empty else item)
    return items, {"masks without a pixel were left out": count}


def _join_found_table(listing: Listing, path: Path) -> None:
    """A table that nobody asked for is no reason to refuse the images."""
    try:
        join_csv(listing, path)
    except InvalidInputError as exc:
        listing.problems.append(Problem(METADATA_FILE, exc.message))


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise UnknownFormatError(
            f"there is no format {name!r}", hint=f"Known: {', '.join(sorted(FORMATS))}."
        )
    return FORMATS[name]


def _detect(folder: Folder) -> str:
    if not folder.images:
        raise UnknownFormatError(
            f"{folder.root} holds no image files",
            hint="Point to the folder that holds the images, or unpack the archive first.",
        )
    found = {n: e for n, f in FORMATS.items() if (e := f.evidence(folder)) is not None}
    best = max(e.strength for e in found.values())
    top = {n: e for n, e in found.items() if e.strength == best}
    if len(top) > 1:
        listed = "; ".join(f"{n}: {e.found}" for n, e in sorted(top.items()))
        raise UnknownFormatError(
            f"{folder.root} could be of {len(top)} formats: {listed}",
            hint="Say which with --format NAME: " + ", ".join(sorted(top)) + ".",
        )
    return next(iter(top))
