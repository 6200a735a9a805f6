"""`pitmark demo`: the whole loop on a generated factory, told in a dozen lines."""

from __future__ import annotations

from pathlib import Path

import click

from pitmark.cli.output import Output


@click.command()
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-factory"),
    show_default=True,
    help="Folder of the demo; an earlier demo there is replaced.",
)
@click.option("--images", type=click.IntRange(60, 5000), default=400, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.pass_obj
def demo(out: Output, into: Path, images: int, seed: int) -> None:
    """Run the whole loop on generated smartphone casings; takes a few minutes."""
    from pitmark.ops.demo.loop import DemoOptions, run_demo

    def narrate(line: str) -> None:
        click.echo(line, err=out.as_json)

    options = DemoOptions(images=images, seed=seed)
    with out.progress() as progress:
        done = run_demo(into, options=options, narrate=narrate, report=progress)
    page = done.page.resolve()
    out.result(
        {**done.figures, "page": str(page)},
        [f"Report: {page}", f"In the browser: pitmark serve --home {into}"],
    )
