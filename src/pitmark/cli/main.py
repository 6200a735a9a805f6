"""`pitmark`: every verb of the loop on the command line.

Exit status: 0 done, 1 an error that the message explains, 2 wrong usage.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pitmark import __version__
from pitmark.cli import (
    advise,
    agreement,
    data,
    datasheet,
    demo,
    devices,
    edge,
    groups,
    harm,
    labels,
    line,
    model,
    needs,
    projects,
    releases,
    review,
    rollout,
    rules,
    select,
    serve,
    slices,
    synthesize,
    upkeep,
)
from pitmark.cli.output import Output
from pitmark.core.errors import PitmarkError

COMMANDS = (
    *projects.COMMANDS,
    *data.COMMANDS,
    *advise.COMMANDS,
    *model.COMMANDS,
    *labels.COMMANDS,
    *review.COMMANDS,
    *agreement.COMMANDS,
    *rules.COMMANDS,
    *select.COMMANDS,
    *slices.COMMANDS,
    *needs.COMMANDS,
    *synthesize.COMMANDS,
    *groups.COMMANDS,
    *line.COMMANDS,
    *harm.COMMANDS,
    *releases.COMMANDS,
    *upkeep.COMMANDS,
    *edge.COMMANDS,
    *devices.COMMANDS,
    *rollout.COMMANDS,
    *datasheet.COMMANDS,
    *serve.COMMANDS,
    demo.demo,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PITMARK_HOME",
    default=Path("pitmark-home"),
    show_default=True,
    help="Folder of the workspace (or PITMARK_HOME).",
)
@click.option("--project", "-p", help="Project; may be left out where there is only one.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.version_option(__version__)
@click.pass_context
def cli(context: click.Context, home: Path, project: str | None, as_json: bool) -> None:
    """Turn about fifty well-labeled images into an inspector that runs at the edge."""
    context.obj = Output(home, project, as_json=as_json)


for _command in COMMANDS:
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit status.

    Args:
        arguments: As after `pitmark`; None takes those of the process.
    """
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run the command line.

    Args:
        arguments: As after `pitmark`.

    Returns:
        The exit status.
    """
    hoisted, rest = _hoist(arguments)
    output = Output(Path(), None, as_json="--json" in hoisted)
    try:
        cli.main([*hoisted, *rest], prog_name="pitmark", standalone_mode=False)
    except PitmarkError as error:
        output.fail(error)
        return 1
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "Stopped. What was finished is kept; run the same command to go on.", err=True
        )
        return 130
    return 0


def _hoist(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Move the options of the group to the front, wherever they were typed."""
    front: list[str] = []
    rest: list[str] = []
    queue = list(arguments)
    while queue:
        word = queue.pop(0)
        if word == "--":
            return front, [*rest, word, *queue]
        if word == "--json" or word.startswith(("--home=", "--project=")):
            front.append(word)
        elif word in ("--home", "--project", "-p") and queue:
            front += [word, queue.pop(0)]
        else:
            rest.append(word)
    return front, rest
