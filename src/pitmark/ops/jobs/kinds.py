"""The kinds of jobs: who may start one, what it takes, which function does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pitmark.core.errors import InvalidInputError
from pitmark.core.roles import Role, at_least
from pitmark.core.work import Resources
from pitmark.store.db import ProjectStore
from pitmark.store.jobs import JobRow, JobTerms
from pitmark.store.schema_jobs import FILE_LIST
from pitmark.wire import job_options as options_of
from pitmark.wire.message import Message

_HOUR = 3600
_LIGHT = JobTerms(Resources(cpu=0.5, memory_mb=1024), 12 * _HOUR)
_HEAVY = JobTerms(Resources(cpu=2, memory_mb=4096), 48 * _HOUR)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job.

    Attributes:
        function: Does it, as in "package.module:function".
        options: What it may be told.
        least: The weakest role that may start it.
        terms: What it takes.
    """

    function: str
    options: type[Message]
    least: Role
    terms: JobTerms


def _kind(place: str, options: type[Message], least: Role, terms: JobTerms) -> JobKind:
    return JobKind(f"pitmark.ops.jobs.{place}", options, least, terms)


KINDS: Mapping[str, JobKind] = {
    "import": _kind("data:import_files", options_of.ImportJob, "labeler", _LIGHT),
    "snapshot": _kind("data:snapshot", options_of.SnapshotJob, "labeler", _LIGHT),
    "export": _kind("data:export", options_of.ExportJob, "labeler", _LIGHT),
    "map": _kind("data:embedding_map", options_of.MapJob, "labeler", _HEAVY),
    "train": _kind("models:train", options_of.TrainJob, "admin", _HEAVY),
    "audit": _kind("models:audit", options_of.AuditJob, "admin", _HEAVY),
    "release": _kind("models:release", options_of.ReleaseJob, "admin", _HEAVY),
    "feedback": _kind("upkeep:feedback", options_of.FeedbackJob, "operator", _LIGHT),
    "update": _kind("upkeep:update", options_of.UpdateJob, "operator", _HEAVY),
    "promote": _kind("upkeep:promote", options_of.PromoteJob, "operator", _HEAVY),
    "synthesize": _kind("models:synthesize", options_of.SynthesizeJob, "admin", _HEAVY),
    "feasibility": _kind("analyses:feasibility", options_of.FeasibilityJob, "labeler", _LIGHT),
    "needs": _kind("analyses:needs", options_of.NeedsJob, "labeler", _HEAVY),
    "slices": _kind("analyses:slices", options_of.SlicesJob, "labeler", _HEAVY),
    "duplicates": _kind("analyses:duplicates", options_of.DuplicatesJob, "labeler", _HEAVY),
    "groups": _kind("analyses:groups", options_of.GroupsJob, "labeler", _HEAVY),
    "shortcuts": _kind("analyses:shortcuts", options_of.ShortcutsJob, "labeler", _HEAVY),
    "datasheet": _kind("analyses:datasheet", options_of.DatasheetJob, "labeler", _LIGHT),
}
# What an engine is given: from kind to function, and nothing else is ever imported.
FUNCTIONS: Mapping[str, str] = {name: kind.function for name, kind in KINDS.items()}
TABLE = "pitmark.ops.jobs.kinds:FUNCTIONS"


def job_kind(name: str) -> JobKind:
    """A kind of job by its name.

    Args:
        name: Such as "train".

    Returns:
        The kind.

    Raises:
        InvalidInputError: There is none of that name.
    """
    if name not in KINDS:
        raise InvalidInputError(
            f"there is no job of the kind {name[:40]!r}", hint=f"Kinds: {', '.join(KINDS)}."
        )
    return KINDS[name]


def kinds_for(role: Role) -> list[str]:
    """The kinds of jobs that a role is enough for.

    Args:
        role: The role that somebody has in a project.

    Returns:
        Names of kinds, in the order of `KINDS`.
    """
    return [name for name, kind in KINDS.items() if at_least(role, kind.least)]


def start_job(
    project: ProjectStore, kind: str, options: Mapping[str, Any], *, by: str, key: str = ""
) -> JobRow:
    """Put a job into the queue, once its options are known to be good.

    Args:
        project: The project.
        kind: A key of `KINDS`.
        options: What the kind may be told, as plain JSON values.
        by: Who asks for it.
        key: Asked for again with the same key, it is the same job.

    Returns:
        The job.

    Raises:
        InvalidInputError: There is no such kind, or it cannot be told this; the message
            names the option.
        ConflictError: Too many jobs wait already.
    """
    chosen = job_kind(kind)
    told = checked_options(kind, options)
    if "files" in told:
        # A row is read with every list of jobs; names and hashes of 20,000 files are not.
        listed = json.dumps(told["files"]).encode()
        told = {**told, "files": len(told["files"]), FILE_LIST: project.blobs.put(listed)}
    with project.transaction():
        if FILE_LIST in told:
            # Another project that had the same list may have gone with it just now.
            project.blobs.require([told[FILE_LIST]])
        before = project.jobs.last_number()
        job = project.jobs.create(kind, told, by=by, key=key, terms=chosen.terms)
        if job.number > before:
            project.audit.log(by, "start_job", f"job/{job.id}", {"kind": kind})
    return job


def checked_options(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a job, made sure that its kind knows them all.

    Args:
        kind: A key of `KINDS`.
        options: Plain JSON values.

    Returns:
        Those that differ from the defaults.

    Raises:
        InvalidInputError: An option is unknown or impossible; the message names it.
    """
    model = job_kind(kind).options
    try:
        found = model.model_validate(dict(options))
    except ValidationError as exc:
        told = [_reason(e["loc"], e["msg"], e["type"]) for e in exc.errors()[:_NAMED]]
        raise InvalidInputError(
            f"job {kind}: {'; '.join(told)}",
            hint=f"Options of {kind}: {', '.join(model.model_fields) or 'none'}.",
        ) from exc
    return found.model_dump(mode="json", exclude_defaults=True)


def _reason(place: tuple[int | str, ...], message: str, kind: str) -> str:
    name = ".".join(str(p) for p in place)
    if kind == "extra_forbidden":
        return f"there is no option {name!r}"
    return f"{name}: {message[:1].lower()}{message[1:]}"
