"""Updates: promotions that are never changed, names for runs, what is under way, settings.

Revision 0010. It names the tables as they were then and is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the triggers in the words of the database at hand."""
    _promotions()
    _aliases()
    _updates()
    _settings()
    if op.get_bind().dialect.name == "postgresql":
        _protect_postgresql()
    else:
        _protect_sqlite()


def _promotions() -> None:
    op.create_table(
        "promotions",
        sa.Column("key", sa.Integer(), nullable=False),
        *_owner("promotions"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        _run("promotions", "run_key"),
        _run("promotions", "champion_key", nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_promotions"),
        _once("promotions", "number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_promotions_run_key", "promotions", ["run_key"])
    op.create_index("ix_promotions_champion_key", "promotions", ["champion_key"])


def _aliases() -> None:
    op.create_table(
        "aliases",
        *_owner("aliases"),
        sa.Column("name", sa.String(16), nullable=False),
        _run("aliases", "run_key"),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        _once("aliases", "name"),
    )
    op.create_index("ix_aliases_run_key", "aliases", ["run_key"])


def _updates() -> None:
    op.create_table(
        "updates",
        sa.Column("key", sa.Integer(), nullable=False),
        *_owner("updates"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_updates"),
        _once("updates", "number"),
        sqlite_autoincrement=True,
    )


def _settings() -> None:
    op.create_table(
        "project_settings",
        *_owner("project_settings"),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        _once("project_settings", "name"),
    )


def _owner(table: str) -> tuple[sa.Column[str], sa.Column[int]]:
    return (
        sa.Column(
            "organisation_id",
            sa.String(64),
            sa.ForeignKey(
                "organisations.organisation_id",
                name=f"fk_{table}_organisation_id_organisations",
            ),
            nullable=False,
        ),
        sa.Column(
            "project_id",
            sa.Integer(),
            sa.ForeignKey("projects.id", name=f"fk_{table}_project_id_projects"),
            nullable=False,
        ),
    )


def _run(table: str, column: str, *, nullable: bool = False) -> sa.Column[int]:
    target = sa.ForeignKey("runs.key", name=f"fk_{table}_{column}_runs")
    return sa.Column(column, sa.Integer(), target, nullable=nullable)


def _once(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(
        "organisation_id",
        "project_id",
        column,
        name=f"uq_{table}_organisation_id_project_id_{column}",
    )


def _protect_sqlite() -> None:
    alive = (
        "EXISTS (SELECT 1 FROM projects WHERE projects.id = OLD.project_id"
        " AND projects.deleted IS NULL)"
    )
    op.execute(
        "CREATE TRIGGER promotions_never_changed BEFORE UPDATE ON promotions"
        " BEGIN SELECT RAISE(ABORT, 'promotions are never changed'); END"
    )
    op.execute(
        f"CREATE TRIGGER promotions_never_removed BEFORE DELETE ON promotions WHEN {alive}"
        " BEGIN SELECT RAISE(ABORT, 'promotions are never removed'); END"
    )
    # INSERT OR REPLACE would remove rows without a word to the triggers above.
    same = '"key" = NEW."key" OR (project_id = NEW.project_id AND number = NEW.number)'
    op.execute(
        "CREATE TRIGGER promotions_never_replaced BEFORE INSERT ON promotions"
        f" WHEN EXISTS (SELECT 1 FROM promotions WHERE {same})"
        " BEGIN SELECT RAISE(ABORT, 'promotions are never replaced'); END"
    )


def _protect_postgresql() -> None:
    # The functions are those of revision 0002.
    for name, event, each, function in (
        ("changed", "UPDATE", "ROW", "pitmark_refuse"),
        ("removed", "DELETE", "ROW", "pitmark_refuse_if_alive"),
        ("emptied", "TRUNCATE", "STATEMENT", "pitmark_refuse"),
    ):
        op.execute(
            f"CREATE TRIGGER promotions_never_{name} BEFORE {event} ON promotions"
            f" FOR EACH {each} EXECUTE FUNCTION {function}()"
        )
