"""Jobs: start them, see where they stand, stop them, hear of them, get what they made."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse

from pitmark.core.errors import NotAllowedError, NotFoundError
from pitmark.core.roles import at_least
from pitmark.core.work import JobState
from pitmark.ops.jobs.kinds import job_kind, start_job
from pitmark.ops.jobs.limits import expect_startable
from pitmark.ops.line.limits import Actor
from pitmark.server.access import (
    ORGANISATION,
    PROJECT,
    OrganisationAccess,
    ProjectAccess,
    organisation_access,
    project_access,
)
from pitmark.server.downloads import download
from pitmark.server.events import JobFeed
from pitmark.server.job_engine import wake_engine
from pitmark.store.jobs import JobRow
from pitmark.wire.jobs import Job, JobProgress, NewJob
from pitmark.wire.message import Problem

router = APIRouter(tags=["jobs"])
Viewer = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Labeler = Annotated[ProjectAccess, Depends(project_access("labeler"))]
Member = Annotated[OrganisationAccess, Depends(organisation_access("viewer"))]
# What labels are signed with that a folder brings without saying whose they are.
ANONYMOUS = "import"
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get(PROJECT + "/jobs")
def jobs(
    access: Viewer,
    kind: str | None = None,
    state: JobState | None = None,
    limit: Limit = 200,
) -> list[Job]:
    """The jobs of a project, the newest first."""
    found = access.store.jobs.list(kind=kind, state=state, limit=limit)
    return [message_of(row) for row in found]


@router.post(PROJECT + "/jobs", status_code=201)
def start(access: Labeler, new: NewJob, request: Request) -> Job:
    """Start a job. Asked for again with the same key, it is the same job."""
    least = job_kind(new.kind).least
    if not at_least(access.role, least):
        raise NotAllowedError(
            f"starting a job of the kind {new.kind} takes the role {least}; yours here is"
            f" {access.role}",
            hint="Ask an owner or admin of the organisation.",
        )
    _expect_own_name(access, new)
    expect_startable(access.store, new.kind, new.options, Actor(access.who, access.role))
    row = start_job(access.store, new.kind, new.options, by=access.who, key=new.key)
    wake_engine(request.app)
    return message_of(row)


def _expect_own_name(access: ProjectAccess, new: NewJob) -> None:
    """Only an admin imports labels in the name of somebody else."""
    name = new.options.get("labeler")
    if name in (None, ANONYMOUS, access.who) or at_least(access.role, "admin"):
        return
    raise NotAllowedError(
        f"labels are imported under one's own name, and {str(name)[:80]!r} is not yours",
        hint=f"Leave the labeler out, give {access.who!r}, or ask an admin to import them.",
    )


@router.get(PROJECT + "/jobs/{job}")
def one(access: Viewer, job: str) -> Job:
    """One job of a project."""
    return message_of(access.store.jobs.get(job))


@router.post(PROJECT + "/jobs/{job}/cancel")
def cancel(access: Labeler, job: str, request: Request) -> Job:
    """Stop a job: at once while it waits, at its next step while it runs."""
    found = access.store.jobs.get(job)
    if found.by != access.who and not at_least(access.role, "admin"):
        raise NotAllowedError(
            f"job {found.id} was started by {found.by}",
            hint="Ask them, or an owner or admin of the organisation, to stop it.",
        )
    row = access.store.jobs.cancel(job)
    access.store.audit.log(access.who, "cancel_job", f"job/{row.id}", {"kind": row.kind})
    wake_engine(request.app)
    return message_of(row)


@router.get(PROJECT + "/jobs/{job}/file", response_class=FileResponse)
def file(access: Viewer, job: str) -> FileResponse:
    """The file that a job made, such as the zip of an export."""
    row = access.store.jobs.get(job)
    name = _file_name(row)
    if name is None or row.artifact is None:
        raise NotFoundError(f"job {row.id} has made no file to download")
    return download(access.store.blobs.path(row.artifact), name, "application/zip")


def known_job(access: Viewer, job: str) -> JobRow:
    """The job of a path, known to exist before anything is streamed."""
    return access.store.jobs.get(job)


def still_project(request: Request, organisation: str, project: str) -> Callable[[], object]:
    """A question to ask again while a stream goes on: may this person still hear of it?"""
    return lambda: project_access("viewer")(request, organisation, project)


def still_member(request: Request, organisation: str) -> Callable[[], object]:
    """The same question for a whole organisation."""
    return lambda: organisation_access("viewer")(request, organisation)


@router.get(PROJECT + "/jobs/{job}/events", response_class=EventSourceResponse)
async def job_events(
    organisation: str,
    found: Annotated[JobRow, Depends(known_job)],
    allowed: Annotated[Callable[[], object], Depends(still_project)],
    request: Request,
) -> AsyncIterable[Job]:
    """A job as server-sent events: as it is, and at each change until it has ended."""
    feed: JobFeed = request.app.state.feed
    async for row in feed.follow(organisation, found.id, allowed):
        yield message_of(row)


@router.get(ORGANISATION + "/jobs")
def all_jobs(
    access: Member,
    kind: str | None = None,
    state: JobState | None = None,
    limit: Limit = 200,
) -> list[Job]:
    """The jobs of all projects of an organisation, the newest first."""
    found = access.store.jobs.list(kind=kind, state=state, limit=limit)
    return [message_of(row) for row in found]


@router.get(ORGANISATION + "/events", response_class=EventSourceResponse)
async def all_events(
    access: Member,
    organisation: str,
    allowed: Annotated[Callable[[], object], Depends(still_member)],
    request: Request,
) -> AsyncIterable[Job]:
    """All jobs of an organisation as server-sent events, until the client leaves."""
    feed: JobFeed = request.app.state.feed
    async for row in feed.follow_all(organisation, allowed):
        yield message_of(row)


def message_of(row: JobRow) -> Job:
    """A job as the wire tells it.

    Args:
        row: As the store has it.

    Returns:
        The message.
    """
    return Job(
        id=row.id,
        kind=row.kind,
        project=row.project,
        state=row.state,
        options=row.options,
        by=row.by,
        created=row.created,
        started=row.started,
        finished=row.finished,
        attempt=row.attempt,
        stopping=row.cancel and row.state == "running",
        progress=None if row.progress is None else JobProgress(**row.progress),
        result=row.result,
        problem=None if row.problem is None else Problem(**row.problem),
        file=_file_name(row),
    )


def _file_name(row: JobRow) -> str | None:
    if row.artifact is None or row.kind != "export":
        return None
    return str((row.result or {}).get("name") or f"{row.id}.zip")
