"""Invitations: links that make somebody a member, once, within seven days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pitmark.core.errors import NotFoundError
from pitmark.core.roles import Role
from pitmark.store.persons import check_email
from pitmark.store.schema import now
from pitmark.store.schema_people import invitations, persons
from pitmark.store.scope import Scope
from pitmark.store.secret import digest, new_secret

INVITATION_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An open invitation; `inviter` is the person who gave it."""

    id: int
    organisation: str
    email: str
    role: Role
    expires: datetime
    inviter: int
    invited_by: str


class Invitations:
    """The open invitations of an organisation.

    Args:
        scope: The organisation.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, email: str, role: Role, *, by: int) -> tuple[InvitationRow, str]:
        """Invite somebody; an earlier invitation of the same email ends.

        Args:
            email: Whom.
            role: As what.
            by: The person who invites.

        Returns:
            The invitation and its secret, which is kept nowhere.

        Raises:
            InvalidInputError: No email.
        """
        email, secret, moment = check_email(email), new_secret(), now()
        values = {
            "secret_sha": digest(secret),
            "email": email,
            "role": role,
            "invited_by": by,
            "created": moment,
            "expires": moment + INVITATION_LIFE,
        }
        old = (invitations.c.email == email) | (invitations.c.expires <= moment)
        with self._scope.write() as connection:
            connection.execute(self._scope.delete(invitations).where(old))
            keys = self._scope.insert_returning(connection, invitations.c.id, [values])
        return self.get(keys[0]), secret

    def get(self, invitation_id: int) -> InvitationRow:
        """One open invitation.

        Args:
            invitation_id: The key.

        Returns:
            The invitation.

        Raises:
            NotFoundError: None such, or it has run out.
        """
        row = self._scope.first(self._open().where(invitations.c.id == invitation_id))
        if row is None:
            raise NotFoundError(f"there is no open invitation {invitation_id}")
        return _row(row)

    def by_secret(self, secret: str) -> InvitationRow | None:
        """The open invitation of a link.

        Args:
            secret: The last part of the link.

        Returns:
            The invitation, or None.
        """
        query = self._open().where(invitations.c.secret_sha == digest(secret))
        row = self._scope.first(query)
        return None if row is None else _row(row)

    def list(self) -> list[InvitationRow]:
        """All open invitations, the oldest first."""
        return [_row(row) for row in self._scope.rows(self._open().order_by(invitations.c.id))]

    def remove(self, invitation_id: int) -> None:
        """End an invitation: taken back, or accepted.

        Args:
            invitation_id: The key.

        Raises:
            NotFoundError: None such.
        """
        with self._scope.write() as connection:
            self.get(invitation_id)
            gone = self._scope.delete(invitations).where(invitations.c.id == invitation_id)
            connection.execute(gone)

    def _open(self) -> Any:
        query = self._scope.select(invitations, invitations, persons.c.name.label("inviter"))
        query = query.join(persons, persons.c.id == invitations.c.invited_by)
        return query.where(invitations.c.expires > now())


def _row(row: Any) -> InvitationRow:
    return InvitationRow(
        row.id,
        row.organisation_id,
        row.email,
        row.role,
        row.expires,
        inviter=row.invited_by,
        invited_by=row.inviter,
    )
