"""CSV tables as people save them: comma, semicolon or tab, with a header."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass

from pitmark.core.errors import InvalidInputError
from pitmark.core.records import MetadataValue

IMAGE_COLUMNS = ("image", "file")
# Longer rows of digits are numbers of parts or times, and leading zeros mean something.
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,14})")
# With a point, or an exponent with a sign: "12E4" is more likely the name of a lot.
_FLOAT = re.compile(r"-?(0|[1-9]\d*)(\.\d+([eE][-+]?\d+)?|[eE][-+]\d+)")
_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in lower case, and its rows as column to text."""

    columns: tuple[str, ...]
    rows: list[dict[str, str]]

    @property
    def image_column(self) -> str | None:
        """The column with the names of images, or None."""
        return next((c for c in IMAGE_COLUMNS if c in self.columns), None)


def header_of(text: str) -> tuple[tuple[str, ...], str]:
    """The columns that the first line names, and what parts them.

    Args:
        text: At least the first line.

    Returns:
        Column names without blanks, in lower case, and the delimiter.
    """
    line = text.split("\n", 1)[0].strip("\r")
    delimiter = max(",;\t", key=line.count)
    row = next(csv.reader([line], delimiter=delimiter), [])
    return tuple(c.strip().casefold() for c in row), delimiter


def parse_table(text: str, name: str) -> Table:
    """A CSV file with a header.

    Args:
        text: The file.
        name: What it is called in messages.

    Returns:
        The table; missing cells are empty, further ones are dropped.

    Raises:
        InvalidInputError: Not CSV, no header, or a column named twice.
    """
    try:
        columns, delimiter = header_of(text)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        next(reader, None)
        rows = [
            {c: (row[i].strip() if i < len(row) else "") for i, c in enumerate(columns)}
            for row in reader
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as exc:
        raise InvalidInputError(f"{name} is not a CSV table: {exc}") from exc
    named = [c for c in columns if c]
    if not named or len(set(named)) < len(named):
        raise InvalidInputError(f"{name} needs a header with different columns, found {named}")
    return Table(columns, rows)


def typed(text: str) -> MetadataValue:
    """A cell as a value: whole and decimal numbers and true/false, otherwise text.

    Args:
        text: The cell.

    Returns:
        Numbers keep their text when it begins with further zeros, as "0047".
    """
    if _INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= _LONGEST_NUMBER and _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    if text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    return text
