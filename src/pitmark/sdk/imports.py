"""A folder of this machine on its way into a project of a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.core.errors import NotFoundError
from pitmark.sdk.connection import unexpected
from pitmark.sdk.uploads import files_below, upload

__all__ = ["ImportProblem", "ImportSummary", "prepare", "summary_of", "upload"]


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """A file that could not be taken, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import found, added and had to leave out.

    `known` images were in the project before, `compared` ones have a reference.
    """

    format: str
    found: int
    added: int
    known: int
    labeled: int
    classes: tuple[str, ...]
    problems: tuple[ImportProblem, ...]
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
            "seconds": self.seconds,
        }


def prepare(
    folder: Path, options: Mapping[str, Any]
) -> tuple[list[tuple[str, Path]], dict[str, Any]]:
    """What to send for a folder, and what to tell the job that imports it.

    The folder travels under its own name: the server must not take an only folder in it,
    which may be a class, for a wrapping around everything.

    Args:
        folder: To be imported.
        options: Of the import, plain.

    Returns:
        Path on the server and file of each, and the options of the job without the files.

    Raises:
        InvalidInputError: There is no such folder.
        NotFoundError: There is no such table of metadata.
    """
    root = folder.resolve()
    top = root.name or "folder"
    files = [(f"{top}/{f.relative_to(root).as_posix()}", f) for f in files_below(root)]
    told = {k: v for k, v in options.items() if v is not None}
    if "metadata_csv" in told:
        table = Path(told["metadata_csv"]).resolve()
        if not table.is_file():
            raise NotFoundError(f"there is no file {table}")
        inside = table.is_relative_to(root)
        name = f"{top}/{table.relative_to(root).as_posix()}" if inside else f"{top}.csv"
        told["metadata_csv"] = name
        if not inside:
            files.append((name, table))
    return files, told


def summary_of(result: Mapping[str, Any]) -> ImportSummary:
    """The summary of an import from what its job gave.

    Args:
        result: Of the job.

    Returns:
        The summary.

    Raises:
        StorageError: It is something else.
    """
    try:
        problems = tuple(ImportProblem(p["name"], p["reason"]) for p in result["problems"])
        names = ("format", "found", "added", "known", "labeled", "seconds", "compared")
        return ImportSummary(
            **{name: result[name] for name in names},
            classes=tuple(result["classes"]),
            problems=problems,
            notes=tuple(result["notes"]),
        )
    except (KeyError, TypeError) as exc:
        raise unexpected(f"the summary of an import lacks {exc}") from exc
