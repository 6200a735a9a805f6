"""The command that says where a model does worse than elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from pitmark.cli.output import Output


@click.command()
@click.option(
    "--run",
    metavar="RUN",
    help="What this training run (or latest) said of held-out images; left out, what the"
    " last audit said of all images.",
)
@click.option(
    "--loss",
    type=click.Choice(("failures", "graded")),
    default="failures",
    show_default=True,
    help="graded: how far off the model was, instead of failed or not.",
)
@click.option("--least", type=click.IntRange(4), help="Smallest slice in cases.")
@click.option(
    "--conditions",
    type=click.IntRange(1, 3),
    default=3,
    show_default=True,
    help="Most conditions of a rule.",
)
@click.option(
    "--false-share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="Share of confirmed slices that may be chance.",
)
@click.option(
    "--protect",
    multiple=True,
    metavar="COLUMN",
    help="Compare escapes and overkill between the groups of this column, such as sex.",
)
@click.option("--no-looks", is_flag=True, help="Search metadata alone: no pixels, faster.")
@click.option("--seed", default=0, show_default=True)
@click.option("--html", type=click.Path(path_type=Path), help="Also write them as a page.")
@click.pass_obj
def slices(
    out: Output,
    run: str | None,
    loss: str,
    least: int | None,
    conditions: int,
    false_share: float,
    protect: tuple[str, ...],
    no_looks: bool,
    seed: int,
    html: Path | None,
) -> None:
    """Find where the model does worse than elsewhere: by metadata, measures and looks.

    Each slice is found on one half of the images and confirmed on the other; what does
    not hold there is marked as a hint.
    """
    from pitmark.ops.data.slicing import SliceQuestion
    from pitmark.quality.slices.finding import SliceOptions

    question = SliceQuestion(
        run,
        "graded" if loss == "graded" else "failures",
        not no_looks,
        protect,
        SliceOptions(least, conditions, false_share, seed),
    )
    with out.progress() as progress:
        found = out.project().data.slices(question=question, report=progress)
    if html is not None:
        found.write_page(html)
    lines = found.report.sentences()
    lines += [f"Page: {html}"] if html is not None else []
    out.result(found.to_json(), lines)


COMMANDS = (slices,)
