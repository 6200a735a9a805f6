"""A datasheet as a file to hand on: a page, Markdown, JSON, or a Croissant description."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass

from pitmark.core.errors import NotFoundError
from pitmark.ops.data.croissant import croissant_files
from pitmark.ops.data.datasheet import Datasheet, latest_datasheet
from pitmark.ops.pages.datasheet import datasheet_markdown, datasheet_page
from pitmark.store.db import ProjectStore

FORMS = ("html", "markdown", "json", "croissant")


@dataclass(frozen=True, slots=True)
class DatasheetFile:
    """A file: what it is called, what it holds, and its bytes."""

    name: str
    media_type: str
    data: bytes


def datasheet_file(project: ProjectStore, form: str) -> DatasheetFile:
    """The newest datasheet of a project as a file.

    Args:
        project: The project.
        form: One of `FORMS`; Croissant is a zip with the table of the images.

    Returns:
        The file.

    Raises:
        NotFoundError: There is no such form, or no snapshot that could be described.
    """
    if form not in FORMS:
        raise NotFoundError(
            f"there is no datasheet of the form {form[:40]!r}",
            hint=f"Forms: {', '.join(FORMS)}.",
        )
    sheet, base = latest_datasheet(project), f"{project.info.name}-datasheet"
    if form == "html":
        return DatasheetFile(f"{base}.html", "text/html", datasheet_page(sheet).encode())
    if form == "markdown":
        return DatasheetFile(f"{base}.md", "text/markdown", datasheet_markdown(sheet).encode())
    if form == "json":
        text = json.dumps(sheet.to_json(), indent=2, ensure_ascii=False) + "\n"
        return DatasheetFile(f"{base}.json", "application/json", text.encode())
    name = f"{project.info.name}-croissant.zip"
    return DatasheetFile(name, "application/zip", _croissant_zip(project, sheet))


def _croissant_zip(project: ProjectStore, sheet: Datasheet) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in croissant_files(project, sheet).items():
            file.writestr(name, text)
    return packed.getvalue()
