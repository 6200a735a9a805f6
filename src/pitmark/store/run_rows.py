"""Reading training runs: which there are, in which state, and what came out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func

from pitmark.core.errors import NotFoundError
from pitmark.store.run_lock import RunLocks
from pitmark.store.schema import snapshots
from pitmark.store.schema_runs import run_artifacts, run_predictions, runs
from pitmark.store.scope import Scope, chunks

RunState = Literal["running", "done", "failed", "interrupted"]
_ID = re.compile(r"r(\d+)")


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run. `seen` is when the process that does it last told of itself.

    `inspector` is the JSON of an InspectorSpec, `artifacts` names blobs.
    """

    id: str
    kind: str
    state: RunState
    snapshot_id: str
    settings: dict[str, Any]
    seed: int
    metrics: dict[str, Any]
    inspector: dict[str, Any] | None
    artifacts: dict[str, str]
    created: datetime
    finished: datetime | None
    seen: datetime
    error: str


RunRows = list[RunRow]


class RunReader:
    """The runs of one project, to be read.

    Args:
        scope: The project.
        locks: Of the same project; they tell which runs are alive.
    """

    def __init__(self, scope: Scope, locks: RunLocks) -> None:
        self._scope, self._locks = scope, locks

    def get(self, run_id: str = "latest") -> RunRow:
        """One run.

        Args:
            run_id: Its id, or "latest" for the newest training that is done.

        Returns:
            The run; one that its process left without a word is interrupted.

        Raises:
            NotFoundError: No such run.
        """
        return self._rows([self.row(run_id)])[0]

    def key(self, run_id: str) -> int:
        """The key of a run in the database.

        Args:
            run_id: Its id, or "latest" as for `get`.

        Returns:
            The key.

        Raises:
            NotFoundError: No such run.
        """
        return int(self.row(run_id).key)

    def predictions(self, run_id: str, kind: str) -> str | None:
        """Where the predictions of a run are.

        Args:
            run_id: The run.
            kind: Which part, as it was saved.

        Returns:
            The sha256 of the blob, or None if there are none.

        Raises:
            NotFoundError: No such run.
        """
        query = self._scope.select(run_predictions, run_predictions.c.blob_sha).where(
            run_predictions.c.run_key == self.row(run_id).key,
            run_predictions.c.kind == kind,
        )
        sha: str | None = self._scope.value(query)
        return sha

    def list(self, *, kind: str | None = None) -> Sequence[RunRow]:
        """Runs, the newest first.

        Args:
            kind: Only of this kind.

        Returns:
            The runs; those that their process left without a word are interrupted.
        """
        query = self._query()
        if kind is not None:
            query = query.where(runs.c.kind == kind)
        return self._rows(self._scope.rows(query))

    def count_done(self, kind: str) -> int:
        """How many runs of a kind are done.

        Args:
            kind: Such as "train".

        Returns:
            Their number.
        """
        query = self._scope.select(runs, func.count())
        return int(self._scope.value(query.where(runs.c.kind == kind, runs.c.state == "done")))

    def _query(self) -> Any:
        query = self._scope.select(runs, runs, snapshots.c.id.label("snapshot_id"))
        query = query.join(snapshots, snapshots.c.key == runs.c.snapshot_key)
        return query.order_by(runs.c.number.desc())

    def row(self, run_id: str) -> Any:
        """The row of a run as it is in the database, with its key.

        Args:
            run_id: Its id, or "latest" as for `get`.

        Returns:
            The row.

        Raises:
            NotFoundError: No such run.
        """
        query, match = self._query(), _ID.fullmatch(run_id)
        if run_id == "latest":
            query = query.where(runs.c.state == "done", runs.c.kind == "train")
        else:
            query = query.where(runs.c.number == (int(match[1][:9]) if match else 0))
        row = self._scope.first(query)
        if row is None and run_id == "latest":
            raise NotFoundError(
                "the project has no training run that is done", hint="Run `pitmark train`."
            )
        if row is None:
            newest = self._scope.first(self._query())
            known = run_name(newest.number) if newest else "none yet"
            raise NotFoundError(
                f"the project has no run {run_id!r}", hint=f"The newest run: {known}."
            )
        return row

    def _rows(self, rows: Sequence[Any]) -> RunRows:
        artifacts: dict[int, dict[str, str]] = {r.key: {} for r in rows}
        query = self._scope.select(run_artifacts)
        for part in chunks([r.key for r in rows]):
            for item in self._scope.rows(query.where(run_artifacts.c.run_key.in_(part))):
                artifacts[item.run_key][item.name] = item.blob_sha
        return [self._run(r, artifacts[r.key]) for r in rows]

    def _run(self, row: Any, artifacts: dict[str, str]) -> RunRow:
        run_id = run_name(row.number)
        left = row.state == "running" and not self._locks.held(run_id)
        return RunRow(
            id=run_id,
            kind=row.kind,
            state="interrupted" if left else row.state,
            snapshot_id=row.snapshot_id,
            settings=row.settings,
            seed=row.seed,
            metrics=row.metrics,
            inspector=row.inspector,
            artifacts=artifacts,
            created=row.created,
            finished=row.finished,
            seen=row.seen,
            error=row.error,
        )


def run_name(number: int) -> str:
    """The id of a run by its number, such as r0001."""
    return f"r{number:04d}"
