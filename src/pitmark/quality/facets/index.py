"""Many images by what is known of them: filtered, counted by facet, sorted into pages.

Everything is held in columns of codes, one entry per image, so that a question about a
million images is a few passes over arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.core.filter_words import META, Filter, Term
from pitmark.quality.facets.columns import Bools, Column, Counted
from pitmark.quality.facets.name_column import NameColumn
from pitmark.quality.facets.number_column import NumberColumn
from pitmark.quality.facets.page_order import descending, page_of
from pitmark.quality.facets.sha_column import ShaColumn
from pitmark.quality.facets.word_columns import SetColumn, WordColumn

YES, NO = "yes", "no"
_TRUTH = {"yes": YES, "true": YES, "no": NO, "false": NO, "": ""}
_REMEMBERED = 16
Rows = NDArray[np.intp]


class FacetIndex:
    """The columns of a gallery.

    Args:
        columns: Name to column, all of the same length.
        truths: Names of those columns whose only words are yes and no.
    """

    def __init__(self, columns: Mapping[str, Column], truths: Sequence[str] = ()) -> None:
        self.columns = dict(columns)
        self._truths = frozenset(truths)
        self._hidden: Bools | None = None
        self._masks: dict[str, Bools | None] = {}

    def __len__(self) -> int:
        return max((len(c) for c in self.columns.values()), default=0)

    def changed(self, hidden: Rows) -> None:
        """Say that columns were changed; what was remembered of earlier answers is dropped.

        Args:
            hidden: Rows that are in no answer.
        """
        self._masks.clear()
        self._hidden = None
        if len(hidden):
            self._hidden = np.zeros(len(self), dtype=bool)
            self._hidden[hidden] = True

    def rows(self, chosen: Filter) -> Rows | None:
        """The rows that a filter leaves.

        Args:
            chosen: The filter.

        Returns:
            Increasing row numbers, or None for all rows there are.

        Raises:
            InvalidInputError: A column cannot be compared like that.
        """
        mask = self._mask(chosen)
        return None if mask is None else np.flatnonzero(mask)

    def page(
        self,
        chosen: Filter,
        *,
        sort: str | None,
        turned: bool,
        offset: int,
        limit: int,
    ) -> tuple[int, Rows]:
        """One page of what a filter leaves.

        Args:
            chosen: The filter.
            sort: A column; None keeps the order of the rows.
            turned: Whether the largest come first; rows without a value stay last.
            offset: How many come before the page.
            limit: How many the page has at most.

        Returns:
            How many rows the filter leaves, and the rows of the page.

        Raises:
            InvalidInputError: No such column, or one cannot be compared like that.
        """
        rows = self.rows(chosen)
        total = len(self) if rows is None else len(rows)
        if sort is None:
            ordered = np.arange(len(self)) if rows is None else rows
            part = ordered[::-1] if turned else ordered
            return total, part[offset : offset + limit]
        column = self._column(sort)
        keys = column.sort_keys(rows)
        if turned:
            keys = descending(keys, column.missing_key)
        places = page_of(keys, offset=offset, limit=limit)
        return total, places if rows is None else rows[places]

    def counts(self, chosen: Filter, names: Sequence[str], most: int) -> dict[str, Counted]:
        """How many rows of a filter have each value of some columns.

        A column is counted as if the filter said nothing of it: the other values that
        could be chosen beside, or instead of, the chosen one are seen as well.

        Args:
            chosen: The filter.
            names: Columns to count.
            most: Values per column; the most frequent are kept.

        Returns:
            Column to its values and how many further ones there are.

        Raises:
            InvalidInputError: A column cannot be compared like that.
        """
        said = {t.column for t in chosen.terms}
        all_terms = self.rows(chosen)
        out = {}
        for name in names:
            rows = self.rows(chosen.without(name)) if name in said else all_terms
            out[name] = self.columns[name].counts(rows, most)
        return out

    def _mask(self, chosen: Filter) -> Bools | None:
        key = str(chosen)
        if key not in self._masks:
            while len(self._masks) >= _REMEMBERED:
                self._masks.pop(next(iter(self._masks)))
            mask = None if self._hidden is None else ~self._hidden
            for term in chosen.terms:
                found = self._term(term)
                mask = found if mask is None else mask & found
            self._masks[key] = mask
        return self._masks[key]

    def _term(self, term: Term) -> Bools:
        column = self._column(term.column)
        if term.op in (">=", "<="):
            return _compared(term, column)
        if term.op == "has":
            return _holding(term, column)
        values = term.values
        if term.column in self._truths:
            values = tuple(_truth(term, v) for v in values)
        try:
            found = column.equal(values)
        except ValueError as exc:
            raise _no_number(term) from exc
        return ~found if term.op == "!=" else found

    def _column(self, name: str) -> Column:
        if name in self.columns:
            return self.columns[name]
        known = [c for c in self.columns if not name.startswith(META) or c.startswith(META)]
        what = "metadata" if name.startswith(META) else "column"
        raise InvalidInputError(
            f"no image has the {what} {name.removeprefix(META)!r} ({name})",
            hint=f"There is: {', '.join(known) or 'none'}.",
        )


def _truth(term: Term, value: str) -> str:
    word = _TRUTH.get(value.lower())
    if word is None:
        raise InvalidInputError(f"{term.column} is yes or no, found {value!r}")
    return word


def _compared(term: Term, column: Column) -> Bools:
    if not isinstance(column, NumberColumn):
        raise InvalidInputError(
            f"{term.column} holds words: {term.op} is for numbers",
            hint=f"Ask {term.column} = ..., {term.column} in (...) or {term.column} has ...",
        )
    try:
        limit = float(term.values[0])
    except ValueError as exc:
        raise _no_number(term) from exc
    # A row without a number is on neither side.
    numbers = column.numbers
    return np.asarray(numbers >= limit if term.op == ">=" else numbers <= limit)


def _holding(term: Term, column: Column) -> Bools:
    if isinstance(column, NameColumn | WordColumn | SetColumn):
        return column.holds(term.values[0])
    if isinstance(column, ShaColumn):
        raise InvalidInputError(
            "sha is asked for by its beginning", hint="Ask sha = ... or sha in (...)"
        )
    raise InvalidInputError(
        f"{term.column} holds numbers: has is for words",
        hint=f"Ask {term.column} = ..., {term.column} >= ... or {term.column} <= ...",
    )


def _no_number(term: Term) -> InvalidInputError:
    return InvalidInputError(
        f"{term.column} holds numbers, found {', '.join(repr(v) for v in term.values)}",
        hint='Write a number, such as 40 or 2.5, or a range as it is listed, such as "40..80".',
    )


def yes_or_no(value: bool) -> str:
    """The word of a column whose only words are yes and no.

    Args:
        value: Whether it is so.

    Returns:
        yes or no.
    """
    return YES if value else NO
