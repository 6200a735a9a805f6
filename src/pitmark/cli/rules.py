"""Commands around the rule at which people change from one class to another."""

from __future__ import annotations

from pathlib import Path

import click

from pitmark.cli.output import Output


@click.group()
def rule() -> None:
    """Find the limit between two classes, write it into the label book, check labels."""


@rule.command()
@click.argument("classes", nargs=-1)
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--html", type=click.Path(path_type=Path), help="Also write the proposals as a page."
)
@click.pass_obj
def propose(out: Output, classes: tuple[str, ...], seed: int, html: Path | None) -> None:
    """Say where people change from one class to another, and by which measure.

    Name two CLASSES, or one against leaving it unmarked; without a name all pairs on
    which people disagree are taken.
    """
    from pitmark.ops.pages.rules import NO_DISPUTE

    with out.progress() as progress:
        found = out.project().labels.propose_rules(*classes, seed=seed, report=progress)
    if html is not None:
        found.write_page(html)
    lines = [p.sentence() for p in found] or [NO_DISPUTE]
    lines += [f"Page: {html}"] if html is not None else []
    if any(p.search.proposed is not None for p in found):
        lines.append("Next: pitmark rule accept CLASS [CLASS]")
    out.result([p.to_json() for p in found], lines)


@rule.command()
@click.argument("classes", nargs=-1, required=True)
@click.option("--limit", type=float, help="This limit instead of the proposed one.")
@click.option(
    "--measure",
    type=click.Choice(("length", "area", "short_side")),
    help="With --limit: take no proposal; the second class is what lies above the limit.",
)
@click.option("--unit", type=click.Choice(("px", "mm")), help="With --measure.")
@click.option("--by", default="cli", show_default=True, help="Who decides.")
@click.option("--reason", default="", help="Why; the proposal in words if left out.")
@click.pass_obj
def accept(
    out: Output,
    classes: tuple[str, ...],
    limit: float | None,
    measure: str | None,
    unit: str | None,
    by: str,
    reason: str,
) -> None:
    """Write the limit between CLASSES into the label book and list what contradicts it."""
    with out.progress() as progress:
        done = out.project().labels.accept_rule(
            *classes,
            limit=limit,
            measure=measure,
            unit=unit,
            by=by,
            reason=reason,
            report=progress,
        )
    lines = [
        f"Label book revision {done.book.revision}: {done.rule}.",
        f"{done.check.sentence()}.",
    ]
    if done.check.contradictions:
        lines.append("Next: pitmark findings --kind broken_rule")
    out.result(done.to_json(), lines)


@rule.command()
@click.pass_obj
def check(out: Output) -> None:
    """Hold all labels against the rules of the label book and queue those that break one."""
    done = out.project().labels.check_rules()
    lines = [f"{done.sentence()}."]
    if done.contradictions:
        lines.append("Next: pitmark findings --kind broken_rule")
    out.result(done.to_json(), lines)


COMMANDS = (rule,)
