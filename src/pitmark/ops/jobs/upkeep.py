"""Jobs that keep the line going: feedback, update, promote.

Who started them was let in by `ops.job_limits`; an attempt that was killed is gone on with.
"""

from __future__ import annotations

from pitmark.core.work import Outcome
from pitmark.engine.protocol import Context
from pitmark.ops.jobs.data import project_of
from pitmark.ops.line import feedback as feeding
from pitmark.ops.line import promotion, updating
from pitmark.ops.line.limits import Actor
from pitmark.store.db import ProjectStore
from pitmark.wire.job_options import FeedbackJob, PromoteJob, UpdateJob


def feedback(context: Context) -> Outcome:
    """Queue images that devices sent.

    Args:
        context: Of the job; its options are a `FeedbackJob`.

    Returns:
        What was picked.

    Raises:
        NotEnoughDataError: No device sent an image.
    """
    how = FeedbackJob.model_validate(dict(context.work.options)).model_dump()
    options = feeding.FeedbackOptions(**{**how, "same_part": tuple(how["same_part"])})
    with project_of(context) as project:
        done = feeding.feed_back(
            project, options=options, by=_by(project, context), report=context.report
        )
    return Outcome(done.to_json())


def update(context: Context) -> Outcome:
    """Make a new version from the newest labels.

    Args:
        context: Of the job; its options are an `UpdateJob`.

    Returns:
        What came of it.

    Raises:
        NotEnoughDataError: Nothing was labeled or corrected since.
    """
    how = UpdateJob.model_validate(dict(context.work.options))
    options = updating.UpdateOptions(
        override=tuple(how.override),
        int8=how.int8,
        conditions=None if how.conditions is None else tuple(how.conditions),
        threads=how.threads,
    )
    with project_of(context) as project:
        done = _updated_before(project, context) or updating.update(
            project,
            options=options,
            actor=Actor(_by(project, context), "admin"),
            report=context.report,
        )
    return Outcome(done.to_json())


def promote(context: Context) -> Outcome:
    """Put a run into use, if the gate lets it pass.

    Args:
        context: Of the job; its options are a `PromoteJob`.

    Returns:
        What came of it.

    Raises:
        NotFoundError: No such run.
    """
    how = PromoteJob.model_validate(dict(context.work.options))
    options = promotion.PromoteOptions(
        dry_run=how.dry_run,
        override=tuple(how.override),
        int8=how.int8,
        conditions=None if how.conditions is None else tuple(how.conditions),
    )
    with project_of(context) as project:
        done = promotion.promote(
            project,
            how.run,
            options=options,
            actor=Actor(_by(project, context), "admin"),
            report=context.report,
        )
    return Outcome(done.to_json())


def _by(project: ProjectStore, context: Context) -> str:
    return project.jobs.get(context.work.id).by


def _updated_before(project: ProjectStore, context: Context) -> updating.UpdateResult | None:
    """The update of an attempt that was killed between its end and the end of the job."""
    if context.work.attempt == 1:
        return None
    asked = project.jobs.get(context.work.id).created
    newest = next(iter(project.updates.list(1)), None)
    if newest is None or newest.state not in ("done", "refused") or newest.begun < asked:
        return None
    return updating.UpdateResult(newest, project.promotions.get(newest.facts["promotion"]))
