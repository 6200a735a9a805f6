"""Bring a folder of images, labels and metadata into a project."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pitmark.core.errors import InvalidInputError, PitmarkError
from pitmark.core.labels import Shape, shape_box
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import ImageRecord
from pitmark.formats.images import DecodedImage, decode_image
from pitmark.formats.registry import ImportedImage, Listing, Problem, read_folder
from pitmark.ops.images.references import ReferenceKeeper
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import ProjectStore

# Images between two commits: what a kill can cost is at most this much work, no data.
_BATCH = 64
_READERS = 8


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import found, added and had to leave out.

    `known` images were in the project before, `compared` ones have a reference;
    `problems` name every file that could not be taken and why.
    """

    format: str
    found: int
    added: int
    known: int
    labeled: int
    classes: tuple[str, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    seconds: float
    compared: int = 0

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON types."""
        return {
            "format": self.format,
            "found": self.found,
            "added": self.added,
            "known": self.known,
            "labeled": self.labeled,
            "compared": self.compared,
            "classes": list(self.classes),
            "problems": [{"name": p.name, "reason": p.reason} for p in self.problems],
            "notes": list(self.notes),
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read a folder.

    `format` None asks for detection; `pattern` takes metadata from file names, as in
    "exp{exposure}_num_{num}"; `metadata_csv` joins a table by file name; images that
    agree in all `group_by` metadata keys belong to one group. `reference` is the rule by
    which images have references, as in "{name}_temp"; see `formats.references`.
    """

    format: str | None = None
    pattern: str | None = None
    metadata_csv: Path | None = None
    group_by: tuple[str, ...] = ()
    labeler: str = "import"
    reference: str | None = None


def import_folder(
    project: ProjectStore,
    folder: Path,
    *,
    options: ImportOptions | None = None,
    report: Reporter = silent,
) -> ImportSummary:
    """Import a folder; what is broken is named and left out, the rest is taken.

    Importing the same folder again adds nothing. A killed import is continued by running
    it again: every image is either wholly in the project or not at all.

    Args:
        project: Where to.
        folder: The folder as the user has it.
        options: How to read it.
        report: Told of the progress.

    Returns:
        The summary.

    Raises:
        InvalidInputError: No such folder, the pattern, table or rule cannot be used, or
            images have no reference where a rule asks for one.
        UnknownFormatError: The format cannot be told.
    """
    how = options or ImportOptions()
    if not folder.is_dir():
        raise InvalidInputError(f"there is no folder {str(folder)!r}")
    started = time.monotonic()
    listing = read_folder(
        folder,
        format=how.format,
        pattern=how.pattern,
        metadata_csv=how.metadata_csv,
        task=project.task,
        reference=how.reference,
    )
    _check_groups(listing, how.group_by)
    book = project.book.current()
    extended = book.with_classes(listing.classes)
    if listing.good_class in extended.names:
        good = extended.entry(str(listing.good_class))
        extended = extended if good.good else extended.with_entry(replace(good, good=True))
    if extended is not book:
        project.book.save(extended, author=how.labeler, reason=f"import of {folder.name}")
    importer = _Importer(project, how, problems=list(listing.problems))
    importer.take(listing, folder.name, report)
    return ImportSummary(
        format=listing.format,
        found=len(listing.images),
        added=importer.added,
        known=importer.known,
        labeled=importer.labeled,
        classes=listing.classes,
        problems=tuple(importer.problems),
        notes=tuple(listing.notes),
        seconds=time.monotonic() - started,
        compared=importer.compared,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that was read: what was said about it, and its record; None if it is broken."""

    item: ImportedImage
    record: ImageRecord | None
    problems: tuple[Problem, ...] = ()


class _Importer:
    """The counters and the batch loop of one import."""

    def __init__(
        self, project: ProjectStore, how: ImportOptions, *, problems: list[Problem]
    ) -> None:
        self.project, self.how, self.problems = project, how, problems
        self.added = self.known = self.labeled = self.compared = 0
        self.book_revision = project.book.current().revision
        self._said: dict[tuple[str, str], tuple[Shape, ...]] = {}
        self._references = ReferenceKeeper(project)

    def take(self, listing: Listing, source: str, report: Reporter) -> None:
        """Read, check and store all images of a listing, batch by batch."""
        total, done = len(listing.images), 0
        started = time.monotonic()
        # Waiting for the disk to hold a file safely is most of the time of one thread.
        with ThreadPoolExecutor(_READERS) as pool:
            for batch in _batches(listing.images, _BATCH):
                read = list(pool.map(self._read, batch))
                self.problems += [p for r in read for p in r.problems]
                self._store([(r.item, r.record) for r in read if r.record], source)
                done += len(batch)
                spent = time.monotonic() - started
                report(Progress("import", done, total, eta_s=spent / done * (total - done)))

    def _read(self, item: ImportedImage) -> _Read:
        try:
            data = item.path.read_bytes()
            decoded = decode_image(data, name=item.name)
        except PitmarkError as exc:
            return _Read(item, None, (Problem(item.name, exc.message),))
        except OSError as exc:
            reason = exc.strerror or "cannot be read"
            return _Read(item, None, (Problem(item.name, reason),))
        reference = None
        if item.reference is not None:
            try:
                reference = self._references.keep(item.reference, decoded)
            except PitmarkError as exc:
                return _Read(item, None, (Problem(item.name, exc.message),))
        fitted, problems = _fit(item, decoded)
        record = self._record(fitted, decoded, self.project.blobs.put(data))
        return _Read(fitted, replace(record, reference=reference), problems)

    def _record(self, item: ImportedImage, decoded: DecodedImage, sha: str) -> ImageRecord:
        metadata = dict(item.metadata)
        if item.split:
            metadata.setdefault("split", item.split)
        # What was synthetic in another project stays so: exports tell it in the metadata.
        synthetic = str(metadata.pop("synthetic", "")).strip().lower() in ("true", "1", "yes")
        keys = self.how.group_by
        whole = bool(keys) and all(k in metadata for k in keys)
        group = "/".join(str(metadata[k]) for k in keys) if whole else None
        return ImageRecord(
            sha256=sha,
            width=decoded.width,
            height=decoded.height,
            mode=decoded.mode,
            name=item.name,
            metadata=metadata,
            group=group,
            synthetic=synthetic,
        )

    def _store(self, ready: Sequence[tuple[ImportedImage, ImageRecord]], source: str) -> None:
        with self.project.transaction():
            new = self.project.images.add_many([(r, source) for _, r in ready])
            said = [a for item, record in ready for a in self._annotations(item, record)]
            self.project.annotations.add_many(said)
        self.compared += sum(record.reference is not None for _, record in ready)
        self.added += sum(new)
        self.known += len(new) - sum(new)
        self.labeled += sum(item.shapes is not None for item, _ in ready)

    def _annotations(self, item: ImportedImage, record: ImageRecord) -> list[NewAnnotation]:
        """What is said about an image; a copy with other labels speaks as a second labeler."""
        by_labeler = dict(item.by_labeler)
        if not by_labeler and item.shapes is not None:
            by_labeler = {self.how.labeler: item.shapes}
        out = []
        for name, shapes in by_labeler.items():
            first = self._said.setdefault((record.sha256, name), shapes)
            labeler = name if first == shapes else f"{name} (copy)"
            out.append(NewAnnotation(record.sha256, shapes, labeler, self.book_revision))
        return out


def _fit(
    item: ImportedImage, decoded: DecodedImage
) -> tuple[ImportedImage, tuple[Problem, ...]]:
    """Leave out shapes that lie outside the pixels that are really there."""
    width, height = decoded.width, decoded.height
    problems = []

    def inside(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        kept = []
        for shape in shapes:
            box = shape_box(shape)
            if box and (box[0] >= width or box[1] >= height or box[2] <= 0 or box[3] <= 0):
                reason = f"{shape.label} at {box} lies outside the image of {width}x{height}"
                problems.append(Problem(item.name, f"{reason}; shape left out"))
            else:
                kept.append(shape)
        return tuple(kept)

    if item.shapes is None:
        return item, ()
    said = {name: inside(shapes) for name, shapes in item.by_labeler.items()}
    shapes = next(iter(said.values())) if said else inside(item.shapes)
    return replace(item, shapes=shapes, by_labeler=said), tuple(problems)


def _check_groups(listing: Listing, keys: Sequence[str]) -> None:
    """Grouping by something that no image has is a slip, not a wish."""
    for key in keys:
        if listing.images and not any(key in i.metadata for i in listing.images):
            seen = sorted({k for i in listing.images for k in i.metadata})
            raise InvalidInputError(
                f"no image has metadata {key!r} to group by",
                hint=f"There is: {', '.join(seen) or 'none'}. See --pattern and --metadata.",
            )


def _batches(items: Sequence[ImportedImage], size: int) -> Iterator[Sequence[ImportedImage]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def group_by_metadata(project: ProjectStore, keys: Sequence[str]) -> int:
    """Put all images that agree in some metadata into one group each.

    Args:
        project: The project.
        keys: Metadata keys; images lacking one of them stay on their own.

    Returns:
        The number of groups.

    Raises:
        InvalidInputError: No image has all of the keys.
    """
    groups: dict[str, str] = {}
    for record in project.images.iterate():
        values: Mapping[str, Any] = record.metadata
        if all(k in values for k in keys):
            groups[record.sha256] = "/".join(str(values[k]) for k in keys)
    if not groups:
        raise InvalidInputError(f"no image has the metadata {', '.join(keys)}")
    project.images.set_group(groups)
    return len(set(groups.values()))
