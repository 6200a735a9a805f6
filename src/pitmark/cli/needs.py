"""The command that says which class needs what."""

from __future__ import annotations

import click

from pitmark.cli.output import Output


@click.command()
@click.option("--snapshot", default="latest", show_default=True)
@click.option(
    "--more",
    type=click.IntRange(1),
    help="How many further labels of each class to weigh; a round number fitting the"
    " classes if left out.",
)
@click.option(
    "--minutes",
    type=float,
    help="Of a person for one more label; as measured in the project, or usual, if left out.",
)
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--history", is_flag=True, help="Show earlier forecasts and what came true instead."
)
@click.pass_obj
def needs(
    out: Output,
    snapshot: str,
    more: int | None,
    minutes: float | None,
    seed: int,
    history: bool,
) -> None:
    """Say which class needs what: more labels, cleaner ones, a rule, another picture.

    Classes are ranked by the gain in mean recall to expect per hour of a person's time.
    Each forecast is kept; with --history it is held against what later labels brought.
    """
    from pitmark.ops.data.need_history import history_lines
    from pitmark.ops.data.needs import NeedOptions

    data = out.project().data
    if history:
        with out.progress() as progress:
            told = data.needs_history(report=progress)
        out.result(told, history_lines(told))
        return
    options = NeedOptions(snapshot=snapshot, more=more, minutes=minutes, seed=seed)
    with out.progress() as progress:
        found = data.needs(options=options, report=progress)
    lines = found.lines()
    lines.append("Once there are new labels: pitmark snapshot, then pitmark needs --history")
    out.result(found.to_json(), lines)


COMMANDS = (needs,)
