"""Write docs/cli.md from the commands themselves: python docs/make_cli_page.py"""

from pathlib import Path

import click

from pitmark.cli.main import COMMANDS, cli

HEAD = """# Commands

Made by `python docs/make_cli_page.py`. `--home`, `--project` and `--json`
may stand anywhere on the line.
With `--json` the result is one JSON object on standard output, an error one on standard error.
Exit status: 0 done, 1 an error that the message explains, 2 wrong usage, 130 stopped.
"""


def page() -> str:
    """The whole page."""
    top = click.Context(cli, info_name="pitmark", terminal_width=96, **cli.context_settings)
    parts = [HEAD, "```text", cli.get_help(top).strip(), "```", ""]
    for command in COMMANDS:
        parts += section(command, top, f"## pitmark {command.name}")
    return "\n".join(parts)


def section(command: click.Command, parent: click.Context, heading: str) -> list[str]:
    """The help of one command, followed by that of its own commands."""
    context = click.Context(command, info_name=command.name, parent=parent)
    lines = [heading, "", "```text", command.get_help(context).strip(), "```", ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            lines += section(command.commands[name], context, f"#{heading} {name}")
    return lines


if __name__ == "__main__":
    Path(__file__).with_name("cli.md").write_text(page(), encoding="utf-8")
