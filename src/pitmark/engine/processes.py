"""Worker processes on this machine: start one, look whether it lives, end it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pitmark.core.work import Hold, Work

_POSIX = os.name == "posix"
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Child:
    """A worker process that this process started."""

    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> str | None:
        """How it ended, in words; None while it lives."""
        status = self.process.poll()
        return None if status is None else ended_how(status)

    def end(self) -> None:
        """End it at once, and wait until it has."""
        if self.process.poll() is None:
            end_process(self.process.pid)
        self.let_go()

    def let_go(self) -> None:
        """Wait for its end; its log is kept only where it tells of a failure."""
        if self.process.wait() == 0:
            with suppress(OSError):
                self.log.unlink(missing_ok=True)


def start_worker(command: Sequence[str], work: Work, log: Path) -> Child:
    """Start a process for one attempt, which reads the attempt from its input.

    Args:
        command: Program and arguments; the name of the attempt is added.
        work: The attempt.
        log: Where what it writes to its error output goes.

    Returns:
        The process.

    Raises:
        OSError: It cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, attempt_name(work.hold, work.attempt)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            # A group of its own: ended as a whole, and not by Ctrl-C at the server.
            start_new_session=_POSIX,
        )
    assert process.stdin is not None
    with suppress(OSError), process.stdin as stream:
        stream.write(json.dumps(work.to_json()).encode())
    return Child(process, log)


def attempt_name(hold: Hold, attempt: int) -> str:
    """What a worker has on its command line, so that it can be told from others.

    Args:
        hold: The job.
        attempt: Which attempt.

    Returns:
        Such as "local/j0003/1".
    """
    return f"{hold.organisation}/{hold.id}/{attempt}"


def is_gone(pid: int, name: str) -> bool:
    """Whether the worker of an attempt is surely gone from this machine.

    Args:
        pid: Its process number, which another process may have by now.
        name: From `attempt_name`.

    Returns:
        False also where it cannot be told.
    """
    if not _POSIX:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_of(pid, name) is False


def end_worker(pid: int, name: str) -> None:
    """End a worker that another process started, if it surely is that worker.

    Args:
        pid: Its process number.
        name: From `attempt_name`.
    """
    if _is_of(pid, name):
        end_process(pid)


def end_process(pid: int) -> None:
    """End a process and what it has started, at once.

    Args:
        pid: The number of a process that leads a group of its own.
    """
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)


def _is_of(pid: int, name: str) -> bool | None:
    """Whether a process has the name on its command line; None where it cannot be told."""
    if not _PROC.is_dir():
        return None
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return name.encode() in words


def ended_how(status: int) -> str:
    """How a process ended, in words.

    Args:
        status: Its exit status; negative for a signal.

    Returns:
        Such as "it was killed by signal 9".
    """
    if status < 0:
        return f"it was killed by signal {-status}"
    return f"its process ended with status {status}"
