"""Commands around several labelers: agreement (studies and reports) and consensus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pitmark.cli.output import Output, table

FOLDER = click.Path(path_type=Path)
_STUDY_HELP = "Id, name or latest."


@click.group()
def agreement() -> None:
    """How far the people who label agree: design a study, add answers, report."""


@agreement.command()
@click.option("--labeler", "labelers", multiple=True, required=True, help="May be repeated.")
@click.option("--images", type=click.IntRange(2), default=50, show_default=True)
@click.option("--image", "named", multiple=True, help="This image; instead of --images.")
@click.option("--repeats", type=click.IntRange(1, 10), default=2, show_default=True)
@click.option(
    "--hard",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Share of images on which people or models are in doubt.",
)
@click.option("--name", default="", help="How to call the study.")
@click.option("--seed", default=0, show_default=True)
@click.option("--by", default="cli", show_default=True, help="Who designs it.")
@click.pass_obj
def design(
    out: Output,
    labelers: tuple[str, ...],
    images: int,
    named: tuple[str, ...],
    repeats: int,
    hard: float,
    name: str,
    seed: int,
    by: str,
) -> None:
    """Choose images and a blind order for each labeler and trial; kept in the project."""
    from pitmark.ops.labels.study_design import StudyOptions, design_study

    options = StudyOptions(
        labelers=labelers,
        repeats=repeats,
        count=images,
        images=named,
        hard_share=hard,
        name=name,
        seed=seed,
    )
    study = design_study(out.project().store, options, by=by)
    strata = ", ".join(f"{k} {n}" for k, n in study.strata.items())
    lines = [f"Study {study.id}: {strata}; {study.hard} hard ones.", *study.sentences()]
    sheet = f"pitmark agreement sheet {study.id} FOLDER --labeler {labelers[0]} --trial 1"
    out.result(study.to_json(), [*lines, f"Next: {sheet}"])


@agreement.command("list")
@click.pass_obj
def list_(out: Output) -> None:
    """All studies, and how much of each has been answered."""
    studies = [s.to_json() for s in out.project().labels.studies()]
    rows = [
        {
            "id": s["id"],
            "name": s["name"] or None,
            "images": len(s["images"]),
            "answered": "; ".join(
                f"{who} {' + '.join(map(str, n))}" for who, n in s["answered"].items()
            ),
        }
        for s in studies
    ]
    out.result(studies, table(rows, ("id", "name", "images", "answered")))


@agreement.command()
@click.argument("study")
@click.argument("folder", type=FOLDER)
@click.option("--labeler", required=True, help="For whom.")
@click.option("--trial", type=click.IntRange(1), default=1, show_default=True)
@click.pass_obj
def sheet(out: Output, study: str, folder: Path, labeler: str, trial: int) -> None:
    """Write the images for one labeler and trial: numbered, blind, in random order."""
    from pitmark.ops.labels.study_sheet import write_sheet

    names = write_sheet(out.project().store, study, folder, labeler=labeler, trial=trial)
    added = f"pitmark agreement add {study} {folder} --labeler {labeler} --trial {trial}"
    out.result(
        {"folder": str(folder), "files": names},
        [f"{len(names)} images in {folder}. Label them in any tool, then: {added}"],
    )


@agreement.command()
@click.argument("study")
@click.argument("folder", type=FOLDER, required=False)
@click.option("--labeler", "labelers", multiple=True, help="Whose answers these are.")
@click.option("--trial", type=click.IntRange(1), help="Which trial; needed with repeats.")
@click.option("--format", "format_", help="Name of the format; left out, it is detected.")
@click.option("--replace", is_flag=True, help="Stand in for answers given before.")
@click.pass_obj
def add(
    out: Output,
    study: str,
    folder: Path | None,
    labelers: tuple[str, ...],
    trial: int | None,
    format_: str | None,
    replace: bool,
) -> None:
    """Take answers into a study: a labeler's FOLDER, or without one their labels here."""
    from pitmark.ops.labels.study_answers import AnswerSource, add_folder, add_labels

    project = out.project().store
    if folder is None:
        done = add_labels(project, study, labelers, trial=trial)
    elif len(labelers) > 1:
        raise click.UsageError("a folder holds the answers of one --labeler")
    else:
        source = AnswerSource(labelers[0] if labelers else None, trial, format_, replace)
        done = add_folder(project, study, folder, source)
    lines = [f"{done.added} answers added to study {done.study}, trial {done.trial}."]
    lines += [f"{who}: {n} images without an answer." for who, n in done.missing.items()]
    lines += [f"Not in the study: {', '.join(done.strangers[:5])}"] if done.strangers else []
    lines += [f"Left out: {p}" for p in done.problems[:20]]
    out.result(done.to_json(), [*lines, f"Next: pitmark agreement report --study {done.study}"])


@agreement.command("report")
@click.option("--study", help=f"{_STUDY_HELP} Left out: the labels of the project.")
@click.option(
    "--reference",
    default="auto",
    show_default=True,
    help="What is taken for true: labels, reviewed, none, or a labeler.",
)
@click.option(
    "--iou",
    type=click.FloatRange(0.01, 1),
    default=0.25,
    show_default=True,
    help="Overlap from which two boxes may mean the same.",
)
@click.option("--html", type=FOLDER, help="Also write the report as a page.")
@click.pass_obj
def report_(
    out: Output, study: str | None, reference: str, iou: float, html: Path | None
) -> None:
    """Repeatability, reproducibility, and every labeler against the reference."""
    from pitmark.ops.labels.agreement import AgreementOptions, measure_agreement
    from pitmark.ops.pages.agreement import about_agreement
    from pitmark.ops.pages.html import write_agreement_page

    project = out.project().store
    options = AgreementOptions(study=study, reference=reference, least_iou=iou)
    with out.progress() as progress:
        found = measure_agreement(project, options=options, report=progress)
    if html is not None:
        write_agreement_page(project, found, html)
    lines = [about_agreement(found) + ".", *found.sentences]
    lines += [f"Page: {html}"] if html is not None else []
    out.result(found.to_json(), lines)


@click.group()
def consensus() -> None:
    """Join the answers of several labelers: propose, then apply as a reviewer."""


def _options(command: Any) -> Any:
    """The options that both commands share."""
    for option in (
        click.option("--quorum", type=click.FloatRange(0, 0.99), default=0.5, show_default=True,
                     help="More than this share must have seen a box."),
        click.option("--iou", type=click.FloatRange(0.01, 1), default=0.25, show_default=True,
                     help="Overlap from which two boxes may mean the same."),
        click.option("--method", default="auto", show_default=True,
                     type=click.Choice(
                         ("auto", "majority", "dawid-skene", "model", "boxes", "staple"))),
        click.option("--study", help=f"{_STUDY_HELP} Left out: the labels of the project."),
    ):  # fmt: skip
        command = option(command)
    return command


@consensus.command()
@_options
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--html", type=FOLDER, help="Also write the proposals as a page.")
@click.pass_obj
def propose(
    out: Output,
    study: str | None,
    method: str,
    iou: float,
    quorum: float,
    limit: int,
    html: Path | None,
) -> None:
    """What the labelers together hold of each image, the least certain first."""
    from pitmark.ops.pages.consensus import about_consensus
    from pitmark.ops.pages.html import write_consensus_page

    found = _proposed(out, study, method, iou, quorum)
    if html is not None:
        write_consensus_page(out.project().store, found, html)
    rows = [
        {
            "image": p.image,
            "confidence": p.confidence,
            "state": _state(p),
            "why": p.why,
        }
        for p in found.proposals[:limit]
    ]
    lines = [about_consensus(found) + ".", *found.notes]
    lines += table(rows, ("image", "confidence", "state", "why"))
    lines += [f"Page: {html}"] if html is not None else []
    out.result(found.to_json(), [*lines, "Next: pitmark consensus apply --by NAME"])


@consensus.command()
@_options
@click.option("--by", required=True, help="The reviewer, whose decision is final.")
@click.option("--reason", default="", help="Why.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.9, show_default=True)
@click.option("--image", "images", multiple=True, help="Only this image; may be repeated.")
@click.option("--shapes", type=FOLDER, help="JSON file: decide otherwise on one --image.")
@click.pass_obj
def apply(
    out: Output,
    study: str | None,
    method: str,
    iou: float,
    quorum: float,
    by: str,
    reason: str,
    min_confidence: float,
    images: tuple[str, ...],
    shapes: Path | None,
) -> None:
    """Write proposals as reviewed labels; what was reviewed before stays as it is."""
    from pitmark.ops.labels.consensus import AppliedConsensus, apply_consensus, decide
    from pitmark.ops.labels.labeling import read_shapes

    store = out.project().store
    if shapes is not None:
        if len(images) != 1:
            raise click.UsageError("--shapes decides on one --image")
        row = decide(store, images[0], read_shapes(shapes), by=by, reason=reason)
        done = AppliedConsensus((row,), 0, 0)
    else:
        done = apply_consensus(
            store,
            _proposed(out, study, method, iou, quorum),
            by=by,
            least_confidence=min_confidence,
            images=images,
            reason=reason,
        )
    lines = [
        f"{len(done.written)} images reviewed by {by};"
        f" {done.settled_before} were settled before, {done.too_uncertain} too uncertain."
    ]
    out.result(done.to_json(), lines)


def _proposed(out: Output, study: str | None, method: str, iou: float, quorum: float) -> Any:
    from pitmark.ops.labels.consensus import METHODS, ConsensusOptions, propose_consensus

    known = next(m for m in METHODS if m == method)
    options = ConsensusOptions(study=study, method=known, least_iou=iou, quorum=quorum)
    with out.progress() as progress:
        return propose_consensus(out.project().store, options=options, report=progress)


def _state(proposal: Any) -> str:
    if proposal.settled_by is not None:
        return f"settled by {proposal.settled_by}"
    return "changes" if proposal.changes else "as held"


COMMANDS = (agreement, consensus)
