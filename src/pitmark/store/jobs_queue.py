"""The queue of jobs of all organisations, as an engine and its workers see it.

Every change names the token of the attempt: an attempt that was replaced by another can
tell nothing any more, so that a job has at most one published result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func

from pitmark.core.errors import ConflictError
from pitmark.core.progress import Progress
from pitmark.core.work import MOST_ATTEMPTS, Hold, Outcome, Resources, Running, Work
from pitmark.store.blobs import BlobStore
from pitmark.store.connection import Database
from pitmark.store.jobs import job_id
from pitmark.store.plain_json import plain
from pitmark.store.schema import now, projects
from pitmark.store.schema_jobs import jobs
from pitmark.store.scope import Scope


class StoredQueue:
    """The queue in the database of a workspace.

    Args:
        database: Of the workspace, migrated.
        blobs: Of the workspace.
        most_attempts: After so many attempts that ended without a word a job fails.
        most_each: Jobs of one organisation that may run at once; None for no bound.
    """

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        *,
        most_attempts: int = MOST_ATTEMPTS,
        most_each: int | None = None,
    ) -> None:
        self._database, self._blobs = database, blobs
        self._most_attempts, self._most_each = most_attempts, most_each

    def claim(self, *, light: bool) -> Work | None:
        """Take the job whose turn it is; organisations take turns.

        Args:
            light: Whether to take a light job or a heavy one.

        Returns:
            A new attempt of it, or None where nothing waits.
        """
        if self._next(light) is None:
            return None
        with self._database.write() as connection:
            # Looked at again under the lock: another engine may have taken it meanwhile.
            row = self._next(light)
            if row is None:
                return None
            moment = now()
            limit = None if row.limit_s is None else moment + timedelta(seconds=row.limit_s)
            values = {
                "state": "running",
                "attempt": row.attempt + 1,
                "token": uuid4().hex,
                "started": moment,
                "seen": moment,
                "deadline": limit,
                "host": None,
                "pid": None,
                "progress": None,
            }
            change = Scope(self._database, row.organisation_id).update(jobs)
            connection.execute(change.where(jobs.c.key == row.key).values(**values))
        return Work(
            id=job_id(row.number),
            organisation=row.organisation_id,
            project=row.project,
            kind=row.kind,
            options=row.options,
            by=row.author,
            key=row.request_key,
            resources=Resources(**row.resources),
            deadline=limit,
            attempt=row.attempt + 1,
            token=str(values["token"]),
        )

    def running(self) -> Sequence[Running]:
        """Every attempt that has not ended, of all organisations."""
        query = Scope.across(jobs).where(jobs.c.state == "running").order_by(jobs.c.turn)
        with self._database.read() as connection:
            return [_running(row) for row in connection.execute(query)]

    def begin(self, hold: Hold, *, host: str, pid: int) -> None:
        """Tell who works on an attempt.

        Args:
            hold: The attempt.
            host: Name of the machine.
            pid: Number of the process.

        Raises:
            ConflictError: Another attempt has taken its place.
        """
        self._change(hold, host=host, pid=pid, seen=now())

    def tell(self, hold: Hold, progress: Progress | None) -> bool:
        """Tell that an attempt is alive, and where it stands.

        Args:
            hold: The attempt.
            progress: Where it stands, or None if nothing is new.

        Returns:
            Whether it is to stop.

        Raises:
            ConflictError: Another attempt has taken its place.
        """
        news = {} if progress is None else {"progress": _progress(progress)}
        return bool(self._change(hold, seen=now(), **news).cancel)

    def finish(self, hold: Hold, outcome: Outcome) -> None:
        """Publish the result: all at once, and only once.

        Args:
            hold: The attempt.
            outcome: The result.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
            StorageError: The blob of the artifact is missing.
        """
        with self._database.write(hold.organisation):
            if outcome.artifact is not None:
                self._blobs.require([outcome.artifact])
            self._end(
                hold,
                state="done",
                result=plain(outcome.result),
                blob_sha=outcome.artifact,
            )

    def fail(self, hold: Hold, problem: Mapping[str, str]) -> None:
        """End the job with a problem.

        Args:
            hold: The attempt.
            problem: code, message, hint.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """
        self._end(hold, state="failed", problem=plain(problem))

    def stopped(self, hold: Hold) -> None:
        """End the job because a person wanted it stopped.

        Args:
            hold: The attempt.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """
        self._end(hold, state="cancelled")

    def lost(self, hold: Hold, why: str) -> None:
        """An attempt ended without a word: try again, or fail after the last attempt.

        Args:
            hold: The attempt.
            why: What is known of its end.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """
        with self._database.write(hold.organisation):
            row = self._row(hold)
            if row.cancel:
                self._end(hold, state="cancelled")
            elif row.attempt < self._most_attempts:
                self._change(hold, state="queued", token="", host=None, pid=None)
            else:
                self._end(hold, state="failed", problem=_given_up(row.attempt, why))

    def give_back(self, hold: Hold) -> None:
        """Put a job back in its place in the queue; the attempt does not count.

        Args:
            hold: The attempt.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """
        with self._database.write(hold.organisation):
            row = self._row(hold)
            again: dict[str, Any] = {"state": "queued", "attempt": row.attempt - 1}
            if row.cancel:
                again = {"state": "cancelled", "finished": now()}
            self._change(hold, **again, token="", host=None, pid=None)

    def _next(self, light: bool) -> Any:
        """The row of the job whose turn it is."""
        query = Scope.across(jobs, jobs, projects.c.name.label("project"))
        query = query.outerjoin(projects, projects.c.id == jobs.c.project_id)
        query = query.where(jobs.c.state == "queued", jobs.c.light == light)
        if self._most_each is not None:
            mine = jobs.alias("mine")
            full = (
                Scope.across(mine, mine.c.organisation_id)
                .where(mine.c.state == "running")
                .group_by(mine.c.organisation_id)
                .having(func.count() >= self._most_each)
            )
            query = query.where(jobs.c.organisation_id.not_in(full))
        query = query.order_by(jobs.c.turn, jobs.c.key).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first()

    def _row(self, hold: Hold) -> Any:
        """The row of an attempt that is still the job's own.

        Raises:
            ConflictError: It is not.
        """
        scope = Scope(self._database, hold.organisation)
        row = scope.first(scope.select(jobs).where(jobs.c.number == int(hold.id[1:])))
        if row is None or row.state != "running" or row.token != hold.token:
            found = "gone" if row is None else f"{row.state}, at attempt {row.attempt}"
            raise ConflictError(
                f"this attempt at job {hold.id} does not count any more: the job is {found}",
                hint="Another attempt has taken its place; its result counts.",
            )
        return row

    def _change(self, hold: Hold, **values: Any) -> Any:
        scope = Scope(self._database, hold.organisation)
        with scope.write() as connection:
            row = self._row(hold)
            change = scope.update(jobs).where(jobs.c.key == row.key)
            connection.execute(change.values(**values))
        return row

    def _end(self, hold: Hold, **values: Any) -> None:
        self._change(hold, finished=now(), **values)


def _progress(progress: Progress) -> dict[str, Any]:
    return {
        "stage": progress.stage,
        "done": progress.done,
        "total": progress.total,
        "eta_s": plain(progress.eta_s),
        "facts": plain(progress.facts),
    }


def _given_up(attempts: int, why: str) -> dict[str, str]:
    return {
        "code": "worker_lost",
        "message": f"the work broke off {attempts} times without a result; at last {why}",
        "hint": "Most often memory was short: use smaller images or a smaller side. The log"
        " of each attempt is in the workspace, under work/jobs.",
    }


def _running(row: Any) -> Running:
    return Running(
        hold=Hold(row.organisation_id, job_id(row.number), row.token),
        attempt=row.attempt,
        light=row.light,
        host=row.host,
        pid=row.pid,
        seen=row.seen,
        cancel=row.cancel,
        deadline=row.deadline,
    )
