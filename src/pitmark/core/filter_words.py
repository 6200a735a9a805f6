"""The words by which images are filtered: a closed grammar over named columns.

    class = scratch and split in (val, test) and meta.exposure >= 40 and name has "lot 7"

Terms are joined by `and`. Each names a column, one of six comparisons and one value (`in`:
several). Values are bare words or stand in double quotes, in which `\\"` is a quote and
`\\\\` a backslash. Nothing else can be said, so nothing else can be asked of a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn

from pitmark.core.errors import InvalidInputError

Op = Literal["=", "!=", "in", ">=", "<=", "has"]
OPS: tuple[Op, ...] = ("=", "!=", "in", ">=", "<=", "has")
COLUMNS = (
    "class",
    "labeled",
    "split",
    "finding",
    "right",
    "labeler",
    "group",
    "synthetic",
    "name",
    "width",
    "height",
    "sha",
)
META = "meta."
LONGEST = 8_000
MOST_TERMS = 50
MOST_VALUES = 1_000

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_META_KEY = re.compile(r'[^\s"(),=!<>]+')
_SYMBOL = re.compile(r"!=|>=|<=|=")
_BARE = re.compile(r'[^\s"(),]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_PLAIN = re.compile(r"[\w.:/+-]+")
_HINT = f"Columns: {', '.join(COLUMNS)}, and {META}KEY for metadata."


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; only `in` has several values."""

    column: str
    op: Op
    values: tuple[str, ...]

    def __str__(self) -> str:
        """The term in the words of the grammar."""
        said = ", ".join(_quoted(v) for v in self.values)
        return (
            f"{_column_word(self.column)} {self.op} {f'({said})' if self.op == 'in' else said}"
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms that must all hold; none lets every image pass."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        """The filter in the words of the grammar."""
        return " and ".join(str(t) for t in self.terms)

    def without(self, column: str) -> Filter:
        """The filter without what it says of one column.

        Args:
            column: The column.

        Returns:
            A new filter.
        """
        return Filter(tuple(t for t in self.terms if t.column != column))


def parse_filter(text: str) -> Filter:
    """A filter from its words.

    Args:
        text: As at the head of this module; empty lets every image pass.

    Returns:
        The filter.

    Raises:
        InvalidInputError: The text says something else; the message names the column, or
            the position counted from 1.
    """
    if len(text) > LONGEST:
        raise InvalidInputError(
            f"the filter has {len(text)} characters, more than the {LONGEST} allowed"
        )
    reader = _Reader(text)
    terms = tuple(reader.terms())
    return Filter(terms)


class _Reader:
    """A place in the words of a filter."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def terms(self) -> Iterator[Term]:
        """All terms up to the end of the text."""
        self._skip()
        count = 0
        while self._at < len(self._text):
            if count == MOST_TERMS:
                raise InvalidInputError(f"the filter has more than {MOST_TERMS} terms")
            if count:
                self._and()
            yield self._term()
            count += 1
            self._skip()

    def _and(self) -> None:
        start = self._at
        if (self._take(_NAME) or "").lower() != "and":
            self._fail(start, 'expected "and" between two terms')
        self._skip()

    def _term(self) -> Term:
        column = self._column()
        self._skip()
        op = self._op(column)
        self._skip()
        if op == "in":
            return Term(column, op, self._several(column))
        return Term(column, op, (self._value(column),))

    def _column(self) -> str:
        start = self._at
        word = self._take(_NAME)
        if word is None:
            self._fail(start, "expected a column")
        if word.lower() == "meta" and self._text.startswith(".", self._at):
            self._at += 1
            key = self._quoted() if self._looks_at('"') else self._take(_META_KEY)
            if not key:
                self._fail(self._at, f"expected a metadata key after {META!r}")
            return META + key
        if word.lower() not in COLUMNS:
            raise InvalidInputError(
                f"no column is called {word!r} (character {start + 1} of the filter)",
                hint=_HINT,
            )
        return word.lower()

    def _op(self, column: str) -> Op:
        start = self._at
        word = self._take(_SYMBOL) or (self._take(_NAME) or "").lower()
        if word not in OPS:
            self._fail(start, f"expected one of {' '.join(OPS)} after {column}")
        return word

    def _several(self, column: str) -> tuple[str, ...]:
        if not self._looks_at("("):
            self._fail(self._at, f'expected "(" after {column} in')
        self._at += 1
        values: list[str] = []
        while True:
            self._skip()
            values.append(self._value(column))
            self._skip()
            closed = self._looks_at(")")
            if not closed and not self._looks_at(","):
                self._fail(self._at, f'expected "," or ")" in the values of {column}')
            self._at += 1
            if closed:
                return tuple(values)
            if len(values) == MOST_VALUES:
                raise InvalidInputError(f"{column} in (...) has more than {MOST_VALUES} values")

    def _value(self, column: str) -> str:
        if self._looks_at('"'):
            return self._quoted()
        start = self._at
        word = self._take(_BARE)
        if word is None or word.lower() == "and":
            self._fail(start, f"expected a value for {column}")
        return word

    def _quoted(self) -> str:
        start = self._at
        found = _QUOTED.match(self._text, start)
        if found is None:
            self._fail(start, 'a value that begins with " does not end')
        self._at = found.end()
        return _ESCAPED.sub(r"\1", found[1])

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found[0]

    def _skip(self) -> None:
        self._take(_SPACE)

    def _looks_at(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _fail(self, at: int, expected: str) -> NoReturn:
        rest = self._text[at : at + 20]
        found = f"found {rest!r}" if rest else "it ends there"
        raise InvalidInputError(
            f"the filter cannot be read at character {at + 1}: {expected}, {found}", hint=_HINT
        )


def _column_word(column: str) -> str:
    if not column.startswith(META):
        return column
    key = column[len(META) :]
    return column if _PLAIN.fullmatch(key) else f"{META}{_in_quotes(key)}"


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and value.lower() != "and" else _in_quotes(value)


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
