"""The audit log: who did what when, only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitmark.store.connection import row_dict
from pitmark.store.plain_json import plain
from pitmark.store.schema import audit_log, now
from pitmark.store.scope import Scope


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log."""

    id: int
    at: datetime
    organisation: str
    who: str
    action: str
    object: str
    details: dict[str, Any]


class AuditLog:
    """The audit log of an organisation.

    Args:
        scope: Whose log.
        prefix: Set before the object of each entry, such as "project/casings/".
    """

    def __init__(self, scope: Scope, *, prefix: str = "") -> None:
        self._scope, self._prefix = scope, prefix

    def log(
        self, who: str, action: str, object: str, details: Mapping[str, Any] | None = None
    ) -> None:
        """Add an entry; inside a transaction it is written with the rest or not at all.

        Args:
            who: The person or program.
            action: A verb, such as "settle".
            object: What it was done to, such as "finding/f12".
            details: Plain JSON values worth keeping.
        """
        values = {
            "at": now(),
            "who": who,
            "action": action,
            "object": self._prefix + object,
            "details": plain(details or {}),
        }
        with self._scope.write() as connection:
            self._scope.insert(connection, audit_log, [values])

    def entries(self, *, limit: int = 1000, before: int | None = None) -> list[AuditEntry]:
        """Entries, the newest first.

        Args:
            limit: How many at most.
            before: Only entries with a smaller id, to go on where a page ended.

        Returns:
            The entries.
        """
        query = self._scope.select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit_log.c.id < before)
        return [_entry(row_dict(row)) for row in self._scope.rows(query)]

    def newest(self, action: str, object: str) -> AuditEntry | None:
        """The last entry about one thing.

        Args:
            action: The verb.
            object: What it was done to, without the prefix.

        Returns:
            The entry, or None if there is none.
        """
        query = self._scope.select(audit_log).order_by(audit_log.c.id.desc())
        row = self._scope.first(
            query.where(
                audit_log.c.action == action, audit_log.c.object == self._prefix + object
            )
        )
        return None if row is None else _entry(row_dict(row))


def _entry(values: dict[str, Any]) -> AuditEntry:
    return AuditEntry(organisation=values.pop("organisation_id"), **values)
