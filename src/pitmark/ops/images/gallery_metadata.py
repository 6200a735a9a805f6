"""The metadata of a gallery: a column per key, of numbers until one value is a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.filter_words import META
from pitmark.core.records import MetadataValue
from pitmark.quality.facets.columns import Column
from pitmark.quality.facets.index import yes_or_no
from pitmark.quality.facets.number_column import NumberColumn, number_word
from pitmark.quality.facets.word_columns import WordColumn


class MetadataColumns:
    """The columns of metadata among those of a gallery.

    Args:
        columns: Of the gallery, by name; those of metadata are added, such as "meta.lot".
    """

    def __init__(self, columns: dict[str, Column]) -> None:
        self._columns = columns
        self._rows = 0

    @property
    def names(self) -> list[str]:
        """The names of the columns, sorted."""
        return sorted(c for c in self._columns if c.startswith(META))

    def extend(self, metadata: Sequence[Mapping[str, MetadataValue]]) -> None:
        """Add rows.

        Args:
            metadata: Of each image.
        """
        for key in self._keys(metadata):
            values = _plain([m.get(key) for m in metadata])
            column = self._column(key, values)
            column.extend(_fitting(column, values))
        self._rows += len(metadata)

    def put(
        self, rows: NDArray[np.intp], metadata: Sequence[Mapping[str, MetadataValue]]
    ) -> None:
        """Change rows.

        Args:
            rows: (M,) which.
            metadata: (M,) of the images.
        """
        for key in self._keys(metadata):
            values = _plain([m.get(key) for m in metadata])
            column = self._column(key, values)
            column.put(rows, _fitting(column, values))

    def _keys(self, metadata: Sequence[Mapping[str, MetadataValue]]) -> set[str]:
        """All keys that are known or come with this."""
        return {k for m in metadata for k in m} | {n.removeprefix(META) for n in self.names}

    def _column(self, key: str, values: Sequence[Any]) -> Column:
        """The column of a key, made if need be; of words once a value is no number."""
        column = self._columns.get(META + key)
        words = str in set(map(type, values))
        if column is None:
            column = WordColumn() if words else NumberColumn()
            column.extend([None] * self._rows)
        elif words and isinstance(column, NumberColumn):
            held, column = column.as_words(), WordColumn()
            column.extend(held)
        self._columns[META + key] = column
        return column


def _plain(values: Sequence[MetadataValue | None]) -> Sequence[str | float | None]:
    """Values of metadata as words and numbers."""
    if bool not in set(map(type, values)):
        return values
    return [yes_or_no(v) if isinstance(v, bool) else v for v in values]


def _fitting(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    if isinstance(column, NumberColumn):
        return values
    if set(map(type, values)) <= {str, type(None)}:
        return values
    return [number_word(v) if isinstance(v, int | float) else v for v in values]
