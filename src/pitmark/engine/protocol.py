"""What every engine keeps to: how it takes work, does it, and tells of it.

An engine knows no database. It gets a `JobQueue`, which is the truth about every job, and
a table from kinds of jobs to functions by name. The same conformance suite holds for all
engines: progress, cancel, retry, a killed worker, a killed server, one published result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pitmark.core.progress import Progress, Reporter
from pitmark.core.work import Hold, Outcome, Running, Work


class JobQueue(Protocol):
    """The table of jobs. Who tells of an attempt that another has replaced is refused."""

    def claim(self, *, light: bool) -> Work | None:
        """Take the job whose turn it is, organisation by organisation.

        Args:
            light: Whether to take a light job or a heavy one.

        Returns:
            A new attempt of it, or None where nothing waits.
        """

    def running(self) -> Sequence[Running]:
        """Every attempt that has not ended."""

    def begin(self, hold: Hold, *, host: str, pid: int) -> None:
        """Tell who works on an attempt.

        Args:
            hold: The attempt.
            host: Name of the machine.
            pid: Number of the process.

        Raises:
            ConflictError: Another attempt has taken its place.
        """

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

    def finish(self, hold: Hold, outcome: Outcome) -> None:
        """Publish the result; only the attempt that holds the job can, and only once.

        Args:
            hold: The attempt.
            outcome: The result.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """

    def fail(self, hold: Hold, problem: Mapping[str, str]) -> None:
        """End the job with a problem.

        Args:
            hold: The attempt.
            problem: code, message, hint.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """

    def stopped(self, hold: Hold) -> None:
        """End the job because a person wanted it stopped.

        Args:
            hold: The attempt.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """

    def lost(self, hold: Hold, why: str) -> None:
        """An attempt ended without a word: try again, or fail after the last attempt.

        Args:
            hold: The attempt.
            why: What is known, such as "it was killed by signal 9".

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """

    def give_back(self, hold: Hold) -> None:
        """Put a job back in its place in the queue; the attempt does not count.

        Args:
            hold: The attempt.

        Raises:
            ConflictError: Another attempt has taken its place, or the job has ended.
        """


class Artifacts(Protocol):
    """Where the files that a job makes are kept, named by the sha256 of their bytes."""

    def put(self, data: bytes) -> str:
        """Keep some bytes.

        Args:
            data: Any bytes.

        Returns:
            Their sha256.
        """

    def put_file(self, path: Path) -> str:
        """Keep the content of a file.

        Args:
            path: The file.

        Returns:
            The sha256 of its bytes.
        """


@dataclass(frozen=True, slots=True)
class Context:
    """What a job function is given.

    Attributes:
        work: The attempt, with the options.
        workspace: Where the workspace is; a function opens what it needs by itself.
        report: Takes progress, and raises CancelledError where the job is to stop.
        artifacts: Where the files it makes are kept.
    """

    work: Work
    workspace: str
    report: Reporter
    artifacts: Artifacts


JobFunction = Callable[[Context], Outcome]
# From the kind of a job to its function, as in "package.module:function".
Functions = Mapping[str, str]


class Engine(Protocol):
    """Takes jobs from a queue and has them done, until it is stopped."""

    def start(self) -> None:
        """Begin to take jobs."""

    def wake(self) -> None:
        """Look at the queue at once: something was put into it, or is to stop."""

    def stop(self) -> None:
        """Take no more jobs, and put those that run back into the queue."""
