"""Jobs that look at the data: each keeps what it found as a document and in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pitmark.core.work import Outcome
from pitmark.engine.protocol import Context
from pitmark.ops.jobs.data import project_of
from pitmark.wire import job_options as told

DOCUMENT_WORDS = 200


def _kept(context: Context, document: Any, sentences: Sequence[str]) -> Outcome:
    """The document goes into the blob store: a row stays small."""
    blob = context.artifacts.put(json.dumps(document, ensure_ascii=False).encode())
    return Outcome({"sentences": list(sentences[:DOCUMENT_WORDS])}, artifact=blob)


def feasibility(context: Context) -> Outcome:
    """Whether the first images promise a model.

    Args:
        context: Of the job; its options are a `FeasibilityJob`.

    Returns:
        The verdict.

    Raises:
        NotEnoughDataError: The project has no image.
    """
    from pitmark.ops.data.feasibility import assess

    how = told.FeasibilityJob.model_validate(dict(context.work.options))
    with project_of(context) as project:
        found = assess(project, most=how.most, report=context.report)
    return _kept(context, found.to_json(), found.sentences())


def needs(context: Context) -> Outcome:
    """What each class needs.

    Args:
        context: Of the job; its options are a `NeedsJob`.

    Returns:
        The needs, ranked.

    Raises:
        NotEnoughDataError: Too little to judge by.
    """
    from pitmark.ops.data.needs import NeedOptions, find_needs
    from pitmark.ops.images.snapshots import take_snapshot

    how = told.NeedsJob.model_validate(dict(context.work.options))
    with project_of(context) as project:
        if not project.snapshots.list():
            take_snapshot(project)
        options = NeedOptions(**how.model_dump())
        found = find_needs(project, options=options, report=context.report)
    return _kept(context, found.to_json(), found.lines())


def slices(context: Context) -> Outcome:
    """Where the model does worse than elsewhere.

    Args:
        context: Of the job; its options are a `SlicesJob`.

    Returns:
        The slices.

    Raises:
        NotEnoughDataError: Nothing was judged yet, or too few cases.
    """
    from pitmark.ops.data.slicing import SliceQuestion, slices_of
    from pitmark.quality.slices.finding import SliceOptions

    how = told.SlicesJob.model_validate(dict(context.work.options))
    question = SliceQuestion(
        run=how.run,
        loss=how.loss,
        looks=how.looks,
        protect=tuple(how.protect),
        options=SliceOptions(**how.options.model_dump()),
    )
    with project_of(context) as project:
        found = slices_of(project, question=question, report=context.report)
    return _kept(context, found.to_json(), found.sentences())


def duplicates(context: Context) -> Outcome:
    """Compare all images; what is found is queued as findings.

    Args:
        context: Of the job; its options are a `DuplicatesJob`.

    Returns:
        What was found.

    Raises:
        NotEnoughDataError: The project has no image.
    """
    from pitmark.ops.data.analysis_words import doubles_sentences
    from pitmark.ops.data.duplicates import compare_images

    how = told.DuplicatesJob.model_validate(dict(context.work.options))
    with project_of(context) as project:
        found = compare_images(project, embed=how.embed, report=context.report)
    return _kept(context, found.to_json(), doubles_sentences(found))


def groups(context: Context) -> Outcome:
    """Propose what keeps images together in splits.

    Args:
        context: Of the job; its options are a `GroupsJob`.

    Returns:
        The candidates.

    Raises:
        NotEnoughDataError: Fewer than two images.
    """
    from pitmark.ops.data.analysis_words import groups_sentences
    from pitmark.ops.data.grouping import propose_groups

    how = told.GroupsJob.model_validate(dict(context.work.options))
    with project_of(context) as project:
        found = propose_groups(project, embed=how.embed, report=context.report)
    return _kept(context, found.to_json(), groups_sentences(found))


def shortcuts(context: Context) -> Outcome:
    """What is no defect and yet tells the class.

    Args:
        context: Of the job.

    Returns:
        Shortcuts and hints.
    """
    from pitmark.ops.data.analysis_words import shortcut_sentences
    from pitmark.ops.data.shortcuts import project_shortcuts

    with project_of(context) as project:
        found = project_shortcuts(project, report=context.report)
    document = {"shortcuts": [s.to_json() for s in found]}
    return _kept(context, document, shortcut_sentences(found))


def datasheet(context: Context) -> Outcome:
    """Make the datasheet of a snapshot.

    Args:
        context: Of the job; its options are a `DatasheetJob`.

    Returns:
        The datasheet.

    Raises:
        NotFoundError: No such snapshot.
        InvalidInputError: An answer to a question that it does not have.
    """
    from pitmark.ops.data.analysis_words import datasheet_sentences
    from pitmark.ops.data.datasheet import make_datasheet

    how = told.DatasheetJob.model_validate(dict(context.work.options))
    with project_of(context) as project:
        sheet = make_datasheet(project, snapshot=how.snapshot, answers=how.answers)
    return _kept(context, sheet.to_json(), datasheet_sentences(sheet))
