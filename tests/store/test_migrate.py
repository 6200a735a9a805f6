import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import pitmark.store.migrate
from pitmark.core.errors import NotFoundError, StorageError
from pitmark.core.label_book import LabelBook
from pitmark.store.db import open_store
from pitmark.store.migrate import REVISIONS, migrate
from pitmark.store.schema_columns import metadata
from pitmark.store.which_database import workspace_database


def test_the_migrated_tables_are_those_of_the_metadata(store):
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_migration_script_is_known_in_its_order():
    folder = pitmark.store.migrate.__file__.replace("migrate.py", "migrations")
    scripts = list(ScriptDirectory(folder).walk_revisions())
    assert tuple(s.revision for s in reversed(scripts)) == REVISIONS


def test_the_workspace_of_a_newer_pitmark_is_refused_and_left_as_it_is(home, folders):
    folders.run(home, "UPDATE alembic_version SET version_num = '9999'")
    before = folders.dump(home)
    for create in (False, True):
        with pytest.raises(StorageError, match=r"made by a newer Pitmark \(schema 9999"):
            open_store(home, create=create)
    assert folders.dump(home) == before


def test_the_database_of_another_program_is_refused(new_home, folders):
    new_home.mkdir(parents=True, exist_ok=True)
    folders.run(new_home, "CREATE TABLE recipes (id INTEGER)")
    for create in (False, True):
        with pytest.raises(StorageError, match="another program: it has a table 'recipes'"):
            open_store(new_home, create=create)


def test_a_database_without_tables_is_a_workspace_only_where_one_is_to_be_made(
    new_home, folders
):
    new_home.mkdir(parents=True, exist_ok=True)
    folders.run(new_home, "CREATE TABLE x (id INTEGER)")
    folders.run(new_home, "DROP TABLE x")
    with pytest.raises(NotFoundError, match="no workspace in"):
        open_store(new_home)
    with open_store(new_home, create=True) as store:
        assert store.projects() == []


def test_a_migration_that_was_killed_half_way_is_done_again_whole(new_home):
    new_home.mkdir(parents=True, exist_ok=True)
    database = workspace_database(new_home, create=True, url=None, busy_timeout_ms=5000)

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


def test_an_older_workspace_is_brought_up_to_date(home, new_home, folders):
    new_home.mkdir(parents=True, exist_ok=True)
    database = workspace_database(new_home, create=True, url=None, busy_timeout_ms=5000)
    with database.write() as connection:
        pitmark.store.migrate._upgrade(connection, "0001")
    database.close()
    assert folders.triggers(new_home) == []
    with open_store(new_home, create=True) as store:
        assert store.create_project("casings", "detection", LabelBook()).images.count() == 0
    assert folders.triggers(new_home) == folders.triggers(home) != []


def test_a_workspace_that_is_up_to_date_opens_without_alembic(home):
    script = (
        "import sys; from pathlib import Path; from pitmark.store.db import open_store\n"
        "open_store(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_several_processes_can_make_the_same_workspace_at_once(new_home):
    script = (
        "import sys; from pathlib import Path; from pitmark.store.db import open_store\n"
        "open_store(Path(sys.argv[1]), create=True).close()"
    )
    command = [sys.executable, "-c", script, str(new_home)]
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
