"""The command that writes the datasheet of the data."""

from __future__ import annotations

from pathlib import Path

import click

from pitmark.cli.output import Output

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", type=FOLDER, required=False)
@click.option("--snapshot", default="latest", show_default=True)
@click.option(
    "--answer",
    "given",
    multiple=True,
    metavar="KEY=TEXT",
    help="Answer a question; kept for later datasheets. May be repeated.",
)
@click.option("--answers", "file", type=FILE, help="JSON file of answers by key.")
@click.pass_obj
def datasheet(
    out: Output, folder: Path | None, snapshot: str, given: tuple[str, ...], file: Path | None
) -> None:
    """What the data is, how it was made and what it is good for.

    Filled from the project; what only people know is asked for. With FOLDER it is written
    there as a page, as Markdown and as a Croissant description with a table of the images.
    """
    from pitmark.ops.data.datasheet import read_answers
    from pitmark.ops.pages.datasheet import datasheet_markdown

    project = out.project()
    answers = read_answers(file, given)
    sheet = project.data.datasheet(folder, snapshot=snapshot, answers=answers)
    lines = [datasheet_markdown(sheet)] if folder is None else [f"Written to {folder}."]
    if sheet.blanks:
        lines.append(f"{len(sheet.blanks)} questions only a person can answer:")
        lines += [f'  --answer {q.key}="..."  {q.text}' for q in sheet.blanks]
    out.result(sheet.to_json() | {"folder": None if folder is None else str(folder)}, lines)


COMMANDS = (datasheet,)
