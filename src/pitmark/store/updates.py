"""Updates: one row each, so that a killed one is gone on with and never two run at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.store.plain_json import plain
from pitmark.store.run_lock import RunLocks
from pitmark.store.schema import now
from pitmark.store.schema_updates import updates
from pitmark.store.scope import Scope

UpdateState = Literal["running", "interrupted", "done", "refused", "failed"]
_LOCK = "update"


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """An update; `step` is the one that comes next, `facts` what the ones before gave."""

    number: int
    state: UpdateState
    step: str
    by: str
    begun: datetime
    finished: datetime | None
    facts: dict[str, Any]
    error: str


class Updates:
    """The updates of one project.

    Args:
        scope: The project.
        locks: Of the same project; they end with the process.
    """

    def __init__(self, scope: Scope, locks: RunLocks) -> None:
        self._scope, self._locks = scope, locks

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the right to update; no other process has it meanwhile.

        Raises:
            ConflictError: An update is under way.
        """
        try:
            self._locks.take(_LOCK)
        except ConflictError as exc:
            raise ConflictError(
                "an update of this project is under way", hint="Wait until it has ended."
            ) from exc
        try:
            yield
        finally:
            self._locks.release(_LOCK)

    @property
    def busy(self) -> bool:
        """Whether a living process works on an update."""
        return self._locks.held(_LOCK)

    def begin(self, step: str, facts: Mapping[str, Any], *, by: str) -> UpdateRow:
        """Begin an update.

        Args:
            step: Its first step.
            facts: What is settled at the start.
            by: Who asks for it.

        Returns:
            The update, running.
        """
        with self._scope.write() as connection:
            last = self._scope.value(self._scope.select(updates, func.max(updates.c.number)))
            values = {
                "number": (last or 0) + 1,
                "state": "running",
                "step": step,
                "who": by,
                "begun": now(),
                "facts": plain(facts),
                "error": "",
            }
            self._scope.insert(connection, updates, [values])
        return self.get((last or 0) + 1)

    def note(self, number: int, step: str, facts: Mapping[str, Any]) -> UpdateRow:
        """Keep what a step gave. Inside a transaction it is written with the rest.

        Args:
            number: Of the update.
            step: The one that comes next.
            facts: Added to those that are there.

        Returns:
            The update.
        """
        return self._change(number, step=step, facts=facts)

    def end(
        self,
        number: int,
        state: UpdateState,
        *,
        facts: Mapping[str, Any] | None = None,
        error: str = "",
    ) -> UpdateRow:
        """Say how an update ended.

        Args:
            number: Of the update.
            state: done, refused or failed.
            facts: Added to those that are there.
            error: Why it failed or was refused.

        Returns:
            The update.
        """
        return self._change(number, state=state, facts=facts or {}, error=error, finished=now())

    def get(self, number: int) -> UpdateRow:
        """One update.

        Args:
            number: Its number.

        Returns:
            The update; one that its process left without a word is interrupted.

        Raises:
            NotFoundError: There is none.
        """
        row = self._scope.first(self._scope.select(updates).where(updates.c.number == number))
        if row is None:
            raise NotFoundError(f"there is no update {number}")
        return self._row(row)

    def list(self, limit: int = 100) -> Sequence[UpdateRow]:
        """Updates, the newest first.

        Args:
            limit: How many at most.

        Returns:
            The updates.
        """
        query = self._scope.select(updates).order_by(updates.c.number.desc()).limit(limit)
        return [self._row(row) for row in self._scope.rows(query)]

    def count_since(self, since: datetime) -> int:
        """How many updates were begun.

        Args:
            since: At or after this moment.

        Returns:
            Their number.
        """
        query = self._scope.select(updates, func.count()).where(updates.c.begun >= since)
        return int(self._scope.value(query))

    def _change(self, number: int, *, facts: Mapping[str, Any], **values: Any) -> UpdateRow:
        with self._scope.write() as connection:
            known = self.get(number).facts
            change = self._scope.update(updates).where(updates.c.number == number)
            connection.execute(change.values(facts=plain({**known, **facts}), **values))
        return self.get(number)

    def _row(self, row: Any) -> UpdateRow:
        left = row.state == "running" and not self.busy
        return UpdateRow(
            number=row.number,
            state="interrupted" if left else row.state,
            step=row.step,
            by=row.who,
            begun=row.begun,
            finished=row.finished,
            facts=row.facts,
            error=row.error,
        )
