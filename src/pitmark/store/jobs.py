"""The jobs of an organisation, or of one project of it: asked for, listed, stopped."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, func, or_

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.core.work import JobState, Resources
from pitmark.store.plain_json import plain
from pitmark.store.schema import now, projects
from pitmark.store.schema_jobs import jobs
from pitmark.store.scope import Scope

_ID = re.compile(r"j(\d{1,9})")
_ALIVE = ("queued", "running")
# A person who waits for a thousand jobs has made a mistake, or means harm.
_MOST_WAITING = 1000


@dataclass(frozen=True, slots=True)
class JobTerms:
    """What a kind of job takes: resources, and seconds after which an attempt is ended."""

    resources: Resources = field(default_factory=Resources)
    limit_s: int | None = None


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job. `artifact` is the sha256 of the file that it made, if it made one."""

    id: str
    number: int
    kind: str
    project: str | None
    state: JobState
    options: dict[str, Any]
    by: str
    key: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    attempt: int
    cancel: bool
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None
    artifact: str | None


JobRows = list[JobRow]


class Jobs:
    """The jobs of an organisation or of one of its projects.

    Args:
        scope: Whose jobs.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def create(
        self,
        kind: str,
        options: Mapping[str, Any],
        *,
        by: str,
        key: str = "",
        terms: JobTerms | None = None,
    ) -> JobRow:
        """Put a job into the queue.

        Args:
            kind: What to do.
            options: Plain JSON values.
            by: Who asks for it.
            key: Asked for again with the same key, it is the same job; "" never is.
            terms: What it takes.

        Returns:
            The job; the one there is already where the key is known.

        Raises:
            ConflictError: A thousand jobs of the organisation wait already.
        """
        how = terms or JobTerms()
        with self._scope.write() as connection:
            known = self._of_key(kind, key)
            if known is not None:
                return known
            whole = Scope(self._scope.database, self._scope.organisation)
            self._check_room(whole)
            last = whole.value(whole.select(jobs, func.max(jobs.c.number))) or 0
            values = {
                "number": last + 1,
                "kind": kind,
                "state": "queued",
                "options": plain(options),
                "author": by[:200],
                "request_key": key,
                "created": now(),
                "light": how.resources.light,
                "resources": _resources(how.resources),
                "limit_s": how.limit_s,
                "turn": self._turn(whole, connection),
                "attempt": 0,
                "token": "",
                "cancel": False,
            }
            self._scope.insert(connection, jobs, [values])
            return self.get(job_id(last + 1))

    def get(self, job: str) -> JobRow:
        """One job.

        Args:
            job: Its id.

        Returns:
            The job as it is now.

        Raises:
            NotFoundError: No such job.
        """
        row = self._scope.first(self._query().where(jobs.c.number == _number(job)))
        if row is None:
            raise NotFoundError(f"there is no job {job[:40]!r}")
        return _job(row)

    def list(
        self,
        *,
        kind: str | None = None,
        state: JobState | None = None,
        limit: int = 200,
    ) -> JobRows:
        """Jobs, the newest first.

        Args:
            kind: Only of this kind.
            state: Only in this state.
            limit: How many at most.

        Returns:
            The jobs.
        """
        query = self._query().order_by(jobs.c.number.desc()).limit(limit)
        if kind is not None:
            query = query.where(jobs.c.kind == kind)
        if state is not None:
            query = query.where(jobs.c.state == state)
        return [_job(row) for row in self._scope.rows(query)]

    def moving(self, *, since: int, also: Collection[str] = ()) -> JobRows:
        """The jobs that have not ended, those made since, and some by id.

        Args:
            since: Number of a job; later ones are told even if they have ended.
            also: Ids of further jobs.

        Returns:
            The jobs in the order in which they were made.
        """
        numbers = [_number(job) for job in also]
        wanted = or_(
            jobs.c.state.in_(_ALIVE), jobs.c.number > since, jobs.c.number.in_(numbers)
        )
        query = self._query().where(wanted).order_by(jobs.c.number)
        return [_job(row) for row in self._scope.rows(query)]

    def cancel(self, job: str) -> JobRow:
        """Stop a job: at once while it waits, at its next step while it runs.

        Args:
            job: Its id.

        Returns:
            The job as it is now; one that has ended stays as it is.

        Raises:
            NotFoundError: No such job.
        """
        with self._scope.write() as connection:
            found = self.get(job)
            mine = jobs.c.number == found.number
            change = self._scope.update(jobs)
            if found.state == "queued":
                gone = {"state": "cancelled", "finished": now(), "cancel": True}
                connection.execute(change.where(mine, jobs.c.state == "queued").values(**gone))
            elif found.state == "running":
                connection.execute(change.where(mine).values(cancel=True))
        return self.get(job)

    def last_number(self) -> int:
        """The number of the newest job; 0 where there is none."""
        return int(self._scope.value(self._scope.select(jobs, func.max(jobs.c.number))) or 0)

    def _query(self) -> Any:
        query = self._scope.select(jobs, jobs, projects.c.name.label("project"))
        return query.outerjoin(projects, projects.c.id == jobs.c.project_id)

    def _of_key(self, kind: str, key: str) -> JobRow | None:
        if not key:
            return None
        query = self._query().where(jobs.c.kind == kind, jobs.c.request_key == key)
        if self._scope.project_id is None:
            query = query.where(jobs.c.project_id.is_(None))
        row = self._scope.first(query)
        return None if row is None else _job(row)

    def _check_room(self, whole: Scope) -> None:
        waiting = whole.select(jobs, func.count()).where(jobs.c.state == "queued")
        if whole.value(waiting) >= _MOST_WAITING:
            raise ConflictError(
                f"{_MOST_WAITING} jobs of this organisation wait already",
                hint="Wait until some have ended, or cancel them.",
            )

    def _turn(self, whole: Scope, connection: Connection) -> int:
        """The place in the queue: one after the last of the organisation, not before now."""
        own = whole.select(jobs, func.max(jobs.c.turn)).where(jobs.c.state.in_(_ALIVE))
        last = whole.value(own)
        after = 0 if last is None else int(last) + 1
        for state, figure in (("running", func.max), ("queued", func.min)):
            query = Scope.across(jobs, figure(jobs.c.turn)).where(jobs.c.state == state)
            present = connection.execute(query).scalar()
            if present is not None:
                return max(after, int(present))
        return after


def job_id(number: int) -> str:
    """What people and programs call a job.

    Args:
        number: Of the job in its organisation.

    Returns:
        Such as "j0012".
    """
    return f"j{number:04d}"


def _number(job: str) -> int:
    match = _ID.fullmatch(job)
    return int(match[1]) if match else 0


def _resources(given: Resources) -> dict[str, float]:
    if given.cpu <= 0 or given.memory_mb <= 0 or given.gpu < 0:
        raise InvalidInputError(f"impossible resources of a job: {given}")
    return {"cpu": given.cpu, "memory_mb": given.memory_mb, "gpu": given.gpu}


def _job(row: Any) -> JobRow:
    return JobRow(
        id=job_id(row.number),
        number=row.number,
        kind=row.kind,
        project=row.project,
        state=cast("JobState", row.state),
        options=row.options,
        by=row.author,
        key=row.request_key,
        created=row.created,
        started=row.started,
        finished=row.finished,
        attempt=row.attempt,
        cancel=row.cancel,
        progress=row.progress,
        result=row.result,
        problem=row.problem,
        artifact=row.blob_sha,
    )
