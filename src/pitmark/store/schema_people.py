"""The tables of people: persons and their sessions belong to no organisation, all else does.

No secret stands in them: of a password there is an argon2 hash, of a session, an
invitation and a token the sha256 of 256 random bits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from pitmark.store.schema import UtcTime, metadata

__all__ = ["api_tokens", "invitations", "memberships", "persons", "project_roles", "sessions"]


def _time(name: str, **options: Any) -> Column[Any]:
    return Column(name, UtcTime, **{"nullable": False, **options})


def _to(name: str, target: str, **options: Any) -> Column[int]:
    return Column(name, Integer, ForeignKey(target), **{"nullable": False, **options})


def _organisation() -> Column[str]:
    target = ForeignKey("organisations.organisation_id")
    return Column("organisation_id", String(64), target, nullable=False)


# Names are what labels are signed with: no two people may have the same.
persons = Table(
    "persons",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("name_key", String(200), nullable=False, unique=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    _time("created"),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret_sha", String(64), primary_key=True),
    _to("person_id", "persons.id"),
    _time("created"),
    _time("expires"),
    Column("browser", String(60), nullable=False, server_default=""),
    Index(None, "person_id"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("id", Integer, primary_key=True),
    _organisation(),
    _to("person_id", "persons.id"),
    Column("role", String(16), nullable=False),
    _time("since"),
    Unique("organisation_id", "person_id"),
    Index(None, "person_id"),
    sqlite_autoincrement=True,
)

# Where the role of a person within one project differs from that in the organisation.
project_roles = Table(
    "project_roles",
    metadata,
    _organisation(),
    _to("project_id", "projects.id", primary_key=True),
    _to("person_id", "persons.id", primary_key=True),
    Column("role", String(16), nullable=False),
    Index(None, "person_id"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Integer, primary_key=True),
    _organisation(),
    Column("secret_sha", String(64), nullable=False, unique=True),
    Column("email", String(254), nullable=False),
    Column("role", String(16), nullable=False),
    _to("invited_by", "persons.id"),
    _time("created"),
    _time("expires"),
    Index(None, "organisation_id"),
    sqlite_autoincrement=True,
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    _organisation(),
    _to("project_id", "projects.id", nullable=True),
    _to("person_id", "persons.id"),
    Column("name", String(100), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("secret_sha", String(64), nullable=False, unique=True),
    _time("created"),
    _time("expires"),
    _time("last_used", nullable=True),
    Index(None, "organisation_id"),
    sqlite_autoincrement=True,
)
