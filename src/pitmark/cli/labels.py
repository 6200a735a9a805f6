"""Commands around labels: audit, findings, settle."""

from __future__ import annotations

from pathlib import Path

import click

from pitmark.cli.model import PRESETS
from pitmark.cli.output import Output, table


@click.command()
@click.option("--snapshot", default="latest", show_default=True)
@click.option("--folds", type=click.IntRange(2, 20), default=3, show_default=True)
@click.option("--preset", type=click.Choice(PRESETS), default="fast", show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--steps", type=click.IntRange(1), help="Image-steps per fold.")
@click.option("--threads", type=click.IntRange(1), help="Cores to use; all if left out.")
@click.pass_obj
def audit(
    out: Output,
    snapshot: str,
    folds: int,
    preset: str,
    seed: int,
    steps: int | None,
    threads: int | None,
) -> None:
    """Queue findings: label faults, groups labeled by two rules, duplicates, split leaks."""
    from pitmark.ops.auditing import AuditOptions

    options = AuditOptions(
        snapshot=snapshot,
        folds=folds,
        preset=preset,
        seed=seed,
        image_steps=steps,
        threads=threads,
    )
    with out.progress() as progress:
        done = out.project().audit(options=options, report=progress)
    lines = [f"{done.images} images audited in {done.seconds:.0f} s."]
    lines += [f"  {kind}: {count}" for kind, count in done.counts.items()]
    lines += [f"Two rules: {g['sentence']}" for g in done.groups[:5]]
    lines += [f"Weak slice: {s.sentence()}" for s in done.slices[:5]]
    lines += [str(done.ceiling["sentence"])] if done.ceiling else []
    out.result(done.to_json(), [*lines, "Next: pitmark findings"])


@click.command()
@click.option(
    "--state",
    type=click.Choice(("open", "accepted", "corrected", "dismissed", "all")),
    default="open",
    show_default=True,
)
@click.option("--kind", help="Only this kind.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.pass_obj
def findings(out: Output, state: str, kind: str | None, limit: int) -> None:
    """The queue of findings: groups with their members, then the most likely faults."""
    from pitmark.ops.labeling import shapes_json

    project = out.project()
    wanted = None if state == "all" else state
    rows = [
        {
            "id": row.id,
            "kind": row.kind,
            "image": project.store.images.get(row.sha256).name,
            "shape": row.shape_index,
            "score": round(row.score, 3),
            "state": row.state,
            "why": row.why,
            "suggestion": shapes_json(row.suggestion),
        }
        for row in project.findings(state=wanted, kind=kind, limit=limit)
    ]
    out.result(rows, table(rows, ("id", "kind", "score", "image", "why")))


@click.command()
@click.argument("finding")
@click.argument("decision", type=click.Choice(("accept", "correct", "dismiss")))
@click.option("--by", default="cli", show_default=True, help="Who decides.")
@click.option("--note", default="", help="Why.")
@click.option(
    "--shapes", type=click.Path(path_type=Path), help="JSON file of what is true instead."
)
@click.pass_obj
def settle(
    out: Output, finding: str, decision: str, by: str, note: str, shapes: Path | None
) -> None:
    """Decide on a finding: accept it, correct the label as suggested, or dismiss it."""
    from pitmark.ops.labeling import Decision, read_shapes

    known: dict[str, Decision] = {
        "accept": "accept",
        "correct": "correct",
        "dismiss": "dismiss",
    }
    given = None if shapes is None else read_shapes(shapes)
    row = out.project().settle(finding, known[decision], by=by, shapes=given, note=note)
    out.result({"id": row.id, "state": row.state, "by": row.by}, [f"{row.id}: {row.state}."])


COMMANDS = (audit, findings, settle)
