"""Commands around choosing images: select, coreset, feasibility."""

from __future__ import annotations

from pathlib import Path

import click

from pitmark.cli.output import Output

FILE = click.Path(path_type=Path, dir_okay=False)
STRATEGIES = ("auto", "random", "typical", "needed")
_SHOWN = 20


@click.command()
@click.argument("count", type=click.IntRange(1))
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    default="auto",
    show_default=True,
    help="random: by lot. typical: what stands for many images unlike the labeled ones."
    " needed: the same, weighted by what a first model is unsure of and by rare classes."
    " auto: typical, then needed from ten labels on, unless random did better here.",
)
@click.option("--out", "path", type=FILE, help="Write the list to this file (CSV or JSON).")
@click.option(
    "--most",
    type=click.IntRange(1),
    default=5000,
    show_default=True,
    help="Look at so many images of a larger pool, drawn at random.",
)
@click.option("--seed", default=0, show_default=True)
@click.pass_obj
def select(
    out: Output, count: int, strategy: str, path: Path | None, most: int, seed: int
) -> None:
    """Choose COUNT images without a label to label next, with a reason for each."""
    from pitmark.ops.data.selecting import ASKED, SelectOptions

    asked = next(a for a in ASKED if a == strategy)
    options = SelectOptions(asked, most_images=most, seed=seed)
    with out.progress() as progress:
        found = out.project().data.select(count, options=options, out=path, report=progress)
    lines = found.sentences()
    lines += [f"{c.image.name}: {c.reason}" for c in found.chosen[:_SHOWN]]
    if len(found.chosen) > _SHOWN:
        lines.append(f"... and {len(found.chosen) - _SHOWN} more; --out FILE writes all.")
    lines += [f"List: {path}"] if path is not None else []
    out.result(found.to_json(), lines)


@click.command()
@click.argument("count", type=click.IntRange(1))
@click.option("--snapshot", default="latest", show_default=True)
@click.option("--save", is_flag=True, help="Freeze a snapshot that trains on these only.")
@click.option("--out", "path", type=FILE, help="Write the list to this file (CSV or JSON).")
@click.pass_obj
def coreset(out: Output, count: int, snapshot: str, save: bool, path: Path | None) -> None:
    """Choose the COUNT training images to learn from, and say what that costs."""
    with out.progress() as progress:
        found = out.project().data.coreset(
            count, snapshot=snapshot, save=save, out=path, report=progress
        )
    lines = found.sentences()
    lines += [f"List: {path}"] if path is not None else []
    if found.snapshot is not None:
        lines.append(f"Next: pitmark train --snapshot {found.snapshot.id[:12]}")
    out.result(found.to_json(), lines)


@click.command()
@click.option(
    "--most",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Look at so many images, spread over all.",
)
@click.pass_obj
def feasibility(out: Output, most: int) -> None:
    """Say whether the first images promise a model, and what to change in the imaging."""
    with out.progress() as progress:
        found = out.project().data.feasibility(most=most, report=progress)
    out.result(found.to_json(), found.sentences())


COMMANDS = (select, coreset, feasibility)
