"""What changed in a project, in order, and labels that are saved once though sent twice.

Triggers note every change that a list of images can show, whoever makes it. Revision 0008.
It names the tables as they were then and is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# (table, event, what changed, the row that tells, the image or NULL)
_NOTED = (
    ("images", "INSERT", "image", "NEW", "NEW.id"),
    ("images", "UPDATE", "image", "NEW", "NEW.id"),
    ("annotations", "INSERT", "label", "NEW", "NEW.image_id"),
    ("findings", "INSERT", "finding", "NEW", "NEW.image_id"),
    ("findings", "UPDATE", "finding", "NEW", "NEW.image_id"),
    ("findings", "DELETE", "finding", "OLD", "OLD.image_id"),
    ("book_revisions", "INSERT", "book", "NEW", "NULL"),
    ("snapshots", "INSERT", "snapshot", "NEW", "NULL"),
    ("runs", "UPDATE OF state, inspector", "run", "NEW", "NULL"),
    ("run_predictions", "INSERT", "run", "NEW", "NULL"),
)
_INDEXES = (
    ("images", "id"),
    ("images", "reference_sha"),
    ("image_occurrences", "image_id"),
    ("annotations", "id"),
    ("findings", "image_id"),
)


def upgrade() -> None:
    """Make the tables, and the triggers in the words of the database at hand."""
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), primary_key=True),
        *_owner("changes"),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_changes_organisation_id_project_id_id",
        "changes",
        ["organisation_id", "project_id", "id"],
    )
    op.create_table(
        "label_saves",
        *_owner("label_saves"),
        sa.Column("labeler", sa.String(200), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column(
            "annotation_id",
            sa.Integer(),
            sa.ForeignKey("annotations.id", name="fk_label_saves_annotation_id_annotations"),
            nullable=False,
        ),
        sa.UniqueConstraint(
            "organisation_id",
            "project_id",
            "labeler",
            "key",
            name="uq_label_saves_organisation_id_project_id_labeler_key",
        ),
    )
    for table, column in _INDEXES:
        op.create_index(
            f"ix_{table}_organisation_id_project_id_{column}",
            table,
            ["organisation_id", "project_id", column],
        )
    if op.get_bind().dialect.name == "postgresql":
        _note_postgresql()
    else:
        _note_sqlite()


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


def _insert(what: str, row: str, image: str) -> str:
    # What is removed with its whole project is no change of the project.
    alive = (
        f" WHERE EXISTS (SELECT 1 FROM projects WHERE projects.id = {row}.project_id"
        " AND projects.deleted IS NULL)"
    )
    return (
        "INSERT INTO changes (organisation_id, project_id, what, image_id)"
        f" SELECT {row}.organisation_id, {row}.project_id, '{what}', {image}"
        f"{alive if row == 'OLD' else ''};"
    )


def _name(table: str, event: str) -> str:
    return f"{table}_{event.split()[0].lower()}_noted"


def _note_sqlite() -> None:
    for table, event, what, row, image in _NOTED:
        op.execute(
            f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table}"
            f" BEGIN {_insert(what, row, image)} END"
        )


def _note_postgresql() -> None:
    # The lock is held to the end of the transaction, so that numbers are given in the
    # order of commits: who has read up to one number has missed no lower one.
    for table, event, what, row, image in _NOTED:
        name = _name(table, event)
        op.execute(
            f"CREATE FUNCTION pitmark_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" PERFORM pg_advisory_xact_lock(7301, {row}.project_id);"
            f" {_insert(what, row, image)} RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION pitmark_{name}()"
        )
