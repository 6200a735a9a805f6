"""Commands around the data: import, labelbook, snapshot, export, status."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pitmark.cli.output import Output, table

FOLDER = click.Path(path_type=Path)


@click.command("import")
@click.argument("folder", type=FOLDER)
@click.option("--format", "format_", help="Name of the format; left out, it is detected.")
@click.option("--pattern", help='Metadata from file names, as in "exp{exposure}_num_{num}".')
@click.option("--metadata", type=FOLDER, help="CSV with a column image and any others.")
@click.option(
    "--group-by",
    multiple=True,
    help="Metadata key; images that agree in it stay together in splits. May be repeated.",
)
@click.option(
    "--reference",
    help="Reference of each image, the same part without defects: a file, or by name as in"
    ' "{name}_temp" or "{n}_test={n}_temp", or "{column}" of the metadata.',
)
@click.option("--labeler", default="import", show_default=True, help="Whose labels these are.")
@click.pass_obj
def import_(
    out: Output,
    folder: Path,
    format_: str | None,
    pattern: str | None,
    metadata: Path | None,
    group_by: tuple[str, ...],
    reference: str | None,
    labeler: str,
) -> None:
    """Bring a folder of images and labels into the project."""
    from pitmark.ops.images.importing import ImportOptions

    options = ImportOptions(
        format=format_,
        pattern=pattern,
        metadata_csv=metadata,
        group_by=group_by,
        reference=reference,
        labeler=labeler,
    )
    with out.progress() as progress:
        done = out.project().import_folder(folder, options=options, report=progress)
    lines = [
        f"{done.format}: {done.found} images found, {done.added} added,"
        f" {done.known} known before, {done.labeled} with labels."
    ]
    lines += [f"{done.compared} images with a reference."] if done.compared else []
    lines += [f"Classes: {', '.join(done.classes)}"] if done.classes else []
    lines += [f"Note: {note}" for note in done.notes]
    lines += [f"Left out: {p.name}: {p.reason}" for p in done.problems[:20]]
    if len(done.problems) > 20:
        lines.append(f"... and {len(done.problems) - 20} more; --json lists all.")
    out.result(done.to_json(), lines)


@click.command()
@click.option("--set", "path", type=FOLDER, help="JSON file to save as the next revision.")
@click.option("--by", default="cli", show_default=True, help="Who changes it.")
@click.option("--reason", default="", help="Why.")
@click.option("--history", is_flag=True, help="All revisions instead of the current one.")
@click.pass_obj
def labelbook(out: Output, path: Path | None, by: str, reason: str, history: bool) -> None:
    """Show or change the label book."""
    from pitmark.ops.labels.labeling import read_label_book

    project = out.project()
    if path is not None:
        project.save_label_book(read_label_book(path), author=by, reason=reason)
    if history:
        rows = [
            {"revision": r.book.revision, "by": r.author, "at": str(r.at), "reason": r.reason}
            for r in project.store.book.history()
        ]
        out.result(rows, table(rows, ("revision", "by", "at", "reason")))
        return
    book = project.label_book
    out.result(book.to_json(), [json.dumps(book.to_json(), indent=2, ensure_ascii=False)])


@click.command()
@click.option("--train", type=click.IntRange(1), help="Number of labeled images to train on.")
@click.option("--val", type=click.IntRange(0), help="Number to choose thresholds on.")
@click.option("--seed", default=0, show_default=True, help="Another seed draws others.")
@click.option("--given", is_flag=True, help="Take the splits that came with the images.")
@click.option("--note", default="", help="What this version is for.")
@click.option("--list", "listing", is_flag=True, help="List the snapshots instead.")
@click.pass_obj
def snapshot(
    out: Output,
    train: int | None,
    val: int | None,
    seed: int,
    given: bool,
    note: str,
    listing: bool,
) -> None:
    """Freeze all labeled images with their splits; whole groups stay together."""
    from pitmark.ops.images.snapshots import SplitPlan

    project = out.project()
    if listing:
        rows = [
            {"id": s.id[:12], "at": str(s.created), "images": s.images, "note": s.note}
            for s in project.store.snapshots.list()
        ]
        out.result(rows, table(rows, ("id", "at", "images", "note")))
        return
    plan = SplitPlan(train=train, val=val, seed=seed, given=given)
    info = project.snapshot(plan=plan, note=note)
    _, images = project.store.snapshots.load(info.id)
    counts = {s: sum(i.split == s for i in images) for s in ("train", "val", "test")}
    told = ", ".join(f"{n} {s}" for s, n in counts.items())
    out.result(
        {"id": info.id, "images": info.images, "splits": counts, "note": info.note},
        [f"Snapshot {info.id[:12]}: {info.images} images ({told})."],
    )


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--format", "format_", required=True, help="Name of the format.")
@click.option("--snapshot", "snapshot_", default="latest", show_default=True)
@click.pass_obj
def export(out: Output, folder: Path, format_: str, snapshot_: str) -> None:
    """Write a snapshot as a folder that other tools read."""
    done = out.project().export(folder, format=format_, snapshot=snapshot_)
    lines = [f"{done.files} files written to {folder}."]
    lines += [f"Lost: {note}" for note in done.lost]
    out.result({"files": done.files, "lost": list(done.lost), "folder": str(folder)}, lines)


@click.command()
@click.pass_obj
def status(out: Output) -> None:
    """Projects of the workspace, with images, runs, findings and releases."""
    with out.workspace() as workspace:
        rows = []
        for info in workspace.projects():
            store = workspace.project(info.name).store
            rows.append(
                {
                    "project": info.name,
                    "task": info.task,
                    "images": info.images,
                    "labeled": info.labeled,
                    "runs": len(store.runs.list()),
                    "open findings": len(store.findings.briefs(state="open")),
                    "releases": len(store.releases.list()),
                }
            )
    out.result(rows, table(rows, tuple(rows[0]) if rows else ()))


@click.command()
@click.option("--by", help="Metadata column that names the source; the folder if left out.")
@click.pass_obj
def columns(out: Output, by: str | None) -> None:
    """Find metadata that some sources write in other units, codes or dates than the others."""
    found = out.project().data.columns(by=by)
    out.result(found.to_json(), found.sentences())


COMMANDS = (import_, labelbook, snapshot, export, columns, status)
