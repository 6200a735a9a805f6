"""Change the label book over the network: only what was looked at is changed."""

from __future__ import annotations

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.ops.labels.labeling import save_label_book
from pitmark.store.db import ProjectStore


def change_label_book(
    project: ProjectStore, book: LabelBook, *, author: str, reason: str = ""
) -> LabelBook:
    """Save the next revision of the label book, if nobody changed it in the meantime.

    Args:
        project: The project.
        book: As it shall stand; its revision is the one that it was made from.
        author: Who changes it.
        reason: Why.

    Returns:
        The book with its new revision.

    Raises:
        ConflictError: There is a newer revision.
        InvalidInputError: A class that labels use was left out, or an example is no image of
            the project.
    """
    with project.transaction():
        newest = project.book.last_revision()
        if book.revision != newest:
            raise ConflictError(
                f"the label book has revision {newest} by now, the change was made on"
                f" {book.revision}",
                hint="Load it again and repeat the change.",
            )
        _expect_examples(project, book)
        saved = save_label_book(project, book, author=author, reason=reason)
        details = {"revision": saved.revision, "reason": reason}
        project.audit.log(author, "change_label_book", f"book/{saved.revision}", details)
    return saved


def _expect_examples(project: ProjectStore, book: LabelBook) -> None:
    for entry in book.classes:
        for sha in (*entry.examples, *entry.counter_examples):
            try:
                project.images.ids([sha])
            except NotFoundError as exc:
                raise InvalidInputError(
                    f"class {entry.name!r} names an example {sha[:12]!r} that is no image of"
                    " the project"
                ) from exc
