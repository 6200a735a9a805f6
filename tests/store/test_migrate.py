import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import pitmark.store.migrate
from pitmark.core.errors import StorageError
from pitmark.store.connection import Database
from pitmark.store.db import open_store
from pitmark.store.migrate import REVISIONS, migrate
from pitmark.store.schema import metadata


def test_the_migrated_tables_are_those_of_the_metadata(store):
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_migration_script_is_known_in_its_order():
    folder = pitmark.store.migrate.__file__.replace("migrate.py", "migrations")
    scripts = list(ScriptDirectory(folder).walk_revisions())
    assert tuple(s.revision for s in reversed(scripts)) == REVISIONS


def test_the_workspace_of_a_newer_pitmark_is_refused_and_left_as_it_is(home):
    path = home / "pitmark.db"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    before = path.read_bytes()
    for create in (False, True):
        with pytest.raises(StorageError, match=r"made by a newer Pitmark \(schema 9999"):
            open_store(home, create=create)
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "pitmark.db") as db:
        db.execute("CREATE TABLE recipes (id INTEGER)")
    db.close()
    with pytest.raises(StorageError, match="another program: it has a table 'recipes'"):
        open_store(tmp_path)


def test_a_migration_that_was_killed_half_way_is_done_again_whole(tmp_path):
    database = Database(tmp_path / "pitmark.db")

    def killed():
        with database.write() as connection:
            pitmark.store.migrate._upgrade(connection)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    migrate(database)
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == REVISIONS[-1]
    assert database.problems() == []
    database.close()


def test_an_older_workspace_is_brought_up_to_date(home):
    with sqlite3.connect(home / "pitmark.db") as db:
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        assert names
        for (name,) in names:
            db.execute(f"DROP TRIGGER {name}")
        for table in (
            "label_saves",
            "changes",
            "api_tokens",
            "invitations",
            "project_roles",
            "memberships",
            "sessions",
            "persons",
            "study_answers",
            "studies",
        ):
            db.execute(f"DROP TABLE {table}")
        for table, column in (
            ("images", "id"),
            ("images", "reference_sha"),
            ("image_occurrences", "image_id"),
            ("annotations", "id"),
            ("findings", "image_id"),
        ):
            db.execute(f"DROP INDEX ix_{table}_organisation_id_project_id_{column}")
        for table in ("images", "snapshot_items"):
            db.execute(f"DROP INDEX ix_{table}_reference_sha")
            db.execute(f"ALTER TABLE {table} DROP COLUMN reference_sha")
        for table, column in (
            ("annotations", "withdraws"),
            ("findings", "weight"),
            ("findings", "decision"),
            ("findings", "effects"),
        ):
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.execute("UPDATE alembic_version SET version_num = '0001'")
    db.close()
    with open_store(home) as store, store.database.read() as c:
        again = c.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()
        assert {r[0] for r in again} == {n for (n,) in names}


def test_a_workspace_that_is_up_to_date_opens_without_alembic(home):
    script = (
        "import sys; from pathlib import Path; from pitmark.store.db import open_store\n"
        "open_store(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_several_processes_can_make_the_same_workspace_at_once(tmp_path):
    script = (
        "import sys; from pathlib import Path; from pitmark.store.db import open_store\n"
        "open_store(Path(sys.argv[1]), create=True).close()"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "factory")]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    errors = [p.communicate()[1] for p in started]
    assert [p.returncode for p in started] == [0, 0, 0, 0], errors


def test_the_tables_can_be_made_in_postgresql():
    dialect = postgresql.dialect()
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            made = str(CreateIndex(index).compile(dialect=dialect))
            assert len(index.name) <= 63, made
        assert all(c.name is None or len(c.name) <= 63 for c in table.constraints)
