"""Put the images of a study before people: numbered, blind, in an order of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.formats.containers import SUFFIXES, container_of
from pitmark.formats.scan import suffix_of
from pitmark.store.db import ProjectStore
from pitmark.store.studies import StudyRow

LABEL_BOOK_FILE = "label-book.md"


def write_sheet(
    project: ProjectStore, study: str, out: Path, *, labeler: str, trial: int = 1
) -> list[str]:
    """Write the images of a study for one labeler and trial, blind and in random order.

    Files are numbered; names, labels, lots and cameras are not told. The label book lies
    beside them. The labeler's files come back through `add_folder`.

    Args:
        project: The project.
        study: The study.
        out: A folder that does not exist yet or is empty.
        labeler: For whom.
        trial: Which trial, from 1.

    Returns:
        The names of the files in their order.

    Raises:
        NotFoundError: No such study, labeler or trial.
        ConflictError: The folder holds something already.
    """
    row = project.studies.get(study)
    order = order_of(row, labeler, trial)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConflictError(f"{out} exists and is not empty", hint="Name a new folder.")
    out.mkdir(parents=True, exist_ok=True)
    names = []
    for number, place in enumerate(order, start=1):
        sha = row.design["images"][place]
        data = project.blobs.read(sha)
        kind = container_of(data[:16])
        suffix = SUFFIXES[kind] if kind else suffix_of(project.images.get(sha).name)
        names.append(f"{number:04d}{suffix}")
        (out / names[-1]).write_bytes(data)
    (out / LABEL_BOOK_FILE).write_text(book_text(project.book.current()), encoding="utf-8")
    return names


def order_of(row: StudyRow, labeler: str, trial: int) -> list[int]:
    """The order in which a labeler sees the images of a study in one trial.

    Args:
        row: The study.
        labeler: Who.
        trial: Which trial, from 1.

    Returns:
        Places in the list of images.

    Raises:
        NotFoundError: No such labeler or trial.
    """
    orders: Mapping[str, list[list[int]]] = row.design["orders"]
    if labeler not in orders:
        raise NotFoundError(
            f"study {row.id} has no labeler {labeler!r}",
            hint=f"Labelers: {', '.join(orders)}.",
        )
    if not 1 <= trial <= len(orders[labeler]):
        raise NotFoundError(
            f"study {row.id} has no trial {trial}", hint=f"Trials: 1 to {len(orders[labeler])}."
        )
    return orders[labeler][trial - 1]


def book_text(book: LabelBook) -> str:
    """The label book for a person, as Markdown.

    Args:
        book: The book.

    Returns:
        One section per class.
    """
    parts = [f"# Label book, revision {book.revision}", ""]
    for entry in book.classes:
        parts += [f"## {entry.name}" + (" (good part)" if entry.good else ""), ""]
        parts += [entry.definition, ""] if entry.definition else []
        parts += [f"- {rule.text()}" for rule in entry.rules]
        parts += [""] if entry.rules else []
    return "\n".join(parts)
