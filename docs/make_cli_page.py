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
    parts = [HEAD, "```text", _help(cli, "pitmark"), "```", ""]
    for command in COMMANDS:
        name = f"pitmark {command.name}"
        parts += [f"## {name}", "", "```text", _help(command, name), "```", ""]
    return "\n".join(parts)


def _help(command: click.Command, name: str) -> str:
    return command.get_help(click.Context(command, info_name=name, terminal_width=96)).strip()


if __name__ == "__main__":
    Path(__file__).with_name("cli.md").write_text(page(), encoding="utf-8")
