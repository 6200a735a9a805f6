"""A datasheet as a page and as Markdown."""

from __future__ import annotations

from html import escape
from itertools import groupby
from pathlib import Path

from pitmark.ops.data.datasheet import QUESTIONS, Datasheet, Question
from pitmark.ops.images.text_file import write_text
from pitmark.ops.pages.html import page

_BLANK = "Nobody has answered this yet."


def datasheet_sections(sheet: Datasheet) -> list[tuple[str, str]]:
    """The questions and answers, section by section.

    Args:
        sheet: The datasheet.

    Returns:
        Heading and HTML of each section.
    """
    return [
        (section, "".join(_html(sheet, q) for q in questions))
        for section, questions in groupby(QUESTIONS, key=lambda q: q.section)
    ]


def datasheet_markdown(sheet: Datasheet) -> str:
    """The datasheet as Markdown.

    Args:
        sheet: The datasheet.

    Returns:
        The text.
    """
    lines = [f"# {_title(sheet)}", "", _lead(sheet)]
    for section, questions in groupby(QUESTIONS, key=lambda q: q.section):
        lines += ["", f"## {section}"]
        for question in questions:
            lines += ["", f"**{question.text}**"]
            for told in sheet.paragraphs(question.key) or [f"*{_BLANK}*"]:
                lines += ["", told]
    return "\n".join(lines) + "\n"


def write_datasheet_page(sheet: Datasheet, path: Path) -> None:
    """Write a datasheet as a page; the file is whole or as it was before.

    Args:
        sheet: The datasheet.
        path: The file to write; it is replaced if it exists.

    Raises:
        StorageError: It cannot be written.
    """
    write_text(path, datasheet_page(sheet))


def datasheet_page(sheet: Datasheet) -> str:
    """The datasheet as a page of its own.

    Args:
        sheet: The datasheet.

    Returns:
        HTML.
    """
    return page(_title(sheet), datasheet_sections(sheet), _lead(sheet))


def _title(sheet: Datasheet) -> str:
    return f"Datasheet of {sheet.facts['project']}"


def _lead(sheet: Datasheet) -> str:
    snapshot, blanks = sheet.facts["snapshot"], len(sheet.blanks)
    rest = f" {blanks} questions have no answer yet." if blanks else ""
    return f"Snapshot {snapshot['id'][:12]}, written {sheet.created[:10]}.{rest}"


def _html(sheet: Datasheet, question: Question) -> str:
    told = "".join(f"<p>{escape(text)}</p>" for text in sheet.paragraphs(question.key))
    if not told:
        told = (
            f'<p class="pm-quiet">{_BLANK} pitmark datasheet --answer'
            f" {question.key}=&quot;...&quot;</p>"
        )
    return f"<h3>{escape(question.text)}</h3>{told}"
