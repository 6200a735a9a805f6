"""What is known about images besides their labels: from tables and from file names."""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections import defaultdict
from pathlib import Path

from pitmark.core.errors import InvalidInputError, PitmarkError
from pitmark.core.records import MetadataValue
from pitmark.formats.export import put
from pitmark.formats.listing import ImportedImage, Listing, WriteJob
from pitmark.formats.scan import Folder, read_text, split_word
from pitmark.formats.table import IMAGE_COLUMNS, header_of, parse_table, typed

METADATA_FILE = "metadata.csv"
FIELD = re.compile(r"\{([^{}]*)\}")
_MOST_DIGITS = 15


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A file-name pattern such as "exp{exposure}_num_{num}" as a regular expression.

    Args:
        pattern: Text with fields in braces. `{num:d}` takes digits only, `{_}` takes
            anything and forgets it. With slashes the last folders are matched as well.

    Returns:
        To be matched against the end of the path without suffix.

    Raises:
        InvalidInputError: No field, a field without or with a wrong or repeated name, or
            two fields side by side.
    """
    parts = FIELD.split(pattern)
    names = [f.partition(":")[0] for f in parts[1::2]]
    kept = [n for n in names if n != "_"]
    if not kept or "" in parts[2:-1:2] or any("{" in t or "}" in t for t in parts[0::2]):
        raise InvalidInputError(
            f"the pattern {pattern!r} cannot be used",
            hint="Write fields in braces with text between them: exp{exposure}_num_{num}",
        )
    for name in kept:
        if not name.isidentifier() or kept.count(name) > 1:
            raise InvalidInputError(
                f"field {name!r} of the pattern {pattern!r} is no name or is used twice"
            )
    regex = [re.escape(parts[0])]
    for spec, text in zip(parts[1::2], parts[2::2], strict=True):
        name, _, kind = spec.partition(":")
        if kind not in ("", "d"):
            raise InvalidInputError(
                f"field {spec!r} of the pattern {pattern!r}: only :d is known"
            )
        what = r"\d+" if kind else r"[^/]+?"
        regex.append(what if name == "_" else f"(?P<{name}>{what})")
        regex.append(re.escape(text))
    return re.compile("".join(regex))


def join_pattern(listing: Listing, pattern: str) -> None:
    """Add to every image what its name says.

    Args:
        listing: Changed in place; a note counts the names that do not match.
        pattern: See `compile_pattern`.

    Raises:
        InvalidInputError: The pattern cannot be used.
    """
    regex = compile_pattern(pattern)
    depth = pattern.count("/") + 1
    missed = []
    for image in listing.images:
        stem = posixpath.splitext(image.name)[0]
        match = regex.fullmatch("/".join(stem.split("/")[-depth:]))
        if match is None:
            missed.append(image.name)
            continue
        image.metadata.update({k: _number_or_text(v) for k, v in match.groupdict().items()})
    if missed:
        listing.notes.append(
            f"{len(missed)} of {len(listing.images)} names do not match the pattern"
            f" {pattern!r} (first: {missed[0]})"
        )


def join_csv(listing: Listing, path: Path) -> None:
    """Add to every image the row that names it.

    A column `split` with train, val and test sets the split where none is known.

    Args:
        listing: Changed in place; notes count rows and images left over.
        path: A table with a column `image` or `file`: the path below the root, or the
            file name where that is unique.

    Raises:
        InvalidInputError: The table cannot be read or has no such column.
    """
    table = parse_table(read_text(path, path.name), path.name)
    key = table.image_column
    if key is None:
        raise InvalidInputError(
            f"{path.name} has no column `image` or `file`, found {', '.join(table.columns)}"
        )
    by_name = {i.name: i for i in listing.images}
    by_base: dict[str, list[ImportedImage]] = defaultdict(list)
    for image in listing.images:
        by_base[posixpath.basename(image.name)].append(image)
    joined: set[str] = set()
    unknown = []
    for row in table.rows:
        name = posixpath.normpath(row[key].replace("\\", "/"))
        candidates = by_base.get(posixpath.basename(name), [])
        found = by_name.get(name) or (candidates[0] if len(candidates) == 1 else None)
        if found is None:
            unknown.append(row[key])
            continue
        joined.add(found.name)
        _add_row(found, {c: v for c, v in row.items() if c and c != key and v})
    _note_leftovers(listing, path.name, unknown, joined)


def hint_at_tables(listing: Listing, folder: Folder) -> None:
    """Say which tables could have been joined.

    Args:
        listing: Notes are added.
        folder: The folder that was read.
    """
    for name in folder.with_suffix(".csv"):
        try:
            columns, _ = header_of(folder.text(name))
        except (PitmarkError, csv.Error):
            continue
        extra = [c for c in columns if c and c not in (*IMAGE_COLUMNS, "label")]
        named = any(c in columns for c in IMAGE_COLUMNS)
        if named and extra and not (listing.format == "csv" and "label" in columns):
            listing.notes.append(
                f"{name} knows {', '.join(extra[:6])} of images; to add them give it as"
                " the metadata table"
            )
        elif not named and "/" not in name:
            listing.notes.append(
                f"{name} was not read: its header has no column `image` or `file`"
            )


def write_metadata(job: WriteJob) -> None:
    """Write metadata.csv beside the images, where anything is known about them.

    Args:
        job: The export, with all images written.
    """
    rows = []
    for name, item in job.written:
        row: dict[str, MetadataValue] = {"image": name}
        row.update({k: v for k, v in item.image.metadata.items() if k not in row})
        if item.image.group is not None:
            row.setdefault("group", item.image.group)
        if item.image.synthetic:
            row.setdefault("synthetic", True)
        rows.append(row)
    columns = list(dict.fromkeys(c for row in rows for c in row))
    if len(columns) > 1:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        put(job.out / METADATA_FILE, buffer.getvalue())


def _add_row(image: ImportedImage, row: dict[str, str]) -> None:
    for column, text in row.items():
        split = split_word(text) if column == "split" else None
        if split is not None:
            image.split = image.split or split
        else:
            image.metadata[column] = typed(text)


def _note_leftovers(listing: Listing, table: str, unknown: list[str], joined: set[str]) -> None:
    if unknown:
        listing.notes.append(
            f"{len(unknown)} rows of {table} name no image here (first: {unknown[0]})"
        )
    missing = [i.name for i in listing.images if i.name not in joined]
    if missing:
        listing.notes.append(
            f"{len(missing)} images have no row in {table} (first: {missing[0]})"
        )


def _number_or_text(text: str) -> MetadataValue:
    digits = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if digits else text
