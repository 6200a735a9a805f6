"""Jobs that learn: train, audit, release, synthesize."""

from __future__ import annotations

from datetime import datetime

from pitmark.core.work import Outcome
from pitmark.engine.protocol import Context
from pitmark.ops.data import auditing
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.jobs.data import job_folder, project_of
from pitmark.ops.line import releasing
from pitmark.ops.models import training
from pitmark.ops.models.evaluating import Costs
from pitmark.ops.models.out_of_fold import AuditOptions
from pitmark.ops.models.report_words import verdict_sentences
from pitmark.ops.models.reports import report_of
from pitmark.ops.models.train_options import TrainOptions, settings_of
from pitmark.ops.synthesis import closed_loop as synthesis
from pitmark.ops.synthesis.trial import SynthesisOptions
from pitmark.store.db import ProjectStore
from pitmark.store.releases import ReleaseRow
from pitmark.store.runs import RunRow
from pitmark.wire.job_options import AuditJob, ReleaseJob, SynthesizeJob, TrainJob


def train_options(told: TrainJob) -> TrainOptions:
    """What a training is told, from what the message says.

    Args:
        told: The message.

    Returns:
        The options.
    """
    values = told.model_dump()
    return TrainOptions(**{**values, "costs": Costs(**values["costs"])})


def train(context: Context) -> Outcome:
    """Train a model; goes on from the last checkpoint of an attempt that was killed.

    Args:
        context: Of the job; its options are a `TrainJob`.

    Returns:
        The run, its figures and what they come to.

    Raises:
        NotEnoughDataError: The data cannot support this task.
    """
    how = train_options(TrainJob.model_validate(dict(context.work.options)))
    with project_of(context) as project:
        if not project.snapshots.list():
            take_snapshot(project)
        run = _trained_before(project, context, how) or training.train(
            project, options=how, report=context.report
        )
        words = verdict_sentences(report_of(project, run).content)
    return Outcome({"run": run.id, "metrics": dict(run.metrics), "sentences": words})


def _trained_before(
    project: ProjectStore, context: Context, how: TrainOptions
) -> RunRow | None:
    """The run of an attempt that was killed between its end and the end of the job."""
    if context.work.attempt == 1:
        return None
    info, images = project.snapshots.load(how.snapshot)
    settings = settings_of(project, images, how).to_json()
    since = _asked(project, context)
    for row in project.runs.list(kind="train"):
        same = row.snapshot_id == info.id and row.settings == {**settings, "quick": how.quick}
        if row.state == "done" and same and (row.finished or row.created) >= since:
            return row
    return None


def audit(context: Context) -> Outcome:
    """Queue findings.

    Args:
        context: Of the job; its options are an `AuditJob`.

    Returns:
        How many findings of each kind; weak slices and groups of labels by two rules.

    Raises:
        NotEnoughDataError: Too little to train on.
    """
    how = AuditJob.model_validate(dict(context.work.options))
    with project_of(context) as project:
        if not project.snapshots.list():
            take_snapshot(project)
        options = AuditOptions(**how.model_dump())
        done = auditing.audit(project, options=options, report=context.report).to_json()
    # The ceiling is told with the report, where it is worked out anew.
    kept = ("snapshot", "images", "findings", "by_kind", "seconds", "weak_slices", "groups")
    return Outcome({name: done[name] for name in kept})


def release(context: Context) -> Outcome:
    """Make a bundle and let it out, if its gate lets it pass.

    Args:
        context: Of the job; its options are a `ReleaseJob`.

    Returns:
        Version, run, size and gate of the release.

    Raises:
        NotFoundError: No such run.
        ParityError: The exported model disagrees with the trained one.
    """
    how = ReleaseJob.model_validate(dict(context.work.options))
    with project_of(context) as project:
        row = _released_before(project, context, how)
        if row is None:
            with job_folder(project, context) as folder:
                row = releasing.release(
                    project,
                    folder,
                    run=how.run,
                    int8=how.int8,
                    conditions=how.conditions,
                    report=context.report,
                ).row
        size = project.blobs.path(row.bundle_sha).stat().st_size
    told = {"version": row.version, "run": row.run_id, "size_bytes": size}
    return Outcome({**told, "precisions": row.gate.get("precisions", [])})


def _released_before(
    project: ProjectStore, context: Context, how: ReleaseJob
) -> ReleaseRow | None:
    """The release of an attempt that was killed between it and the end of the job."""
    if context.work.attempt == 1:
        return None
    run, since = project.runs.get(how.run), _asked(project, context)
    newer = [r for r in project.releases.list() if r.created >= since]
    mine = (r for r in newer if r.run_id == run.id and "content_of" not in r.gate)
    return next(mine, None)


def _asked(project: ProjectStore, context: Context) -> datetime:
    return project.jobs.get(context.work.id).created


def synthesize(context: Context) -> Outcome:
    """Make images of a weak class, and keep them only if a test says that they help.

    Args:
        context: Of the job; its options are a `SynthesizeJob`.

    Returns:
        Whether they were kept, and why.

    Raises:
        NotEnoughDataError: No test image shows the class.
    """
    how = SynthesizeJob.model_validate(dict(context.work.options))
    options = SynthesisOptions(
        label=how.label,
        where=how.where,
        amounts=tuple(how.amounts),
        policies=tuple(how.policies),
        kind=how.kind,
        seed=how.seed,
        train=train_options(how.train),
    )
    with project_of(context) as project:
        done = synthesis.synthesize(project, options=options, report=context.report)
    return Outcome({"run": done.run.id, "kept": done.kept, "sentences": done.sentences()})
