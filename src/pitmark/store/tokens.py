"""Tokens: how programs ask in the name of a person, in a scope and for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pitmark.core.errors import NotFoundError
from pitmark.core.roles import Scope as TokenScope
from pitmark.store.persons import PersonRow, person_row
from pitmark.store.schema import now, projects
from pitmark.store.schema_people import api_tokens, persons
from pitmark.store.scope import Scope
from pitmark.store.secret import digest, new_secret

TOKEN_PREFIX = "pitmark_"
# Noting each use would make every read a write.
_NOTE_USE_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made; `project` limits it to one project, by its key."""

    name: str
    scope: TokenScope
    project: int | None
    days: int


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token; it may what its scope allows and its person may at the time."""

    id: int
    organisation: str
    name: str
    scope: TokenScope
    project: str | None
    person: PersonRow
    created: datetime
    expires: datetime
    last_used: datetime | None


class Tokens:
    """The tokens of an organisation.

    Args:
        scope: The organisation.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def add(self, new: NewToken, *, person: int) -> tuple[TokenRow, str]:
        """Make a token.

        Args:
            new: What it may.
            person: In whose name.

        Returns:
            The token and its secret, which is kept nowhere.
        """
        secret, moment = new_secret(TOKEN_PREFIX), now()
        values = {
            "name": new.name,
            "scope": new.scope,
            "project_id": new.project,
            "person_id": person,
            "secret_sha": digest(secret),
            "created": moment,
            "expires": moment + timedelta(days=new.days),
            "last_used": None,
        }
        with self._scope.write() as connection:
            keys = self._scope.insert_returning(connection, api_tokens.c.id, [values])
        return self.get(keys[0]), secret

    def get(self, token_id: int) -> TokenRow:
        """One token.

        Args:
            token_id: The key.

        Returns:
            The token.

        Raises:
            NotFoundError: None such.
        """
        row = self._scope.first(self._query().where(api_tokens.c.id == token_id))
        if row is None:
            raise NotFoundError(f"there is no token {token_id}")
        return _row(row)

    def list(self, person: int | None = None) -> list[TokenRow]:
        """Tokens, the oldest first; also those that have run out.

        Args:
            person: Only those of this person.

        Returns:
            The tokens.
        """
        query = self._query().order_by(api_tokens.c.id)
        if person is not None:
            query = query.where(api_tokens.c.person_id == person)
        return [_row(row) for row in self._scope.rows(query)]

    def use(self, secret: str) -> TokenRow | None:
        """The token that a program shows; its use is noted.

        Args:
            secret: As the program sent it.

        Returns:
            The token, or None where it is unknown or has run out.
        """
        moment = now()
        query = self._query().where(
            api_tokens.c.secret_sha == digest(secret), api_tokens.c.expires > moment
        )
        row = self._scope.first(query)
        if row is None:
            return None
        if row.last_used is None or moment - row.last_used > _NOTE_USE_AFTER:
            change = self._scope.update(api_tokens).where(api_tokens.c.id == row.token_id)
            with self._scope.write() as connection:
                connection.execute(change.values(last_used=moment))
        return _row(row)

    def remove(self, token_id: int) -> None:
        """Revoke a token.

        Args:
            token_id: The key.
        """
        gone = self._scope.delete(api_tokens).where(api_tokens.c.id == token_id)
        with self._scope.write() as connection:
            connection.execute(gone)

    def _query(self) -> Any:
        query = self._scope.select(
            api_tokens,
            api_tokens.c.id.label("token_id"),
            api_tokens.c.organisation_id,
            api_tokens.c.name.label("token_name"),
            api_tokens.c.scope,
            api_tokens.c.created.label("made"),
            api_tokens.c.expires,
            api_tokens.c.last_used,
            projects.c.live_name,
            persons,
        )
        query = query.join(persons, persons.c.id == api_tokens.c.person_id)
        return query.outerjoin(projects, projects.c.id == api_tokens.c.project_id)


def _row(row: Any) -> TokenRow:
    return TokenRow(
        id=row.token_id,
        organisation=row.organisation_id,
        name=row.token_name,
        scope=row.scope,
        project=row.live_name,
        person=person_row(row),
        created=row.made,
        expires=row.expires,
        last_used=row.last_used,
    )
