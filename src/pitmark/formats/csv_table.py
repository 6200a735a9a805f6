"""A CSV table of labels: one row for each class of an image or each box.

    labels.csv      image,label,x1,y1,x2,y2,labeler,split,camera
    images/001.jpg

`image` (or `file`) and `label` are needed, the corners and `labeler` are optional, any
further column is metadata. An empty label means: looked at, nothing to mark.

Holds: classes of whole images, boxes, labelers, splits, metadata. Not: outlines, masks.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter, defaultdict

from pitmark.core.errors import InvalidInputError, PitmarkError
from pitmark.core.labels import BoxShape, ImageClass, Shape, shape_box
from pitmark.core.records import Split
from pitmark.formats.export import lose, put, put_image, stems
from pitmark.formats.gathering import Gathering
from pitmark.formats.listing import Evidence, Format, Listing, Strength, WriteJob, counted
from pitmark.formats.metadata import METADATA_FILE
from pitmark.formats.scan import Folder, split_word, stem_of
from pitmark.formats.table import IMAGE_COLUMNS, Table, header_of, parse_table, typed

_CORNERS = ("x1", "y1", "x2", "y2")
_KNOWN = frozenset({*IMAGE_COLUMNS, "label", *_CORNERS, "labeler", "split"})


def evidence(folder: Folder) -> Evidence | None:
    """A CSV file with the columns image and label.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None.
    """
    names = _label_files(folder)
    if not names:
        return None
    return Evidence(Strength.LABEL_FILES, f"columns image and label in {', '.join(names[:3])}")


def read(folder: Folder) -> Listing:
    """Images with the classes and boxes of the table.

    Args:
        folder: The folder.

    Returns:
        The listing.

    Raises:
        InvalidInputError: No such table, or several that are not named after splits.
    """
    names = _label_files(folder)
    if not names:
        raise InvalidInputError(
            f"{folder.root} holds no CSV file with the columns image and label"
        )
    if len(names) > 1 and not all(split_word(stem_of(n)) for n in names):
        raise InvalidInputError(
            f"several tables have the columns image and label: {', '.join(names)}",
            hint="Keep one, or call them train.csv, val.csv and test.csv.",
        )
    found = Gathering(folder, "csv")
    rows: dict[str, list[tuple[dict[str, str], Split | None]]] = defaultdict(list)
    for name in names:
        table = parse_table(folder.text(name), name)
        _collect(found, name, table, rows)
    for image in sorted(rows):
        _add_image(found, image, rows.pop(image))
    found.add_rest(folder.images, "images are in no row: unlabeled")
    return found.listing()


def _collect(
    found: Gathering,
    table_name: str,
    table: Table,
    rows: dict[str, list[tuple[dict[str, str], Split | None]]],
) -> None:
    key = table.image_column or "image"
    split = split_word(stem_of(table_name))
    for row in table.rows:
        image = found.folder.find_image(row[key], beside=table_name) if row[key] else None
        if image is None:
            found.problem(row[key] or table_name, f"named in {table_name}, but not there")
        else:
            rows[image].append((row, split_word(row.get("split", "")) or split))


def _add_image(
    found: Gathering, name: str, rows: list[tuple[dict[str, str], Split | None]]
) -> None:
    by_labeler: dict[str, list[Shape]] = {}
    metadata = {}
    split = None
    for row, row_split in rows:
        split = split or row_split
        metadata.update({c: typed(v) for c, v in row.items() if v and c and c not in _KNOWN})
        shapes = by_labeler.setdefault(row.get("labeler", ""), [])
        shape = _shape(found, name, row)
        if shape is not None:
            shapes.append(shape)
        if name in found:
            return
    first = next(iter(by_labeler.values()))
    image = found.add(name, first, split=split, metadata=metadata)
    if set(by_labeler) != {""}:
        image.by_labeler = {who: tuple(said) for who, said in by_labeler.items()}


def _shape(found: Gathering, name: str, row: dict[str, str]) -> Shape | None:
    corners = [row.get(c, "") for c in _CORNERS]
    raw = row.get("label", "")
    if not raw and not any(corners):
        return None
    label = found.label(name, raw)
    if label is None:
        return None
    if not any(corners):
        return ImageClass(label)
    size_wh = found.size(name)
    return None if size_wh is None else found.box(name, label, _floats(corners), size_wh)


def write(job: WriteJob) -> list[str]:
    """Write images/image and labels.csv.

    Args:
        job: What to write.

    Returns:
        What was lost.
    """
    lost: Counter[str] = Counter()
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["image", "label", *_CORNERS, "split"])
    for item, stem in stems(job.images):
        unlabeled = "unlabeled/" if item.shapes is None else ""
        name = put_image(job, item, f"images/{unlabeled}{item.split}", stem)
        if item.shapes is None:
            continue
        if not item.shapes:
            writer.writerow([name, "", "", "", "", "", item.split])
        for shape in item.shapes:
            writer.writerow([name, shape.label, *_corner_cells(shape, lost), item.split])
    put(job.out / "labels.csv", buffer.getvalue())
    return counted(lost)


def _corner_cells(shape: Shape, lost: Counter[str]) -> list[str]:
    if isinstance(shape, ImageClass):
        return [""] * 4
    if not isinstance(shape, BoxShape):
        lose(lost, "outlines and masks became boxes", [shape])
    box = shape_box(shape)
    return [repr(v) for v in box] if box else [""] * 4


def _floats(texts: list[str]) -> list[float]:
    out = []
    for text in texts:
        try:
            out.append(float(text))
        except ValueError:
            out.append(math.nan)
    return out


def _label_files(folder: Folder) -> list[str]:
    names = []
    for name in folder.with_suffix(".csv"):
        if name == METADATA_FILE:
            continue
        try:
            columns, _ = header_of(folder.text(name))
        except (PitmarkError, csv.Error):
            continue
        if "label" in columns and any(c in columns for c in IMAGE_COLUMNS):
            names.append(name)
    top = [n for n in names if "/" not in n]
    return top or names


FORMAT = Format("csv", "CSV table of labels", evidence, read, write)
