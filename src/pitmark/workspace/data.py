"""What Pitmark says of the data of a project: `project.data`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pitmark.ops.croissant import write_croissant
from pitmark.ops.datasheet import Datasheet, make_datasheet
from pitmark.ops.datasheet_page import datasheet_markdown, write_datasheet_page
from pitmark.ops.text_file import write_text
from pitmark.store.db import ProjectStore


class Data:
    """The data of a project, looked at as data.

    Args:
        store: The project.
    """

    def __init__(self, store: ProjectStore) -> None:
        self.store = store

    def datasheet(
        self,
        folder: str | Path | None = None,
        *,
        snapshot: str = "latest",
        answers: Mapping[str, str] | None = None,
    ) -> Datasheet:
        """The datasheet of a snapshot, kept with the project.

        Args:
            folder: Also write it there, as a page, as Markdown and as a Croissant
                description with the table of images.
            snapshot: Which one.
            answers: Of people, by the key of the question; kept for later datasheets.

        Returns:
            The datasheet, with the questions that are still blank.
        """
        sheet = make_datasheet(self.store, snapshot=snapshot, answers=answers)
        if folder is not None:
            target = Path(folder)
            write_datasheet_page(sheet, target / "datasheet.html")
            write_text(target / "datasheet.md", datasheet_markdown(sheet))
            write_croissant(self.store, sheet, target)
        return sheet
