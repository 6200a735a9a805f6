"""Commands around labels: audit, findings, settle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pitmark.cli.model import PRESETS
from pitmark.cli.output import Output, table

if TYPE_CHECKING:
    from pitmark.ops.labels.finding_order import RankedFinding
    from pitmark.store.db import ProjectStore
    from pitmark.store.findings import FindingRow


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
    from pitmark.ops.models.out_of_fold import AuditOptions

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
    """The queue of findings: test images first, then by expected gain per minute."""
    from pitmark.ops.labels.finding_order import ranked, with_suggestions

    project = out.project().store
    wanted = None if state == "all" else state
    found = ranked(project, state=wanted, kind=kind)
    shown = with_suggestions(project, found[:limit])
    rows = [_row_json(project, one) for one in shown]
    columns = ("id", "kind", "split", "score", "chance", "image", "why")
    lines = table(rows, columns)
    if rows and wanted == "open":
        lines += ["", f"{rows[0]['id']} first: {rows[0]['because']}."]
        lines += [f"{len(rows)} of {len(found)} shown."] if len(found) > limit else []
    out.result(rows, lines)


def _row_json(project: ProjectStore, one: RankedFinding[FindingRow]) -> dict[str, Any]:
    from pitmark.ops.labels.labeling import shapes_json

    row = one.row
    return {
        "id": row.id,
        "kind": row.kind,
        "image": project.images.get(row.sha256).name,
        "shape": row.shape_index,
        "score": round(row.score, 3),
        "chance": round(one.chance, 3),
        "split": one.split,
        "expected_gain": row.expected_gain,
        "seconds": round(one.seconds, 1),
        "gain_per_minute": one.gain_per_minute,
        "covers": one.covers,
        "because": one.because,
        "state": row.state,
        "by": row.by,
        "why": row.why,
        "suggestion": shapes_json(row.suggestion),
    }


@click.command()
@click.argument("finding")
@click.argument("decision", type=click.Choice(("accept", "correct", "dismiss")))
@click.option("--by", default="cli", show_default=True, help="Who decides.")
@click.option("--note", default="", help="Why.")
@click.option(
    "--shapes", type=click.Path(path_type=Path), help="JSON file of what is true instead."
)
@click.option("--all-of", is_flag=True, help="FINDING is a group: settle all its labels too.")
@click.option("--as", "label", help="With --all-of and correct: the class that is right.")
@click.pass_obj
def settle(
    out: Output,
    finding: str,
    decision: str,
    by: str,
    note: str,
    shapes: Path | None,
    all_of: bool,
    label: str | None,
) -> None:
    """Decide on a finding: accept it, correct the label as suggested, or dismiss it."""
    from pitmark.ops.labels.labeling import Decision, read_shapes

    known: dict[str, Decision] = {
        "accept": "accept",
        "correct": "correct",
        "dismiss": "dismiss",
    }
    if not all_of and label is not None:
        raise click.UsageError("--as goes with --all-of")
    if all_of:
        if shapes is not None:
            raise click.UsageError("--shapes is for one finding, not for --all-of")
        done = out.project().settle_group(
            finding, known[decision], by=by, label=label, note=note
        )
        out.result(
            done.to_json(), [done.sentence(), f"To take it back: pitmark undo {finding}"]
        )
        return
    given = None if shapes is None else read_shapes(shapes)
    row = out.project().settle(finding, known[decision], by=by, shapes=given, note=note)
    out.result({"id": row.id, "state": row.state, "by": row.by}, [f"{row.id}: {row.state}."])


COMMANDS = (audit, findings, settle)
