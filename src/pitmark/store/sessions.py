"""Sessions: who is signed in. Only the sha256 of a session's secret is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitmark.store.connection import Database
from pitmark.store.persons import PersonRow, person_row
from pitmark.store.schema import now
from pitmark.store.schema_people import persons, sessions
from pitmark.store.scope import Unowned
from pitmark.store.secret import digest, new_secret

SESSION_LIFE = timedelta(days=14)
_MOST_BROWSER = 60
# A session is prolonged at most so often: reading a page should not write each time.
_PROLONG_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session of a person.

    `used` is known to the hour, `own` tells the one that asks, `browser` is such as
    "Firefox on Windows", "" where it is not known.
    """

    created: datetime
    used: datetime
    own: bool
    browser: str


class Sessions:
    """All sessions of a workspace.

    Args:
        database: Of the workspace.
    """

    def __init__(self, database: Database) -> None:
        self._rows = Unowned(database)

    def open(self, person_id: int, *, browser: str = "") -> str:
        """Sign a person in; what has run out is cleared away.

        Args:
            person_id: The person.
            browser: In a few words, cut after 60 characters.

        Returns:
            The secret of the new session, for their browser alone.
        """
        secret, moment = new_secret(), now()
        values = {
            "secret_sha": digest(secret),
            "person_id": person_id,
            "created": moment,
            "expires": moment + SESSION_LIFE,
            "browser": browser[:_MOST_BROWSER],
        }
        with self._rows.write() as connection:
            old = self._rows.delete(sessions).where(sessions.c.expires <= moment)
            connection.execute(old)
            self._rows.insert(connection, sessions, values)
        return secret

    def person_of(self, secret: str) -> PersonRow | None:
        """Who is signed in with a session; it lives for another 14 days.

        Args:
            secret: As the browser sent it.

        Returns:
            The person, or None where the session has run out or never was.
        """
        moment, key = now(), digest(secret)
        query = self._rows.select(sessions, persons, sessions.c.expires)
        query = query.join(persons, persons.c.id == sessions.c.person_id)
        row = self._rows.first(
            query.where(sessions.c.secret_sha == key, sessions.c.expires > moment)
        )
        if row is None:
            return None
        if row.expires - moment < SESSION_LIFE - _PROLONG_AFTER:
            with self._rows.write() as connection:
                change = self._rows.update(sessions).where(sessions.c.secret_sha == key)
                connection.execute(change.values(expires=moment + SESSION_LIFE))
        return person_row(row)

    def list(self, person_id: int, *, own: str) -> Sequence[SessionRow]:
        """Where a person is signed in.

        Args:
            person_id: The person.
            own: The secret of the session that asks.

        Returns:
            The sessions that have not run out, the one used last first.
        """
        query = self._rows.select(sessions).where(
            sessions.c.person_id == person_id, sessions.c.expires > now()
        )
        with self._rows.read() as connection:
            rows = connection.execute(query.order_by(sessions.c.expires.desc())).all()
        return [
            SessionRow(
                r.created, r.expires - SESSION_LIFE, r.secret_sha == digest(own), r.browser
            )
            for r in rows
        ]

    def close(self, secret: str) -> None:
        """Sign out: the session is worth nothing any more.

        Args:
            secret: Of the session.
        """
        with self._rows.write() as connection:
            gone = self._rows.delete(sessions).where(sessions.c.secret_sha == digest(secret))
            connection.execute(gone)

    def close_all(self, person_id: int, *, but: str | None = None) -> None:
        """Sign a person out everywhere.

        Args:
            person_id: The person.
            but: The secret of a session to keep.
        """
        gone = self._rows.delete(sessions).where(sessions.c.person_id == person_id)
        if but is not None:
            gone = gone.where(sessions.c.secret_sha != digest(but))
        with self._rows.write() as connection:
            connection.execute(gone)
