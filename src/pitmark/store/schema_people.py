"""The tables of people: persons and their sessions belong to no organisation, all else does.

No secret stands in them: of a password there is an argon2 hash, of a session, an
invitation and a token the sha256 of 256 random bits.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table
from sqlalchemy import UniqueConstraint as Unique

from pitmark.store import schema_columns as column
from pitmark.store.schema_columns import metadata

__all__ = ["api_tokens", "invitations", "memberships", "persons", "project_roles", "sessions"]


# Names are what labels are signed with: no two people may have the same.
persons = Table(
    "persons",
    metadata,
    column.key(),
    Column("name", String(100), nullable=False),
    Column("name_key", String(200), nullable=False, unique=True),
    Column("email", String(254), nullable=False, unique=True),
    column.text("password_hash"),
    column.time("created"),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret_sha", String(64), primary_key=True),
    column.to("person_id", "persons.id"),
    column.time("created"),
    column.time("expires"),
    Column("browser", String(60), nullable=False, server_default=""),
    Index(None, "person_id"),
)

memberships = Table(
    "memberships",
    metadata,
    column.key(),
    column.organisation(),
    column.to("person_id", "persons.id"),
    Column("role", String(16), nullable=False),
    column.time("since"),
    Unique("organisation_id", "person_id"),
    Index(None, "person_id"),
    sqlite_autoincrement=True,
)

# Where the role of a person within one project differs from that in the organisation.
project_roles = Table(
    "project_roles",
    metadata,
    column.organisation(),
    column.to("project_id", "projects.id", primary_key=True),
    column.to("person_id", "persons.id", primary_key=True),
    Column("role", String(16), nullable=False),
    Index(None, "person_id"),
)

invitations = Table(
    "invitations",
    metadata,
    column.key(),
    column.organisation(),
    Column("secret_sha", String(64), nullable=False, unique=True),
    Column("email", String(254), nullable=False),
    Column("role", String(16), nullable=False),
    column.to("invited_by", "persons.id"),
    column.time("created"),
    column.time("expires"),
    Index(None, "organisation_id"),
    sqlite_autoincrement=True,
)

api_tokens = Table(
    "api_tokens",
    metadata,
    column.key(),
    column.organisation(),
    column.to("project_id", "projects.id", nullable=True),
    column.to("person_id", "persons.id"),
    Column("name", String(100), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("secret_sha", String(64), nullable=False, unique=True),
    column.time("created"),
    column.time("expires"),
    column.time("last_used", nullable=True),
    Index(None, "organisation_id"),
    sqlite_autoincrement=True,
)
