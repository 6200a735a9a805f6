"""Commands that keep the line going: feedback, update, promote, promotions, limits, schedule.

People on the line read their help and what they print: no word of machine learning in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pitmark.cli.output import Output, table
from pitmark.core.errors import InvalidInputError

FILE = click.Path(path_type=Path)
BY = click.option("--by", default="cli", show_default=True, help="Who asks for it.")
OVERRIDE = click.option(
    "--override",
    multiple=True,
    metavar="CHECK",
    help="Let this check not stand in the way; it is kept in the record. Repeatable.",
)


@click.command()
@click.option(
    "--count", default=40, show_default=True, help="Pictures that shall wait for an answer."
)
@click.option(
    "--random-share",
    default=0.25,
    show_default=True,
    help="Of the new ones, drawn at random and kept for testing, 0 to 1.",
)
@click.option(
    "--same-part",
    default="part",
    show_default=True,
    help="Tags that name one part, as in lot,part.",
)
@click.option(
    "--moment",
    default=10.0,
    show_default=True,
    help="Seconds within which pictures belong together, where no tag names the part.",
)
@BY
@click.pass_obj
def feedback(
    out: Output, count: int, random_share: float, same_part: str, moment: float, by: str
) -> None:
    """Pick pictures from the line that are worth a look, and queue them for an answer.

    Answer each with `pitmark settle`: `correct` as suggested confirms the verdict, `correct
    --shapes FILE` says what is true.
    """
    from pitmark.ops.line.feedback import FeedbackOptions

    options = FeedbackOptions(
        count=count,
        random_share=random_share,
        same_part=tuple(n.strip() for n in same_part.split(",") if n.strip()),
        moment_s=moment,
    )
    with out.progress() as progress:
        done = out.project().upkeep.feedback(options=options, by=by, report=progress)
    out.result(done.to_json(), done.sentences())


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--if-due", is_flag=True, help="Only where the schedule asks for it (for cron).")
@OVERRIDE
@click.option("--threads", type=click.IntRange(1), help="Cores to use; all if left out.")
@BY
@click.pass_obj
def update(
    out: Output,
    file: Path | None,
    if_due: bool,
    override: tuple[str, ...],
    threads: int | None,
    by: str,
) -> None:
    """Make a new version from all answers, check it, and put it into use if it is good.

    Cut off at any moment, the same command goes on. Refused, the version in use stays.
    """
    from pitmark.ops.line.updating import UpdateOptions
    from pitmark.ops.line.upkeep import look_after

    project = out.project()
    if if_due:
        due = look_after(project.store)
        if not due.due:
            out.result({"due": due.to_json()}, [f"Nothing to do: {due.reason}."])
            return
    options = UpdateOptions(override=override, threads=threads)
    with out.progress() as progress:
        done = project.upkeep.update(file, options=options, by=by, report=progress)
    out.result(done.to_json(), done.sentences())


@click.command()
@click.argument("run", default="latest")
@click.option("--to", "file", type=FILE, help="File or folder for a copy of the bundle.")
@click.option("--dry-run", is_flag=True, help="Only check, and change nothing.")
@OVERRIDE
@BY
@click.pass_obj
def promote(
    out: Output, run: str, file: Path | None, dry_run: bool, override: tuple[str, ...], by: str
) -> None:
    """Check a version against the one in use, and put it into use if it is good."""
    from pitmark.ops.line.promotion import PromoteOptions

    options = PromoteOptions(dry_run=dry_run, override=override)
    with out.progress() as progress:
        done = out.project().upkeep.promote(run, file, options=options, by=by, report=progress)
    out.result(done.to_json(), done.sentences())


@click.command()
@click.option("--number", type=click.IntRange(1), help="The whole record of one decision.")
@click.pass_obj
def promotions(out: Output, number: int | None) -> None:
    """What was decided about versions, the newest first."""
    held = out.project().store.promotions
    if number is not None:
        row = held.get(number)
        checks: list[dict[str, Any]] = row.record.get("checks", [])
        lines = [f"{c['title']}: {c['verdict']}. {c['reason']}" for c in checks]
        out.result(row.record, [f"{row.decision} by {row.by}", *lines])
        return
    rows = [
        {
            "number": p.number,
            "at": p.at.isoformat(timespec="minutes"),
            "by": p.by,
            "decision": p.decision,
            "run": p.run_id,
            "version": p.version,
        }
        for p in held.list()
    ]
    out.result(rows, table(rows, ("number", "at", "by", "decision", "run", "version")))


@click.command()
@click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
@BY
@click.pass_obj
def limits(out: Output, settings: tuple[str, ...], by: str) -> None:
    """Show what operators may do, or change it, as in updates_per_day=2 hours=[22,6]."""
    project = out.project()
    if settings:
        project.upkeep.set_limits(_pairs(settings), by=by)
    found = project.upkeep.status().limits.to_json()
    out.result(found, [f"{name}: {json.dumps(value)}" for name, value in found.items()])


@click.command()
@click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
@BY
@click.pass_obj
def schedule(out: Output, settings: tuple[str, ...], by: str) -> None:
    """Show when the project updates by itself, or change it: on=true corrections=40."""
    project = out.project()
    if settings:
        project.upkeep.set_schedule(_pairs(settings), by=by)
    status = project.upkeep.status()
    found = {**status.schedule.to_json(), "due": status.due.to_json()}
    lines = [f"{name}: {json.dumps(value)}" for name, value in found.items() if name != "due"]
    out.result(found, [*lines, f"Now: {status.due.reason}."])


@click.command()
@click.pass_obj
def upkeep(out: Output) -> None:
    """What is in use on the line, what waits for an answer, whether an update is due."""
    status = out.project().upkeep.status()
    out.result(status.to_json(), status.sentences())


def _pairs(settings: tuple[str, ...]) -> dict[str, Any]:
    """Settings as given: names with JSON values, a dot reaching into an object."""
    found: dict[str, Any] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        try:
            value = json.loads(text)
        except ValueError as exc:
            raise InvalidInputError(
                f"{setting!r} is no NAME=VALUE with a JSON value",
                hint='As in hours=[22,6] or gate.margin=0.05 or allowed=["feedback"].',
            ) from exc
        outer, dot, inner = name.partition(".")
        if dot:
            found.setdefault(outer, {})[inner] = value
        else:
            found[name] = value
    return found


COMMANDS = (feedback, update, promote, promotions, limits, schedule, upkeep)
