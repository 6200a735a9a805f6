"""What an admin settles for a project: a JSON object under each name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pitmark.store.audit import AuditLog
from pitmark.store.plain_json import plain
from pitmark.store.schema import now
from pitmark.store.schema_updates import project_settings
from pitmark.store.scope import Scope


class ProjectSettings:
    """The settings of one project.

    Args:
        scope: The project.
        audit: Where changes are recorded.
    """

    def __init__(self, scope: Scope, audit: AuditLog) -> None:
        self._scope, self._audit = scope, audit

    def get(self, name: str) -> dict[str, Any] | None:
        """What was settled.

        Args:
            name: Such as "limits".

        Returns:
            A JSON object; None where nothing was settled.
        """
        query = self._scope.select(project_settings, project_settings.c.value)
        value: dict[str, Any] | None = self._scope.value(
            query.where(project_settings.c.name == name)
        )
        return value

    def save(self, name: str, value: Mapping[str, Any], *, by: str) -> None:
        """Settle something; the change is in the audit log with what held before.

        Args:
            name: Such as "limits".
            value: Plain JSON values.
            by: Who settles it.
        """
        with self._scope.write() as connection:
            before = self.get(name)
            values = {"value": plain(value), "at": now(), "who": by}
            if before is None:
                self._scope.insert(connection, project_settings, [{"name": name, **values}])
            else:
                change = self._scope.update(project_settings)
                change = change.where(project_settings.c.name == name)
                connection.execute(change.values(**values))
            details = {"was": before, "is": dict(value)}
            self._audit.log(by, f"set_{name}", f"settings/{name}", details)
