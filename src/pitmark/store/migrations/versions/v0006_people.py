"""People: accounts, sessions, roles, invitations and tokens.

Revision 0006. It describes the tables as they were then and is never changed.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their indexes; nobody has an account yet."""
    _persons()
    _sessions()
    _memberships()
    _project_roles()
    _invitations()
    _api_tokens()
    for table, column in (
        ("sessions", "person_id"),
        ("memberships", "person_id"),
        ("project_roles", "person_id"),
        ("invitations", "organisation_id"),
        ("api_tokens", "organisation_id"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _to_organisation(table: str) -> tuple[sa.Column[str], sa.Constraint]:
    return (
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name=f"fk_{table}_organisation_id",
        ),
    )


def _refers(table: str, column: str, target: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _persons() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        _moment("created"),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("name_key", name="uq_persons_name_key"),
        sa.UniqueConstraint("email", name="uq_persons_email"),
        sqlite_autoincrement=True,
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("secret_sha", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        _moment("created"),
        _moment("expires"),
        _refers("sessions", "person_id", "persons.id"),
        sa.PrimaryKeyConstraint("secret_sha", name="pk_sessions"),
    )


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", sa.Integer(), nullable=False),
        *_to_organisation("memberships"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        _moment("since"),
        _refers("memberships", "person_id", "persons.id"),
        sa.PrimaryKeyConstraint("id", name="pk_memberships"),
        sa.UniqueConstraint(
            "organisation_id", "person_id", name="uq_memberships_organisation_id_person_id"
        ),
        sqlite_autoincrement=True,
    )


def _project_roles() -> None:
    op.create_table(
        "project_roles",
        *_to_organisation("project_roles"),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        _refers("project_roles", "project_id", "projects.id"),
        _refers("project_roles", "person_id", "persons.id"),
        sa.PrimaryKeyConstraint("project_id", "person_id", name="pk_project_roles"),
    )


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        *_to_organisation("invitations"),
        sa.Column("secret_sha", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=False),
        _moment("created"),
        _moment("expires"),
        _refers("invitations", "invited_by", "persons.id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("secret_sha", name="uq_invitations_secret_sha"),
        sqlite_autoincrement=True,
    )


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        *_to_organisation("api_tokens"),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("secret_sha", sa.String(length=64), nullable=False),
        _moment("created"),
        _moment("expires"),
        _moment("last_used", nullable=True),
        _refers("api_tokens", "project_id", "projects.id"),
        _refers("api_tokens", "person_id", "persons.id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("secret_sha", name="uq_api_tokens_secret_sha"),
        sqlite_autoincrement=True,
    )
