"""Commands around images that belong together: duplicates, groups, shortcuts."""

from __future__ import annotations

import click

from pitmark.cli.output import Output

FAST = click.option(
    "--fast", is_flag=True, help="Without the backbone: quicker, no effect on the score."
)


@click.command()
@FAST
@click.pass_obj
def duplicates(out: Output, fast: bool) -> None:
    """Find copies, exposures of one part and leaks between splits; needs no training.

    Stored flips and turns count as copies. Everything found is queued as findings.
    """
    from pitmark.ops.data.analysis_words import doubles_sentences

    with out.progress() as progress:
        found = out.project().data.duplicates(embed=not fast, report=progress)
    lines = doubles_sentences(found)
    if found.groups:
        lines.append("Next: pitmark groups propose")
    out.result(found.to_json(), lines)


@click.group()
def groups() -> None:
    """Find what keeps images together (tile, lot, position, time run) and regroup."""


@groups.command()
@FAST
@click.pass_obj
def propose(out: Output, fast: bool) -> None:
    """List candidates for the group key, best first, with what a random split leaks."""
    from pitmark.ops.data.analysis_words import groups_sentences

    with out.progress() as progress:
        found = out.project().data.propose_groups(embed=not fast, report=progress)
    lines = groups_sentences(found)
    if found.keys:
        lines.append(f"Next: pitmark groups accept {found.keys[0].key}")
    out.result(found.to_json(), lines)


@groups.command()
@click.argument("key")
@click.option("--by", default="cli", show_default=True, help="Who decides.")
@click.pass_obj
def accept(out: Output, key: str, by: str) -> None:
    """Regroup all images by KEY, as in a proposal or metadata:COLUMN,COLUMN."""
    with out.progress() as progress:
        done = out.project().data.accept_groups(key, by=by, report=progress)
    out.result(
        done.to_json(),
        [
            f"{done.images} images in groups by {done.key}, the largest of {done.largest};"
            f" {done.alone} on their own.",
            "Next: pitmark snapshot",
        ],
    )


@click.command()
@click.pass_obj
def shortcuts(out: Output) -> None:
    """Find what is no defect and yet tells the class: frame, light, size, file, metadata."""
    from pitmark.ops.data.analysis_words import shortcut_sentences

    with out.progress() as progress:
        found = out.project().data.shortcuts(report=progress)
    out.result([s.to_json() for s in found], shortcut_sentences(found))


COMMANDS = (duplicates, groups, shortcuts)
