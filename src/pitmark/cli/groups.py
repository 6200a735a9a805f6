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
    with out.progress() as progress:
        found = out.project().data.duplicates(embed=not fast, report=progress)
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(found.pairs.items())) or "no pairs"
    lines = [f"{found.images} images compared: {kinds}."]
    if found.groups:
        largest = len(found.groups[0])
        lines.append(f"{len(found.groups)} groups, the largest of {largest} images.")
    if found.same_files:
        lines.append(f"{found.same_files} images came as several files with the same bytes.")
    lines += [f"  {a} and {b}: {why}" for a, b, why in found.examples]
    if found.contained:
        lines.append(
            f"The test set is contained in training: {found.leaked} of {found.held_out}"
            " held-out images have their like there. Its score says nothing of new parts."
        )
    elif found.leaked:
        lines.append(
            f"Leak: {found.leaked} of {found.held_out} held-out images have their like in"
            " another split."
        )
    if found.effect is not None:
        lines.append(f"Of a simple model, {found.effect.sentence()}.")
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
    with out.progress() as progress:
        found = out.project().data.propose_groups(embed=not fast, report=progress)
    lines = [f"{found.grouped_now} of {found.images} images have a group now."]
    for key in found.keys:
        lines.append(
            f"{key.key}: {key.count} groups, the largest of {key.largest};"
            f" a random split would leak {key.leaked:.0%} of held-out images"
        )
        lines.append(f"  {key.why}")
        effect = found.effects.get(key.key)
        if effect is not None:
            lines.append(f"  With such a split, of a simple model {effect.sentence()}")
    if found.keys:
        lines.append(f"Next: pitmark groups accept {found.keys[0].key}")
    else:
        lines.append("No key explains which images look alike: they seem independent.")
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
    with out.progress() as progress:
        found = out.project().data.shortcuts(report=progress)
    lines = [f"{s.verdict}: {s.why}" for s in found]
    lines = lines or ["Nothing but the picture itself tells the class."]
    out.result([s.to_json() for s in found], lines)


COMMANDS = (duplicates, groups, shortcuts)
