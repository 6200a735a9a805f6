"""One attempt of a job, from the first sign of life to its result or problem."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from types import TracebackType

from pitmark.core.errors import CancelledError, ConflictError, NotFoundError, PitmarkError
from pitmark.core.work import Work
from pitmark.engine.functions import load_function
from pitmark.engine.protocol import Artifacts, Context, Functions, JobQueue
from pitmark.engine.pulse import Pulse

OVERDUE = {
    "code": "deadline",
    "message": "the job did not end within its time",
    "hint": "Ask for less at once, or run it where there is more time.",
}


def run_work(
    work: Work, queue: JobQueue, functions: Functions, *, workspace: str, artifacts: Artifacts
) -> bool:
    """Do one attempt in this process and publish what came of it.

    An error that a person can act on ends the job. Any other one is told as such and
    then goes on its way, so that its trace lands in the log of the attempt.

    Args:
        work: The attempt.
        queue: Where it tells.
        functions: From kinds to functions.
        workspace: Where the workspace is.
        artifacts: Where the files that it makes are kept.

    Returns:
        Whether a result was published.
    """
    try:
        queue.begin(work.hold, host=socket.gethostname()[:255], pid=os.getpid())
    except (ConflictError, NotFoundError):
        return False
    pulse = Pulse(work, queue)
    with _Telling(work, queue, pulse):
        with pulse:
            function = load_function(functions, work.kind)
            outcome = function(Context(work, workspace, pulse, artifacts))
        queue.finish(work.hold, outcome)
        return True
    return False


class _Telling:
    """Tells the queue of the error that ends an attempt."""

    def __init__(self, work: Work, queue: JobQueue, pulse: Pulse) -> None:
        self._hold, self._queue, self._pulse = work.hold, queue, pulse

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            return False
        if self._pulse.replaced:
            return isinstance(error, PitmarkError)
        with suppress(ConflictError, NotFoundError):
            self._tell(error)
        return isinstance(error, PitmarkError)

    def _tell(self, error: BaseException) -> None:
        if isinstance(error, CancelledError) and not self._pulse.overdue:
            self._queue.stopped(self._hold)
        elif isinstance(error, CancelledError):
            self._queue.fail(self._hold, OVERDUE)
        elif isinstance(error, PitmarkError):
            self._queue.fail(self._hold, error.to_json())
        elif isinstance(error, MemoryError):
            self._queue.fail(self._hold, _OUT_OF_MEMORY)
        elif isinstance(error, Exception):
            told = {"message": f"the job broke off on an error of Pitmark: {_name(error)}"}
            self._queue.fail(self._hold, {**_INTERNAL, **told})


_OUT_OF_MEMORY = {
    "code": "out_of_memory",
    "message": "the job ran out of memory",
    "hint": "Use smaller images, a smaller side, or a machine with more memory.",
}
_INTERNAL = {
    "code": "internal",
    "hint": "The log of this attempt, in the workspace under work/jobs, tells where.",
}


def _name(error: BaseException) -> str:
    return type(error).__name__
