"""What only PostgreSQL can do, or do wrong."""

import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.core.label_book import LabelBook
from pitmark.store.db import open_store
from pitmark.store.which_database import keep_url, read_url
from tests.store.engines import on_postgresql
from tests.store.making import add_images, box, label, labeled_image

pytestmark = on_postgresql


@pytest.fixture
def name(home):
    """The database of the workspace."""
    return read_url(home).rpartition("/")[2]


def _elsewhere(home, old, new):
    keep_url(home, read_url(home).replace(old, new))


def test_labels_are_on_the_disk_when_they_are_acknowledged(home, postgresql, name):
    postgresql.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with open_store(home) as store, store.database.write() as c:
        assert c.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    postgresql.run(f"ALTER DATABASE {name} SET synchronous_commit = remote_write")
    with open_store(home) as store, store.database.write() as c:
        assert c.exec_driver_sql("SHOW synchronous_commit").scalar() == "remote_write"


def test_a_reader_cannot_write(store):
    with pytest.raises(StorageError, match="it is read-only"), store.database.read() as c:
        c.exec_driver_sql("UPDATE projects SET task = 'anomaly'")


def test_one_view_stays_the_same_while_others_write(project, store):
    labeled_image(project, "a", box())
    count = text("SELECT count(*) FROM images")
    with store.database.read() as c:
        assert c.execute(count).scalar() == 1
        writer = threading.Thread(target=labeled_image, args=(project, "b", box()))
        writer.start()
        writer.join()
        assert c.execute(count).scalar() == 1
    with store.database.read() as c:
        assert c.execute(count).scalar() == 2


def test_a_write_sees_what_was_committed_while_it_waited(project, home):
    sha = labeled_image(project, "a", box())
    done = threading.Event()

    def wait_and_add():
        with open_store(home) as other:
            theirs = other.project("casings")
            waiting.set()
            label(theirs, sha, box(left=3.0))
            done.set()

    waiting, second = threading.Event(), threading.Thread(target=wait_and_add)
    with project.transaction():
        second.start()
        assert waiting.wait(30)
        label(project, sha, box(left=2.0))
        assert not done.is_set()
    second.join()
    assert [r.revision for r in project.annotations.history(sha)] == [1, 2, 3]


def test_moments_come_back_in_utc_whatever_the_server_says(home, postgresql, name):
    postgresql.run(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    with open_store(home) as store:
        created = store.projects()[0].created
        assert created.utcoffset() == timedelta(0)
        assert created.isoformat().endswith("+00:00")
        with store.database.read() as c:
            assert c.exec_driver_sql("SHOW timezone").scalar() == "UTC"


def test_names_are_in_one_order_over_all_pages_whatever_the_language(folders, tmp_path):
    german = "LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"
    made = folders.server.create(sorted_as=german)
    try:
        url = folders.server.url(made)
        with open_store(tmp_path, create=True, database_url=url) as store:
            project = store.create_project("x", "detection", LabelBook())
            names = ["b", "A", "a", "Ä", "ä", "Z", "10", "9", "_", "B"]
            add_images(project, names)
            listed = [r.name for r in project.images.iterate(batch=2)]
        assert sorted(listed) == sorted(names)
        assert listed.index("Ä") < listed.index("b")
    finally:
        folders.server.drop(made)


def test_a_text_too_long_or_with_a_zero_byte_is_told(project):
    sha = labeled_image(project, "a", box())
    with pytest.raises(InvalidInputError, match=r"cannot be stored.*too long"):
        label(project, sha, box(left=2.0), labeler="x" * 201)
    with pytest.raises(InvalidInputError, match=r"cannot be stored.*NUL"):
        label(project, sha, box(left=2.0), labeler="a\x00b")
    assert len(project.annotations.history(sha)) == 1


def test_a_wrong_password_is_told_without_telling_it(home, postgresql):
    _elsewhere(home, postgresql.password, "guess%40home")
    with pytest.raises(StorageError, match="wrong user or password") as caught:
        open_store(home)
    assert "database.json" in caught.value.hint
    assert "guess" not in caught.value.message + caught.value.hint


def test_a_missing_password_is_told(home, postgresql):
    _elsewhere(home, f":{postgresql.password}", "")
    with pytest.raises(StorageError, match="asks for a password, and none was given"):
        open_store(home)


def test_the_password_may_be_in_the_environment_of_the_driver(home, postgresql, monkeypatch):
    _elsewhere(home, f":{postgresql.password}", "")
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    with open_store(home) as store:
        assert [p.name for p in store.projects()] == ["casings"]


def test_a_server_that_does_not_run_is_told(home, postgresql):
    _elsewhere(home, f":{postgresql.port}/", ":1/")
    with pytest.raises(StorageError, match=r"cannot be reached: .*refused") as caught:
        open_store(home)
    assert "host and port" in caught.value.hint


def test_a_database_that_is_not_there_is_told_with_how_to_make_it(home, name):
    _elsewhere(home, f"/{name}", "/nowhere")
    with pytest.raises(StorageError, match='database "nowhere" does not exist') as caught:
        open_store(home)
    assert "CREATE DATABASE" in caught.value.hint


def test_a_database_that_cannot_hold_every_name_is_refused(home, postgresql, name):
    postgresql.run("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        _elsewhere(home, f"/{name}", "/narrow")
        with pytest.raises(StorageError, match="keeps text as LATIN1"):
            open_store(home, create=True)
    finally:
        postgresql.drop("narrow")


def test_a_server_that_takes_no_writes_is_told_and_can_be_read(home, postgresql, name):
    postgresql.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with open_store(home) as store:
        project = store.project("casings")
        with pytest.raises(StorageError, match="it is read-only") as caught:
            project.book.save(project.book.current(), "ann")
        assert "replica" in caught.value.hint


def test_a_user_who_may_not_read_the_tables_is_told(home, postgresql, name):
    postgresql.run(f"CREATE ROLE guest LOGIN PASSWORD '{postgresql.password}'")
    try:
        _elsewhere(home, "://pitmark:", "://guest:")
        with pytest.raises(StorageError, match="does not let this user do that") as caught:
            open_store(home)
        assert "OWNER" in caught.value.hint
    finally:
        postgresql.run("DROP ROLE guest")


# The errors of real disks and collisions, raised by a trigger under the server's own codes.
FAILING = """
CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'as planned' USING ERRCODE = '{}'; END $$;
CREATE TRIGGER failing BEFORE INSERT ON annotations FOR EACH ROW EXECUTE FUNCTION failing();
"""


@pytest.mark.parametrize(
    ("state", "message", "hint"),
    [
        ("53100", "the disk of its server is full", "Free some space"),
        ("40P01", "waited for each other", "Try again"),
        ("40001", "beside another transaction", "Try again"),
        ("58030", "the disk of its server reports an error", "health of the disk"),
        ("XX001", "is damaged", "backup"),
        ("57P01", "ended the connection", "running"),
        ("53300", "takes no more connections", "max_connections"),
        ("P0001", "refused: as planned", ""),
    ],
)
def test_failures_of_the_server_are_told_and_nothing_is_lost(
    project, folders, home, state, message, hint
):
    sha = labeled_image(project, "a", box())
    folders.run(home, FAILING.format(state))
    with pytest.raises(StorageError, match=message) as caught:
        label(project, sha, box(left=2.0))
    assert hint in caught.value.hint
    folders.run(home, "DROP TRIGGER failing ON annotations")
    label(project, sha, box(left=2.0))
    assert [r.revision for r in project.annotations.history(sha)] == [1, 2]


def test_a_connection_that_broke_between_two_questions_is_made_again(project, postgresql, name):
    sha = labeled_image(project, "a", box())
    postgresql.close_others(name)
    label(project, sha, box(left=2.0))
    assert len(project.annotations.history(sha)) == 2


def test_a_connection_that_breaks_within_a_write_is_told_and_undoes_it(
    project, postgresql, name
):
    sha = labeled_image(project, "a", box())

    def broken():
        with project.transaction():
            label(project, sha, box(left=2.0))
            postgresql.close_others(name)
            label(project, sha, box(left=3.0))

    with pytest.raises(StorageError, match="ended the connection"):
        broken()
    assert len(project.annotations.history(sha)) == 1


def test_what_is_wrong_in_the_database_is_told(store, project, folders, home):
    labeled_image(project, "a", box())
    assert store.check() == []
    folders.run(home, "ALTER TABLE annotations DISABLE TRIGGER annotations_never_changed")
    folders.run(home, "SET session_replication_role = replica; DELETE FROM images")
    folders.run(
        home,
        "UPDATE pg_index SET indisvalid = false"
        " WHERE indexrelid = 'ix_findings_image_id'::regclass",
    )
    assert store.database.problems() == [
        "index ix_findings_image_id is not valid: REINDEX it",
        "trigger annotations_never_changed is off: labels are not protected from changes",
        "1 rows of annotations refer by image_id to nothing",
    ]


def test_a_damaged_page_is_told(project, folders, home):
    add_images(project, [f"{i}" for i in range(50)])
    folders.server.close_others(folders.name(home))
    damaged = folders.server.damaged_copy(folders.name(home), "images")
    try:
        _elsewhere(home, f"/{folders.name(home)}", f"/{damaged}")
        with open_store(home) as store:
            assert any("table images cannot be read" in p for p in store.database.problems())
            with pytest.raises(StorageError, match="is damaged"):
                store.project("casings").images.all()
    finally:
        folders.server.drop(damaged)


def test_a_table_that_grew_is_known_to_the_planner_at_once(project, postgresql, name):
    add_images(project, [f"{i}" for i in range(1200)])
    known = "SELECT reltuples FROM pg_class WHERE relname = 'images'"
    assert postgresql.rows(known, name) == [(1200.0,)]


def test_more_threads_than_connections_wait_for_their_turn(project):
    labeled_image(project, "a", box())
    found = []

    def look():
        found.append(project.info.images)

    threads = [threading.Thread(target=look) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 60


def test_without_its_driver_the_need_for_it_is_told(home):
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path\n"
        "from pitmark.core.errors import MissingExtraError\n"
        "from pitmark.store.db import open_store\n"
        "try:\n    open_store(Path(sys.argv[1]))\n"
        "except MissingExtraError as exc:\n    print(exc.message, '|', exc.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)], capture_output=True, text=True, check=True
    )
    assert "needs the driver psycopg" in done.stdout
    assert "pitmark[postgres]" in done.stdout
