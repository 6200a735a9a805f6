"""Persons: one account each, whatever organisations they belong to."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.store.connection import Database
from pitmark.store.schema import now
from pitmark.store.schema_people import persons
from pitmark.store.scope import Unowned

_LONGEST_NAME, _LONGEST_EMAIL = 100, 254
# Programs sign with these.
_RESERVED = {"pitmark", "import", "python", "owner"}


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person; `name` is what labels and decisions are signed with."""

    id: int
    name: str
    email: str
    password_hash: str
    created: datetime


class Persons:
    """All persons of a workspace.

    Args:
        database: Of the workspace.
    """

    def __init__(self, database: Database) -> None:
        self._rows = Unowned(database)

    def add(self, name: str, email: str, password_hash: str) -> PersonRow:
        """Make an account.

        Args:
            name: 1 to 100 characters; nobody else may have it.
            email: With one @; letters count alike, large or small.
            password_hash: Made by `pitmark.ops.people_passwords`.

        Returns:
            The person.

        Raises:
            InvalidInputError: An impossible name or email.
            ConflictError: Somebody has this name or email.
        """
        name, email = check_person_name(name), check_email(email)
        with self._rows.write() as connection:
            if self.by_email(email) is not None:
                raise ConflictError(f"{email} has an account already", hint="Sign in with it.")
            taken = self._rows.select(persons).where(persons.c.name_key == _name_key(name))
            if self._rows.first(taken) is not None:
                raise ConflictError(
                    f"somebody is called {name!r} already",
                    hint="Labels are signed with the name: choose one of your own.",
                )
            values = {
                "name": name,
                "name_key": _name_key(name),
                "email": email,
                "password_hash": password_hash,
                "created": now(),
            }
            key = self._rows.insert(connection, persons, values)
        return self.get(key)

    def get(self, person_id: int) -> PersonRow:
        """One person.

        Args:
            person_id: The key.

        Returns:
            The person.

        Raises:
            NotFoundError: No such person.
        """
        row = self._rows.first(self._rows.select(persons).where(persons.c.id == person_id))
        if row is None:
            raise NotFoundError(f"there is no person {person_id}")
        return person_row(row)

    def by_email(self, email: str) -> PersonRow | None:
        """The person with an email, if any.

        Args:
            email: In any case of letters.

        Returns:
            The person or None.
        """
        query = self._rows.select(persons).where(persons.c.email == plain_email(email))
        row = self._rows.first(query)
        return None if row is None else person_row(row)

    def set_password(self, person_id: int, password_hash: str) -> None:
        """Give a person another password; see `Sessions.close_all` to end their sessions.

        Args:
            person_id: The key.
            password_hash: Made by `pitmark.ops.people_passwords`.
        """
        with self._rows.write() as connection:
            change = self._rows.update(persons).where(persons.c.id == person_id)
            connection.execute(change.values(password_hash=password_hash))


def person_row(row: Any) -> PersonRow:
    """A row of persons as an object.

    Args:
        row: With the columns of the table.

    Returns:
        The person.
    """
    return PersonRow(row.id, row.name, row.email, row.password_hash, row.created)


def plain_email(email: str) -> str:
    """An email as it is kept and compared.

    Args:
        email: As typed.

    Returns:
        Without spaces at its ends, in small letters.
    """
    return unicodedata.normalize("NFC", email).strip().lower()


def check_email(email: str) -> str:
    """An email as it is kept, made sure that it may be one.

    Args:
        email: As typed.

    Returns:
        See `plain_email`.

    Raises:
        InvalidInputError: It cannot be one.
    """
    plain = plain_email(email)
    local, at, host = plain.partition("@")
    odd = any(c.isspace() or unicodedata.category(c).startswith("C") for c in plain)
    if not (local and at and host) or "@" in host or odd or len(plain) > _LONGEST_EMAIL:
        raise InvalidInputError(
            f"{email[:80]!r} is no email address", hint="Such as anna@factory.example."
        )
    return plain


def check_person_name(name: str) -> str:
    """A name as labels are signed with it, made sure that it may be one.

    Args:
        name: As typed.

    Returns:
        Composed, without spaces at its ends.

    Raises:
        InvalidInputError: Empty, too long, with control characters, or kept for programs.
    """
    plain = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(plain) <= _LONGEST_NAME:
        raise InvalidInputError(
            f"a name has 1 to {_LONGEST_NAME} characters, found {len(plain)}"
        )
    if any(unicodedata.category(c).startswith("C") for c in plain):
        raise InvalidInputError(f"the name {plain!r} has control characters in it")
    if _name_key(plain) in _RESERVED:
        raise InvalidInputError(
            f"{plain!r} is a name that Pitmark itself signs with", hint="Choose another."
        )
    return plain


def _name_key(name: str) -> str:
    """What two names have in common that a reader takes for the same."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:200]
