"""Agreement studies and the answers given in them, which are never changed either.

Revision 0003. It describes the tables as they were then and is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("studies", "study_answers")
_ALIVE = (
    "EXISTS (SELECT 1 FROM projects WHERE projects.id = OLD.project_id"
    " AND projects.deleted IS NULL)"
)


def upgrade() -> None:
    """Create the tables, their indexes and triggers."""
    _studies()
    _study_answers()
    if op.get_bind().dialect.name == "postgresql":
        _protect_postgresql()
    else:
        _protect_sqlite()


def _owned(table: str) -> tuple[sa.Column[str] | sa.Column[int] | sa.Constraint, ...]:
    return (
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name=f"fk_{table}_organisation_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=f"fk_{table}_project_id"),
    )


def _studies() -> None:
    op.create_table(
        "studies",
        sa.Column("key", sa.Integer(), nullable=False),
        *_owned("studies"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("design", sa.JSON(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_studies"),
        sa.UniqueConstraint(
            "organisation_id",
            "project_id",
            "number",
            name="uq_studies_organisation_id_project_id_number",
        ),
        sqlite_autoincrement=True,
    )


def _study_answers() -> None:
    op.create_table(
        "study_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        *_owned("study_answers"),
        sa.Column("study_key", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("labeler", sa.String(length=200), nullable=False),
        sa.Column("trial", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shapes", sa.JSON(), nullable=False),
        sa.Column("labels_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book_revision", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_key"], ["studies.key"], name="fk_study_answers_study_key"
        ),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_study_answers_image_id"),
        sa.ForeignKeyConstraint(
            ["project_id", "book_revision"],
            ["book_revisions.project_id", "book_revisions.revision"],
            name="fk_study_answers_project_id_book_revision",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_study_answers"),
        sa.UniqueConstraint(
            "study_key",
            "image_id",
            "labeler",
            "trial",
            "revision",
            name="uq_study_answers_study_key_image_id_labeler_trial_revision",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_study_answers_image_id", "study_answers", ["image_id"])


def _protect_sqlite() -> None:
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} are never changed'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_never_removed BEFORE DELETE ON {table} WHEN {_ALIVE}"
            f" BEGIN SELECT RAISE(ABORT, '{table} are never removed'); END"
        )


def _protect_postgresql() -> None:
    for table in _APPEND_ONLY:
        for word, when, how in (
            ("changed", "UPDATE ON {} FOR EACH ROW", "pitmark_refuse"),
            ("removed", "DELETE ON {} FOR EACH ROW", "pitmark_refuse_if_alive"),
            ("emptied", "TRUNCATE ON {} FOR EACH STATEMENT", "pitmark_refuse"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_never_{word} BEFORE {when.format(table)}"
                f" EXECUTE FUNCTION {how}()"
            )
