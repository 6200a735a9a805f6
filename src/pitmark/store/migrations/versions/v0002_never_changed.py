"""Triggers that refuse to change or remove what was said: no label is overwritten.

Revision 0002. It names the tables as they were then and is never changed.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Rows of these are what was said: they go only with their whole project.
_APPEND_ONLY = ("annotations", "book_revisions", "snapshots", "snapshot_items")
_ALIVE = (
    "EXISTS (SELECT 1 FROM projects WHERE projects.id = OLD.project_id"
    " AND projects.deleted IS NULL)"
)


def upgrade() -> None:
    """Create the triggers, in the words of the database at hand."""
    if op.get_bind().dialect.name == "postgresql":
        _protect_postgresql()
    else:
        _protect_sqlite()


def _protect_sqlite() -> None:
    for table in (*_APPEND_ONLY, "audit_log"):
        when = f"WHEN {_ALIVE}" if table in _APPEND_ONLY else ""
        op.execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} are never changed'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_never_removed BEFORE DELETE ON {table} {when}"
            f" BEGIN SELECT RAISE(ABORT, '{table} are never removed'); END"
        )
    # INSERT OR REPLACE would remove rows without a word to the triggers above.
    same = (
        "id = NEW.id OR (image_id = NEW.image_id AND labeler = NEW.labeler"
        " AND revision = NEW.revision)"
    )
    op.execute(
        "CREATE TRIGGER annotations_never_replaced BEFORE INSERT ON annotations"
        f" WHEN EXISTS (SELECT 1 FROM annotations WHERE {same})"
        " BEGIN SELECT RAISE(ABORT, 'annotations are never replaced'); END"
    )


def _protect_postgresql() -> None:
    op.execute("""
        CREATE FUNCTION pitmark_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% are never %', TG_TABLE_NAME,
                CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END;
        END $$
    """)
    op.execute("""
        CREATE FUNCTION pitmark_refuse_if_alive() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM projects
                       WHERE projects.id = OLD.project_id AND projects.deleted IS NULL)
            THEN RAISE EXCEPTION '% are never removed', TG_TABLE_NAME;
            END IF;
            RETURN OLD;
        END $$
    """)
    for table in (*_APPEND_ONLY, "audit_log"):
        op.execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION pitmark_refuse()"
        )
        removing = "pitmark_refuse_if_alive" if table in _APPEND_ONLY else "pitmark_refuse"
        op.execute(
            f"CREATE TRIGGER {table}_never_removed BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {removing}()"
        )
        # TRUNCATE would remove all rows without a word to the triggers of each.
        op.execute(
            f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION pitmark_refuse()"
        )
