"""Jobs that bring data in, freeze it, and write it out."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.core.progress import Progress, Reporter
from pitmark.core.work import Outcome
from pitmark.engine.protocol import Context
from pitmark.formats.safe_names import safe_name
from pitmark.ops.images.exporting import export_folder
from pitmark.ops.images.importing import ImportOptions, ImportSummary, import_folder
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.images.uploading import uploaded_file
from pitmark.ops.images.uploads import lay_out
from pitmark.store.db import ProjectStore, Store, open_store
from pitmark.store.schema_jobs import FILE_LIST
from pitmark.wire.job_options import ExportJob, ImportJob, SnapshotJob

_PACKED = frozenset({".json", ".txt", ".csv", ".xml", ".yaml", ".html", ".md"})


@contextmanager
def workspace_of(context: Context) -> Iterator[Store]:
    """The workspace as the organisation of a job sees it.

    Args:
        context: Of the job.

    Yields:
        The store, open until the end.
    """
    home, work = Path(context.workspace), context.work
    with open_store(home, organisation=work.organisation) as store:
        yield store


@contextmanager
def project_of(context: Context) -> Iterator[ProjectStore]:
    """The project that a job is for.

    Args:
        context: Of the job.

    Yields:
        The project, open until the end.

    Raises:
        NotFoundError: It has been deleted.
    """
    with workspace_of(context) as store:
        yield store.project(context.work.project or "")


@contextmanager
def job_folder(project: ProjectStore, context: Context) -> Iterator[Path]:
    """A folder of one attempt; it is removed with all that is in it.

    Args:
        project: The project.
        context: Of the job.

    Yields:
        The folder, which exists and is empty.
    """
    work = context.work
    folder = project.work / f"job-{work.id}-{work.attempt}-{work.token[:8]}"
    try:
        # What attempts that were killed have left.
        for stale in project.work.glob(f"job-{work.id}-*"):
            shutil.rmtree(stale, ignore_errors=True)
        folder.mkdir(parents=True)
        yield folder
    except OSError as exc:
        raise StorageError(
            f"the work folder of the project cannot be written: {exc.strerror}",
            hint="Check free space and write permission.",
        ) from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def import_files(context: Context) -> Outcome:
    """Lay the uploaded files out as a folder and import it.

    Args:
        context: Of the job; its options are an `ImportJob`.

    Returns:
        The summary of the import.

    Raises:
        InvalidInputError: A name or an archive that is not let in, or the folder cannot
            be read as it was asked for.
        NotFoundError: Bytes that were not uploaded.
    """
    told = dict(context.work.options)
    with workspace_of(context) as store:
        project = store.project(context.work.project or "")
        told["files"] = json.loads(project.blobs.read(told.pop(FILE_LIST)))
        how = ImportJob.model_validate(told)
        find = partial(uploaded_file, store)
        with job_folder(project, context) as folder:
            done = _import(project, how, folder / "in", find, context.report)
    return Outcome(done.to_json())


def _import(
    project: ProjectStore,
    how: ImportJob,
    folder: Path,
    find: Callable[[str], Path],
    report: Reporter,
) -> ImportSummary:
    files = [(f.path, f.sha256) for f in how.files]
    root = lay_out(files, find, folder, report=report)
    options = ImportOptions(
        format=how.format,
        pattern=how.pattern,
        metadata_csv=_within(folder, how.metadata_csv),
        group_by=tuple(how.group_by),
        labeler=how.labeler,
        reference=how.reference,
    )
    return import_folder(project, root, options=options, report=report)


def _within(folder: Path, name: str | None) -> Path | None:
    """A file among those laid out; its path was given as it was uploaded."""
    if name is None:
        return None
    path = folder / safe_name(name)
    if not path.is_file():
        raise InvalidInputError(
            f"the table {name[:200]!r} is not among the uploaded files",
            hint="Name it by its path among them.",
        )
    return path


def snapshot(context: Context) -> Outcome:
    """Freeze all labeled images.

    Args:
        context: Of the job; its options are a `SnapshotJob`.

    Returns:
        Id and sizes of the snapshot.

    Raises:
        NotEnoughDataError: No image is labeled.
    """
    how = SnapshotJob.model_validate(dict(context.work.options))
    plan = SplitPlan(train=how.train, val=how.val, seed=how.seed, given=how.given)
    with project_of(context) as project:
        info = take_snapshot(project, plan=plan, note=how.note)
        _, images = project.snapshots.load(info.id)
    splits = {s: sum(i.split == s for i in images) for s in ("train", "val", "test")}
    told = {"snapshot": info.id, "images": info.images, "labeled": info.labeled}
    return Outcome({**told, "splits": splits})


def export(context: Context) -> Outcome:
    """Write a snapshot in another tool's format, and keep it as one zip file.

    Args:
        context: Of the job; its options are an `ExportJob`.

    Returns:
        How many files, what the format could not hold, and the zip as artifact.

    Raises:
        NotFoundError: No such snapshot.
        InvalidInputError: No such format, or it is only read.
    """
    how = ExportJob.model_validate(dict(context.work.options))
    with project_of(context) as project, job_folder(project, context) as folder:
        context.report(Progress("export", 0, 0))
        out = folder / "out"
        wanted = take_snapshot(project).id if how.snapshot == "new" else how.snapshot
        done = export_folder(project, out, format=how.format, snapshot=wanted)
        packed = _zip(out, folder / "out.zip", context.report)
        kept = context.artifacts.put_file(packed)
        name = f"{project.info.name}-{how.format}.zip"
        size = packed.stat().st_size
    told = {"files": done.files, "lost": list(done.lost), "name": name, "size_bytes": size}
    return Outcome(told, artifact=kept)


def _zip(folder: Path, target: Path, report: Reporter) -> Path:
    """All files of a folder in one zip; images are packed already and only stored."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for done, path in enumerate(files, start=1):
            deflate = path.suffix.lower() in _PACKED
            packed.write(
                path,
                path.relative_to(folder).as_posix(),
                zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED,
            )
            report(Progress("pack", done, len(files)))
    return target


def embedding_map(context: Context) -> Outcome:
    """Place all images on the embedding map.

    Args:
        context: Of the job.

    Returns:
        How many images are on it.

    Raises:
        NotEnoughDataError: Too few images.
    """
    from pitmark.ops.images.embedding_map import make_map

    with project_of(context) as project:
        made = make_map(project, report=context.report)
    return Outcome({"images": len(made.sha256)})
