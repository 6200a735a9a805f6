"""A workspace with a local engine in a process of its own, which tests may kill."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pitmark.core.work import Resources
from pitmark.engine.local import LocalEngine, LocalLimits
from pitmark.ops.jobs.worker import worker_command
from pitmark.store.db import open_store
from pitmark.store.jobs import JobTerms
from pitmark.store.jobs_queue import StoredQueue

ROOT = Path(__file__).resolve().parents[2]
TABLE = "tests.engine.functions:TABLE"
LIMITS = LocalLimits(grace_s=0.5, silent_s=6.0, look_every_s=0.05, idle_s=0.1)
LIGHT = Resources(cpu=0.5)
PATIENCE_S = 120.0

SERVER = """
import sys, time
from pathlib import Path
from tests.engine.local_world import engine_of
engine = engine_of(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
engine.start()
print("ready", flush=True)
time.sleep(600)
"""


def engine_of(home, table, silent_s):
    store, limits = open_store(home), replace(LIMITS, silent_s=silent_s)
    queue = StoredQueue(store.database, store.blobs)
    return LocalEngine(queue, worker_command(home, table), logs=home / "logs", limits=limits)


class LocalWorld:
    """What the conformance suite asks of an engine, for the local one.

    Workers that load much before their first sign of life need a longer `silent_s`.
    """

    def __init__(self, home, table=TABLE, *, silent_s=LIMITS.silent_s):
        self.home, self.table, self.silent_s = home, table, silent_s
        self.store = open_store(home, create=True)
        self.server = None

    def submit(self, kind, options=None, *, light=True, limit_s=None, key="", by="ann"):
        terms = JobTerms(LIGHT if light else Resources(), limit_s)
        return self.store.jobs.create(kind, options or {}, by=by, key=key, terms=terms).id

    def get(self, job):
        return self.store.jobs.get(job)

    def cancel(self, job):
        return self.store.jobs.cancel(job)

    def start_server(self):
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.home), self.table, str(self.silent_s)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.server.stdout.readline() == "ready\n"

    def kill_server(self):
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()
        self.server.stdout.close()
        self.server = None

    def workers(self):
        """Process numbers of all attempts that have begun and not ended."""
        queue = StoredQueue(self.store.database, self.store.blobs)
        return [r.pid for r in queue.running() if r.pid is not None]

    def kill_workers(self):
        for pid in self.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def let_go(self):
        """Let jobs that wait for it go on."""
        (self.home / "go").touch()

    def trace(self):
        """Event, job and attempt of what the functions wrote down."""
        path = self.home / "trace"
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(line.split()[:3]) for line in lines]

    def until(self, test, what):
        """Wait until something holds; fail after a minute."""
        ends = time.monotonic() + PATIENCE_S
        while not (found := test()):
            assert time.monotonic() < ends, f"waited in vain for {what}"
            time.sleep(0.02)
        return found

    def end_of(self, job):
        """The job once it has ended."""

        def ended():
            row = self.get(job)
            return row if row.state in ("done", "failed", "cancelled") else None

        return self.until(ended, f"the end of {job}: {self.get(job)}")

    def begun(self, job):
        """The job once its worker has told of its first step."""
        return self.until(
            lambda: (row := self.get(job)).progress and row, f"{job} to make progress"
        )

    def close(self):
        if self.server is not None:
            self.kill_server()
        self.kill_workers()
        self.store.close()
