"""Commands around models: train, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from pitmark.cli.output import Output, figures

PRESETS = ("fast", "balanced", "thorough")
NETWORKS = ("standard", "small")


@click.command()
@click.option("--snapshot", default="latest", show_default=True)
@click.option("--preset", type=click.Choice(PRESETS), default="balanced", show_default=True)
@click.option("--quick", is_flag=True, help="Instant first model: frozen features and ridge.")
@click.option("--side", type=click.IntRange(32, 4096), help="Longer side of the input in px.")
@click.option("--steps", type=click.IntRange(1), help="Image-steps instead of the preset's.")
@click.option("--seed", default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Cores to use; all if left out.")
@click.option(
    "--init",
    metavar="FILE|random",
    help="Start from this backbone (safetensors of Pitmark, or of a ResNet-18, 34 or 50 as"
    " torchvision names it), or from random weights; the shipped ones if left out.",
)
@click.option(
    "--network",
    type=click.Choice(NETWORKS),
    default="standard",
    show_default=True,
    help="small: half the residual blocks, faster on weak devices, less accurate.",
)
@click.option(
    "--reference/--no-reference",
    default=None,
    help="Compare images with their reference images, or do not; left out, images are"
    " compared where every training image has a reference.",
)
@click.option("--cost-escape", type=float, default=10.0, show_default=True)
@click.option("--cost-overkill", type=float, default=1.0, show_default=True)
@click.pass_obj
def train(
    out: Output,
    snapshot: str,
    preset: str,
    quick: bool,
    side: int | None,
    steps: int | None,
    seed: int,
    threads: int | None,
    init: str | None,
    network: str,
    reference: bool | None,
    cost_escape: float,
    cost_overkill: float,
) -> None:
    """Train on a snapshot and evaluate on its test images; goes on where a kill stopped it."""
    from pitmark.ops.models.evaluating import Costs
    from pitmark.ops.models.train_options import TrainOptions

    options = TrainOptions(
        snapshot=snapshot,
        preset=preset,
        quick=quick,
        side_px=side,
        image_steps=steps,
        seed=seed,
        threads=threads,
        init=_start(init),
        network=network,
        reference=reference,
        costs=Costs(cost_escape, cost_overkill),
    )
    with out.progress() as progress:
        run = out.project().train(options=options, report=progress)
    _tell(out, run.report)


def _start(init: str | None) -> Path | Literal["random"] | None:
    if init == "random":
        return "random"
    return None if init is None else Path(init)


@click.command()
@click.option("--run", default="latest", show_default=True)
@click.option("--cost-escape", type=float, help="Choose the thresholds anew at this cost ...")
@click.option("--cost-overkill", type=float, help="... against this one.")
@click.option("--compare", help="Another run to compare with, on the same images.")
@click.option(
    "--html", type=click.Path(path_type=Path), help="Also write the report as a page."
)
@click.pass_obj
def evaluate(
    out: Output,
    run: str,
    cost_escape: float | None,
    cost_overkill: float | None,
    compare: str | None,
    html: Path | None,
) -> None:
    """Show the report of a run, choose its thresholds anew, or compare two runs."""
    from pitmark.ops.models.evaluating import Costs
    from pitmark.ops.models.reports import compare_runs
    from pitmark.ops.models.reports import evaluate as evaluate_run
    from pitmark.ops.pages.html import write_report_page

    project = out.project()
    if compare is not None:
        runs = project.store.runs
        result = compare_runs(project.store, runs.get(compare), runs.get(run))
        out.result(result.to_json(), [result.to_json()["sentence"]])
        return
    costs = None
    if cost_escape is not None or cost_overkill is not None:
        costs = Costs(cost_escape or 1.0, cost_overkill or 1.0)
    report = evaluate_run(project.store, run=run, costs=costs)
    if html is not None:
        write_report_page(project.store, report, html)
    _tell(out, report, html)


def _tell(out: Output, report: object, html: Path | None = None) -> None:
    from pitmark.ops.models.reports import Report

    assert isinstance(report, Report)
    content = report.to_json()
    lines = [f"Run {report.run.id}: {figures(report.metrics)}"]
    lines += content.get("sentences", [])
    learned = content.get("learned", {})
    lines += [learned["sentence"]] if "sentence" in learned else []
    ceiling = content.get("ceiling") or {}
    lines += [f"{ceiling['sentence']} {ceiling['assumes']}".strip()] if ceiling else []
    choice = content.get("choice", {})
    if choice:
        lines.append(f"Threshold {choice['threshold']:.3f}: {choice['reason']}.")
    lines += [content["note"]] if "note" in content else []
    lines += [content["reference"]["sentence"]] if "reference" in content else []
    lines += [f"Page: {html}"] if html is not None else []
    out.result(content, lines)


COMMANDS = (train, evaluate)
