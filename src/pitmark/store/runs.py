"""Training runs: what was trained on which snapshot, by whom it is held, what came out."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, func

from pitmark.core.errors import ConflictError
from pitmark.store.blobs import BlobStore
from pitmark.store.plain_json import plain
from pitmark.store.run_lock import RunLocks
from pitmark.store.run_rows import RunReader, RunRow, RunState, run_name
from pitmark.store.schema import now
from pitmark.store.schema_runs import run_artifacts, run_predictions, runs
from pitmark.store.scope import Scope
from pitmark.store.snapshots import Snapshots

__all__ = ["RunRow", "RunState", "Runs"]


class Runs(RunReader):
    """The runs of one project.

    A run belongs to the process that created or resumed it, by a lock that ends with
    the process and by a token: who lost a run can no longer write its results.

    Args:
        scope: The project.
        blobs: Where the artifacts are.
        snapshots: Of the same project.
        locks: Of the same project.
    """

    def __init__(
        self, scope: Scope, blobs: BlobStore, *, snapshots: Snapshots, locks: RunLocks
    ) -> None:
        super().__init__(scope, locks)
        self._blobs, self._snapshots = blobs, snapshots
        self._tokens: dict[str, str] = {}

    def create(
        self, kind: str, snapshot_id: str, settings: Mapping[str, Any], seed: int
    ) -> RunRow:
        """Begin a run; this process holds it until it is finished, failed or ended.

        Args:
            kind: What is done, such as "train".
            snapshot_id: The data, by id or the beginning of it.
            settings: Plain JSON values.
            seed: Of the run.

        Returns:
            The running run.

        Raises:
            NotFoundError: No such snapshot.
        """
        with ExitStack() as undo:
            with self._scope.write() as connection:
                last = self._scope.value(self._scope.select(runs, func.max(runs.c.number)))
                run_id = run_name((last or 0) + 1)
                values = {
                    "number": (last or 0) + 1,
                    "kind": kind,
                    "state": "running",
                    "snapshot_key": self._snapshots.key(snapshot_id),
                    "settings": plain(settings),
                    "seed": seed,
                    "metrics": {},
                    "created": now(),
                    "error": "",
                    **self._claim(run_id, undo),
                }
                self._scope.insert(connection, runs, [values])
            undo.pop_all()
        return self.get(run_id)

    def resume(self, run_id: str) -> RunRow:
        """Go on with an interrupted or failed run; this process holds it from now on.

        Args:
            run_id: The run.

        Returns:
            The running run.

        Raises:
            NotFoundError: No such run.
            ConflictError: It is done, or a living process works on it.
        """
        with ExitStack() as undo:
            with self._scope.write() as connection:
                run = self.get(run_id)
                if run.state == "done":
                    raise ConflictError(f"run {run.id} is done and cannot be resumed")
                claim = self._claim(run.id, undo)
                claim |= {"state": "running", "error": "", "finished": None}
                self._change(connection, run.id, **claim)
            undo.pop_all()
        return self.get(run_id)

    def heartbeat(self, run_id: str) -> None:
        """Tell that this process still works on a run.

        Args:
            run_id: The run.

        Raises:
            ConflictError: The run is not this process's any more.
        """
        with self._scope.write() as connection:
            self._require_mine(run_id)
            self._change(connection, run_id, seen=now())

    def finish(
        self,
        run_id: str,
        metrics: Mapping[str, Any],
        inspector: Mapping[str, Any] | None,
        artifacts: Mapping[str, str],
    ) -> RunRow:
        """Publish the results of a run: all at once, and only once.

        Args:
            run_id: The run.
            metrics: Plain JSON values.
            inspector: The JSON of an InspectorSpec, or None.
            artifacts: Name to sha256 of a blob.

        Returns:
            The run, done.

        Raises:
            ConflictError: The run is not this process's any more.
            StorageError: A blob is missing.
        """
        with self._scope.write() as connection:
            self._require_mine(run_id)
            self._replace(connection, run_id, artifacts)
            self._change(
                connection,
                run_id,
                state="done",
                metrics=plain(metrics),
                inspector=plain(inspector),
                finished=now(),
            )
        self._let_go(run_id)
        return self.get(run_id)

    def fail(self, run_id: str, error: str) -> RunRow:
        """End a run without a result.

        Args:
            run_id: The run.
            error: What went wrong, for the person who started it.

        Returns:
            The run, failed.

        Raises:
            ConflictError: The run is not this process's any more.
        """
        return self._end(run_id, "failed", error)

    def interrupt(self, run_id: str) -> RunRow:
        """Stop a run so that it can be resumed.

        Args:
            run_id: The run.

        Returns:
            The run, interrupted.

        Raises:
            ConflictError: The run is not this process's any more.
        """
        return self._end(run_id, "interrupted", "")

    def _end(self, run_id: str, state: RunState, error: str) -> RunRow:
        with self._scope.write() as connection:
            self._require_mine(run_id)
            self._change(connection, run_id, state=state, error=error, finished=now())
        self._let_go(run_id)
        return self.get(run_id)

    def amend(
        self,
        run_id: str,
        *,
        metrics: Mapping[str, Any] | None = None,
        inspector: Mapping[str, Any] | None = None,
        artifacts: Mapping[str, str] | None = None,
    ) -> RunRow:
        """Save what was decided after the training, such as another threshold.

        Args:
            run_id: A run that is done.
            metrics: Merged into those of the run.
            inspector: In place of that of the run.
            artifacts: Name to sha256 of a blob, each in place of the one of that name.

        Returns:
            The run as it is now.

        Raises:
            ConflictError: The run is not done.
        """
        with self._scope.write() as connection:
            run = self.get(run_id)
            if run.state != "done":
                raise ConflictError(f"run {run.id} is {run.state}, not done")
            changed = plain(inspector) if inspector is not None else run.inspector
            merged = {**run.metrics, **plain(metrics or {})}
            self._change(connection, run.id, metrics=merged, inspector=changed)
            self._replace(connection, run.id, artifacts or {})
        return self.get(run_id)

    def _replace(
        self, connection: Connection, run_id: str, artifacts: Mapping[str, str]
    ) -> None:
        self._blobs.require(artifacts.values())
        key = self.row(run_id).key
        table = run_artifacts
        for name in artifacts:
            old = (table.c.run_key == key) & (table.c.name == name)
            connection.execute(self._scope.delete(table).where(old))
        rows = [
            {"run_key": key, "name": name, "blob_sha": sha} for name, sha in artifacts.items()
        ]
        if rows:
            self._scope.insert(connection, table, rows)

    def save_predictions(self, run_id: str, snapshot_id: str, kind: str, blob_sha: str) -> None:
        """Keep what a run predicts; it replaces what was kept for the same kind.

        Args:
            run_id: The run.
            snapshot_id: The images that were predicted.
            kind: Which part, such as "test", "val" or "oof" (out of fold).
            blob_sha: Where the predictions are.

        Raises:
            NotFoundError: No such run or snapshot.
            StorageError: The blob is missing.
        """
        with self._scope.write() as connection:
            self._blobs.require([blob_sha])
            key = self.row(run_id).key
            old = self._scope.delete(run_predictions)
            same = (run_predictions.c.run_key == key, run_predictions.c.kind == kind)
            connection.execute(old.where(*same))
            values = {
                "run_key": key,
                "kind": kind,
                "snapshot_key": self._snapshots.key(snapshot_id),
                "blob_sha": blob_sha,
                "at": now(),
            }
            self._scope.insert(connection, run_predictions, [values])

    def close(self) -> None:
        """Let go of all runs that this process holds; they are interrupted then."""
        self._locks.release_all()
        self._tokens.clear()

    def _claim(self, run_id: str, undo: ExitStack) -> dict[str, Any]:
        """Take the lock; the columns that say who holds the run."""
        self._locks.take(run_id)
        undo.callback(self._let_go, run_id)
        self._tokens[run_id] = uuid4().hex
        return {
            "owner_host": socket.gethostname()[:255],
            "owner_pid": os.getpid(),
            "owner_token": self._tokens[run_id],
            "seen": now(),
        }

    def _let_go(self, run_id: str) -> None:
        self._locks.release(run_id)
        self._tokens.pop(run_id, None)

    def _require_mine(self, run_id: str) -> None:
        row = self.row(run_id)
        held = self._locks.mine(run_id) and row.owner_token == self._tokens.get(run_id)
        if row.state != "running" or not held:
            raise ConflictError(
                f"run {run_id} is not held by this process: it is {row.state}, started by"
                f" process {row.owner_pid} on {row.owner_host}",
                hint="Another process has taken it over; its result counts.",
            )

    def _change(self, connection: Connection, run_id: str, **values: Any) -> None:
        change = self._scope.update(runs).where(runs.c.key == self.row(run_id).key)
        connection.execute(change.values(**values))
