"""Whose something is: what is asked before it is known in whose name, each in one query.

Secrets are unique in the workspace and have an index; a secret opens nothing by the answer
alone, for the organisation asks for it again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from pitmark.core.roles import Role
from pitmark.store.connection import Database
from pitmark.store.devices import plain_code
from pitmark.store.schema_devices import devices
from pitmark.store.schema_people import api_tokens, invitations, memberships
from pitmark.store.scope import Scope
from pitmark.store.secret import digest


def organisation_of_key(database: Database, key: str) -> str | None:
    """Whose device shows a key.

    Args:
        database: Of the workspace.
        key: As the device sent it.

    Returns:
        The organisation; None where nobody knows the key.
    """
    return _owner(database, devices.c.key_sha, key)


def organisation_of_code(database: Database, code: str) -> str | None:
    """Whose device is to be registered with a one-time code.

    Args:
        database: Of the workspace.
        code: As typed.

    Returns:
        The organisation; None where nobody knows the code.
    """
    return _owner(database, devices.c.code_sha, plain_code(code))


def organisation_of_token(database: Database, secret: str) -> str | None:
    """Whose token a program shows.

    Args:
        database: Of the workspace.
        secret: As the program sent it.

    Returns:
        The organisation; None where nobody knows the token.
    """
    return _owner(database, api_tokens.c.secret_sha, secret)


def organisation_of_invitation(database: Database, secret: str) -> str | None:
    """Where a link invites to.

    Args:
        database: Of the workspace.
        secret: The last part of the link.

    Returns:
        The organisation; None where nobody knows the link.
    """
    return _owner(database, invitations.c.secret_sha, secret)


def roles_of(database: Database, person_id: int) -> list[tuple[str, Role]]:
    """Where a person is a member.

    Args:
        database: Of the workspace.
        person_id: The person; it must be they who ask.

    Returns:
        Organisations with the role there, by name.
    """
    asked = Scope.across(memberships, memberships.c.organisation_id, memberships.c.role)
    asked = asked.where(memberships.c.person_id == person_id)
    with database.read() as connection:
        rows = connection.execute(asked.order_by(memberships.c.organisation_id)).all()
    return [(row.organisation_id, row.role) for row in rows]


def is_owned(database: Database) -> bool:
    """Whether any organisation has an owner yet.

    Args:
        database: Of the workspace.

    Returns:
        False until the first one is set up.
    """
    asked = Scope.across(memberships, memberships.c.id).where(memberships.c.role == "owner")
    with database.read() as connection:
        return connection.execute(asked.limit(1)).first() is not None


def _owner(database: Database, column: Column[Any], secret: str) -> str | None:
    asked = Scope.across(column.table, column.table.c.organisation_id)
    with database.read() as connection:
        found: str | None = connection.execute(asked.where(column == digest(secret))).scalar()
    return found
