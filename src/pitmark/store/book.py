"""The label book of a project, revision by revision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, func

from pitmark.core.label_book import LabelBook
from pitmark.store.schema import book_revisions, now
from pitmark.store.scope import Scope


@dataclass(frozen=True, slots=True)
class BookRevision:
    """One revision of the label book: what it says, who wrote it, why and when."""

    book: LabelBook
    author: str
    reason: str
    at: datetime


class Books:
    """The revisions of one project's label book; they start at 1 and are only added to.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def current(self) -> LabelBook:
        """The newest revision."""
        newest = self._scope.select(book_revisions).order_by(book_revisions.c.revision.desc())
        row = self._scope.first(newest)
        return LabelBook() if row is None else LabelBook.from_json(row.book)

    def last_revision(self) -> int:
        """The number of the newest revision."""
        newest = self._scope.select(book_revisions, func.max(book_revisions.c.revision))
        return int(self._scope.value(newest) or 0)

    def save(self, book: LabelBook, author: str, reason: str = "") -> LabelBook:
        """Add the next revision.

        Args:
            book: The book as it shall stand; its own revision number is not looked at.
            author: Who wrote it.
            reason: Why.

        Returns:
            The book with the revision that it was given: the previous one plus 1.
        """
        with self._scope.write() as connection:
            numbered = replace(book, revision=self.last_revision() + 1)
            values = {
                "revision": numbered.revision,
                "book": numbered.to_json(),
                "author": author,
                "reason": reason,
                "at": now(),
            }
            self._scope.insert(connection, book_revisions, [values])
        return numbered

    def history(self) -> list[BookRevision]:
        """All revisions, the oldest first."""
        query = self._scope.select(book_revisions).order_by(book_revisions.c.revision)
        return [_revision(row) for row in self._scope.rows(query)]


def _revision(row: Row[tuple[object, ...]]) -> BookRevision:
    return BookRevision(LabelBook.from_json(row.book), row.author, row.reason, row.at)
