"""The command that says what to do next."""

from __future__ import annotations

import click

from pitmark.cli.output import Output


@click.command()
@click.option("--most", type=click.IntRange(1), default=10, show_default=True)
@click.pass_obj
def advise(out: Output, most: int) -> None:
    """Say what to do next: one ranked list with gain, time and the command that does it."""
    found = out.project().data.advise()
    lines = found.sentences(most)
    out.result(found.to_json(), lines)


COMMANDS = (advise,)
