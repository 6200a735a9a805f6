"""Jobs: start one on the server, follow it to its end, get what came out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from uuid import uuid4

from pitmark.core.errors import CancelledError, ConflictError, StorageError
from pitmark.core.progress import Progress, Reporter
from pitmark.sdk.connection import Connection, message, part, unexpected
from pitmark.sdk.errors import error_by_code
from pitmark.wire.jobs import Job, NewJob

_ENDED = ("done", "failed", "cancelled")
# A server that is restarted goes on with its jobs: wait for it as long as this.
_PATIENCE_S, _PAUSE_S, _LONGEST_PAUSE_S = 300.0, 0.5, 10.0


class Jobs:
    """The jobs of one project.

    Args:
        connection: To the server.
        path: Of the project.
    """

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection, self._path = connection, path

    def do(self, kind: str, options: Mapping[str, Any], report: Reporter) -> Job:
        """Start a job and wait for its end.

        Args:
            kind: Such as "train".
            options: Of that kind, as plain JSON types.
            report: Told of the progress; raises CancelledError to stop the job.

        Returns:
            The job, done.

        Raises:
            CancelledError: It was stopped, here or by somebody else.
            PitmarkError: As the job failed, or could not be started.
        """
        new = message(NewJob, kind=kind, options=dict(options), key=uuid4().hex)
        job = self._start(new)
        try:
            job = self._follow(job, report)
        except CancelledError:
            self._stop(job)
            raise
        return _result(job)

    def file(self, job: Job) -> str:
        """Where the file is that a job made.

        Args:
            job: It is done.

        Returns:
            A path for `Connection.download`.
        """
        return f"{self._at(job)}/file"

    def _start(self, new: NewJob) -> Job:
        try:
            return self._connection.send("POST", f"{self._path}/jobs", new, Job)
        except StorageError:
            # Whether it arrived is not known; by its key it is the same job the second time.
            return self._connection.send("POST", f"{self._path}/jobs", new, Job)

    def _follow(self, job: Job, report: Reporter) -> Job:
        """Listen until it ends; ask again where the connection breaks."""
        last: Progress | None = None
        lost_since: float | None = None
        pause = _PAUSE_S
        while True:
            try:
                with closing(self._connection.events(f"{self._at(job)}/events", Job)) as told:
                    for job in told:
                        lost_since, pause = None, _PAUSE_S
                        last = _tell(job, last, report)
                job = self._connection.get(self._at(job), Job)
            except StorageError:
                lost_since = time.monotonic() if lost_since is None else lost_since
                if time.monotonic() - lost_since > _PATIENCE_S:
                    raise
            if job.state in _ENDED:
                return job
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _stop(self, job: Job) -> None:
        try:
            self._connection.send("POST", f"{self._at(job)}/cancel", None, Job)
        except ConflictError:
            return

    def _at(self, job: Job) -> str:
        return f"{self._path}/jobs/{part(job.id)}"


def _tell(job: Job, last: Progress | None, report: Reporter) -> Progress | None:
    """Pass on where a job stands, if that is news; of a quick one it is its last word."""
    if job.progress is None or job.state not in ("running", "done"):
        return last
    told = job.progress
    now = Progress(told.stage, told.done, told.total, told.eta_s, dict(told.facts))
    if now != last:
        report(now)
    return now


def _result(job: Job) -> Job:
    if job.state == "done":
        return job
    if job.state == "cancelled":
        raise CancelledError(f"job {job.id} ({job.kind}) was stopped")
    if job.problem is None:
        raise unexpected(f"job {job.id} failed without a word")
    raise error_by_code(job.problem.code, job.problem.message, job.problem.hint)


def result_of(job: Job) -> dict[str, Any]:
    """What a job gave.

    Args:
        job: It is done.

    Returns:
        Plain JSON types.

    Raises:
        StorageError: The server tells of none.
    """
    if job.result is None:
        raise unexpected(f"job {job.id} ({job.kind}) is done without a result")
    return job.result
