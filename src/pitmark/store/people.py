"""Who belongs to an organisation and as what: in all of it, or otherwise in one project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.core.roles import Role
from pitmark.store.persons import PersonRow, person_row
from pitmark.store.schema import now, projects
from pitmark.store.schema_people import (
    api_tokens,
    invitations,
    memberships,
    persons,
    project_roles,
)
from pitmark.store.scope import Scope


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person within an organisation; `projects` has the roles that differ, by name."""

    person: PersonRow
    role: Role
    since: datetime
    projects: Mapping[str, Role] = field(default_factory=dict)

    def role_in(self, project: str) -> Role:
        """What the person may do in a project.

        Args:
            project: Its name.

        Returns:
            The role.
        """
        return self.projects.get(project, self.role)


class People:
    """The members of an organisation.

    Args:
        scope: The organisation.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def find(self, person_id: int) -> MemberRow | None:
        """A person within the organisation, as of now.

        Args:
            person_id: The person.

        Returns:
            The member, or None where they do not belong to it.
        """
        row = self._scope.first(self._query().where(memberships.c.person_id == person_id))
        return None if row is None else self._member(row, self._differing(person_id))

    def get(self, person_id: int) -> MemberRow:
        """A person within the organisation, as of now.

        Args:
            person_id: The person.

        Returns:
            The member.

        Raises:
            NotFoundError: No such person belongs to it.
        """
        member = self.find(person_id)
        if member is None:
            raise NotFoundError(f"the organisation has no member {person_id}")
        return member

    def list(self) -> list[MemberRow]:
        """All members in the order of their names."""
        differing = self._differing()
        rows = self._scope.rows(self._query().order_by(persons.c.name_key))
        return [self._member(row, differing) for row in rows]

    def owners(self) -> int:
        """How many owners the organisation has."""
        count = self._scope.select(memberships, func.count())
        return int(self._scope.value(count.where(memberships.c.role == "owner")))

    def add(self, person_id: int, role: Role) -> MemberRow:
        """Make a person a member.

        Args:
            person_id: The person.
            role: As what.

        Returns:
            The member.

        Raises:
            ConflictError: They are one already.
        """
        with self._scope.write() as connection:
            if self.find(person_id) is not None:
                raise ConflictError(
                    "this person belongs to the organisation already",
                    hint="Change the role instead.",
                )
            values = {"person_id": person_id, "role": role, "since": now()}
            self._scope.insert(connection, memberships, [values])
        return self.get(person_id)

    def set_role(self, person_id: int, role: Role) -> None:
        """Give a member another role in the whole organisation.

        Args:
            person_id: The person.
            role: As what.
        """
        change = self._scope.update(memberships).where(memberships.c.person_id == person_id)
        with self._scope.write() as connection:
            connection.execute(change.values(role=role))

    def set_project_role(self, person_id: int, project_id: int, role: Role | None) -> None:
        """Give a member another role in one project.

        Args:
            person_id: The person.
            project_id: The project.
            role: As what; None for that in the organisation.
        """
        old = self._scope.delete(project_roles).where(
            project_roles.c.person_id == person_id, project_roles.c.project_id == project_id
        )
        values = {"person_id": person_id, "project_id": project_id, "role": role}
        with self._scope.write() as connection:
            connection.execute(old)
            if role is not None:
                self._scope.insert(connection, project_roles, [values])

    def remove(self, person_id: int) -> None:
        """Remove a member, their tokens, and the invitations that they gave.

        Args:
            person_id: The person.
        """
        with self._scope.write() as connection:
            for column in (
                project_roles.c.person_id,
                api_tokens.c.person_id,
                invitations.c.invited_by,
                memberships.c.person_id,
            ):
                gone = self._scope.delete(column.table).where(column == person_id)
                connection.execute(gone)

    def _query(self) -> Any:
        query = self._scope.select(
            memberships, memberships.c.role, memberships.c.since, persons
        )
        return query.join(persons, persons.c.id == memberships.c.person_id)

    def _differing(self, person_id: int | None = None) -> dict[int, dict[str, Role]]:
        """Roles that differ per project: person to project to role."""
        query = self._scope.select(
            project_roles,
            project_roles.c.person_id,
            project_roles.c.role,
            projects.c.live_name,
        )
        query = query.join(projects, projects.c.id == project_roles.c.project_id)
        if person_id is not None:
            query = query.where(project_roles.c.person_id == person_id)
        out: dict[int, dict[str, Role]] = {}
        for row in self._scope.rows(query.order_by(projects.c.live_name)):
            out.setdefault(row.person_id, {})[row.live_name] = row.role
        return out

    def _member(self, row: Any, differing: Mapping[int, Mapping[str, Role]]) -> MemberRow:
        return MemberRow(person_row(row), row.role, row.since, differing.get(row.id, {}))
