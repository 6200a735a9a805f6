"""The process that does one attempt of a job: `python -m pitmark.ops.jobs.worker`.

It reads the attempt as JSON from its input, and the workspace and the table of functions
from its command line.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pitmark.core.work import Work
from pitmark.engine.functions import load_table
from pitmark.engine.worker import run_work
from pitmark.store.db import open_store
from pitmark.store.jobs_queue import StoredQueue

# Behind the server, which answers people.
_NICE = 5


def worker_command(home: Path, table: str) -> list[str]:
    """The command that starts a worker for a workspace.

    Args:
        home: Its folder.
        table: Name of the table of functions, as in "package.module:TABLE".

    Returns:
        Program and arguments.
    """
    return [sys.executable, "-m", "pitmark.ops.jobs.worker", str(home), table]


def main(arguments: Sequence[str]) -> int:
    """Do the attempt that the input tells of.

    Args:
        arguments: Folder of the workspace, name of the table, name of the attempt.

    Returns:
        The exit status: 0 whenever the queue knows how the attempt ended.
    """
    home, table, _ = arguments
    if hasattr(os, "nice"):
        os.nice(_NICE)
    work = Work.from_json(json.loads(sys.stdin.buffer.read()))
    with open_store(Path(home), organisation=work.organisation) as store:
        queue = StoredQueue(store.database, store.blobs)
        run_work(work, queue, load_table(table), workspace=home, artifacts=store.blobs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
