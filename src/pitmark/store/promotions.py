"""Promotions: what was decided about runs, and which run is the champion.

A decision is never changed or removed; aliases say what holds now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.store.audit import AuditLog
from pitmark.store.plain_json import plain
from pitmark.store.run_rows import RunReader, run_name
from pitmark.store.schema import now
from pitmark.store.schema_runs import runs
from pitmark.store.schema_updates import aliases, promotions
from pitmark.store.scope import Scope

Decision = Literal["promoted", "refused", "rolled back"]
AliasName = Literal["champion", "candidate"]


@dataclass(frozen=True, slots=True)
class PromotionRow:
    """A decision about a run; `record` is all that it rests on, as plain JSON types.

    `champion` is the run in use before; `version` is the release that came of it.
    """

    number: int
    at: datetime
    by: str
    decision: Decision
    run_id: str
    champion: str | None
    version: int | None
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AliasRow:
    """The run that a name stands for, and its release where it has one."""

    name: AliasName
    run_id: str
    version: int | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class NewPromotion:
    """A decision to be kept; see PromotionRow."""

    decision: Decision
    run_id: str
    champion: str | None
    version: int | None
    record: Mapping[str, Any]


class Promotions:
    """The promotions and aliases of one project.

    Args:
        scope: The project.
        runs: Of the same project.
        audit: Where decisions are recorded, too.
    """

    def __init__(self, scope: Scope, *, runs: RunReader, audit: AuditLog) -> None:
        self._scope, self._runs, self._audit = scope, runs, audit

    def add(self, new: NewPromotion, *, by: str) -> PromotionRow:
        """Keep a decision. Inside a transaction it is written with the rest or not at all.

        Args:
            new: The decision.
            by: Who decided.

        Returns:
            It, as it stands from now on.

        Raises:
            NotFoundError: No such run.
        """
        with self._scope.write() as connection:
            query = self._scope.select(promotions, func.max(promotions.c.number))
            number = (self._scope.value(query) or 0) + 1
            values = {
                "number": number,
                "at": now(),
                "who": by,
                "decision": new.decision,
                "run_key": self._runs.key(new.run_id),
                "champion_key": None if new.champion is None else self._runs.key(new.champion),
                "version": new.version,
                "record": plain(new.record),
            }
            self._scope.insert(connection, promotions, [values])
            details = {"run": new.run_id, "decision": new.decision, "release": new.version}
            self._audit.log(by, "promote", f"promotion/{number}", details)
        return self.get(number)

    def get(self, number: int | None = None) -> PromotionRow:
        """One decision.

        Args:
            number: Its number; None takes the newest.

        Returns:
            The decision.

        Raises:
            NotFoundError: There is none.
        """
        found = self._rows(number=number, limit=1)
        if not found:
            which = "nothing was decided yet" if number is None else f"no decision {number}"
            raise NotFoundError(
                f"of promotions: {which}", hint="pitmark promotions lists them."
            )
        return found[0]

    def list(self, limit: int = 1000) -> Sequence[PromotionRow]:
        """Decisions, the newest first.

        Args:
            limit: How many at most.

        Returns:
            The decisions.
        """
        return self._rows(limit=limit)

    def alias(self, name: AliasName) -> AliasRow | None:
        """What a name stands for.

        Args:
            name: champion or candidate.

        Returns:
            None where it was not given yet.
        """
        columns = (aliases, runs.c.number)
        query = self._scope.select(aliases, *columns).join(
            runs, runs.c.key == aliases.c.run_key
        )
        row = self._scope.first(query.where(aliases.c.name == name))
        if row is None:
            return None
        return AliasRow(name, run_name(row.number), row.version, row.at, row.who)

    def name(
        self, name: AliasName, run_id: str, *, version: int | None = None, by: str
    ) -> None:
        """Let a name stand for a run from now on.

        Args:
            name: champion or candidate.
            run_id: The run; it must be done.
            version: Its release.
            by: Who decides.

        Raises:
            NotFoundError: No such run.
            ConflictError: The run is not done.
        """
        run = self._runs.get(run_id)
        if run.state != "done":
            raise ConflictError(f"run {run.id} is {run.state} and cannot be the {name}")
        values = {
            "run_key": self._runs.key(run.id), "version": version, "at": now(), "who": by
        }  # fmt: skip
        with self._scope.write() as connection:
            change = self._scope.update(aliases).where(aliases.c.name == name)
            if not connection.execute(change.values(**values)).rowcount:
                self._scope.insert(connection, aliases, [{"name": name, **values}])

    def _rows(self, *, number: int | None = None, limit: int) -> Sequence[PromotionRow]:
        before = runs.alias("before")
        query = self._scope.select(
            promotions, promotions, runs.c.number.label("run"), before.c.number.label("old")
        )
        query = query.join(runs, runs.c.key == promotions.c.run_key)
        query = query.outerjoin(before, before.c.key == promotions.c.champion_key)
        if number is not None:
            query = query.where(promotions.c.number == number)
        rows = self._scope.rows(query.order_by(promotions.c.number.desc()).limit(limit))
        return [
            PromotionRow(
                number=r.number,
                at=r.at,
                by=r.who,
                decision=r.decision,
                run_id=run_name(r.run),
                champion=None if r.old is None else run_name(r.old),
                version=r.version,
                record=r.record,
            )
            for r in rows
        ]
