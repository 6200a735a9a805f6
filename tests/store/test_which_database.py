import json
import sys

import pytest

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError, StorageError
from pitmark.store.db import open_store
from pitmark.store.postgresql_server import checked_url, plain_name
from pitmark.store.which_database import keep_url, read_url

URL = "postgresql+psycopg://ann:secret@db.example:5432/inspection"


def test_a_folder_without_settings_uses_sqlite(tmp_path):
    with open_store(tmp_path, create=True) as store:
        assert store.database.name == str(tmp_path / "pitmark.db")
    assert read_url(tmp_path) is None


def test_a_new_workspace_remembers_its_database(tmp_path, postgresql):
    url, home = postgresql.url(postgresql.create()), tmp_path / "factory"
    try:
        with pytest.raises(NotFoundError, match="no workspace in"):
            open_store(home, database_url=url)
        with open_store(home, create=True, database_url=url) as store:
            name = store.database.name
        with open_store(home, database_url=url) as store:
            assert store.database.name == name
        with open_store(home) as store:
            assert store.database.name == name
            assert postgresql.password not in name
        assert (home / "database.json").stat().st_mode & 0o777 == 0o600
        assert not (home / "pitmark.db").exists()
    finally:
        postgresql.drop(url.rpartition("/")[2])


def test_nothing_is_remembered_of_a_database_that_cannot_be_used(tmp_path, postgresql):
    with pytest.raises(StorageError, match="does not exist"):
        open_store(tmp_path, create=True, database_url=postgresql.url("nowhere"))
    assert read_url(tmp_path) is None


def test_a_workspace_does_not_change_its_database_in_passing(tmp_path):
    open_store(tmp_path / "a", create=True).close()
    with pytest.raises(ConflictError, match=r"keeps its data in pitmark\.db") as caught:
        open_store(tmp_path / "a", create=True, database_url=URL)
    assert "secret" not in caught.value.message
    (tmp_path / "b").mkdir()
    keep_url(tmp_path / "b", URL)
    with pytest.raises(ConflictError, match=r"keeps its data in postgresql://ann@db\.example"):
        open_store(tmp_path / "b", database_url=URL + "2")


def test_two_databases_in_one_folder_are_refused(tmp_path):
    open_store(tmp_path, create=True).close()
    keep_url(tmp_path, URL)
    with pytest.raises(ConflictError, match=r"both pitmark\.db and database\.json"):
        open_store(tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann@db/x",
        "sqlite:///x.db",
        "postgresql+asyncpg://ann@db/x",
        "not a url",
        "postgresql://ann:secret@db",
        "postgresql://ann:secret@db:port/x",
        "",
    ],
)
def test_what_is_no_postgresql_url_is_refused_without_its_password(tmp_path, url):
    with pytest.raises(InvalidInputError, match="database") as caught:
        open_store(tmp_path / "new", create=True, database_url=url)
    assert "secret" not in caught.value.message
    assert "postgresql+psycopg://" in caught.value.hint
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql", "postgres"])
def test_every_usual_way_to_write_the_scheme_means_the_same(scheme):
    url = checked_url(URL.replace("postgresql+psycopg", scheme))
    assert url.render_as_string(hide_password=False) == URL
    assert plain_name(str(url)) == "postgresql://ann@db.example:5432/inspection"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "does not name a database"),
        ('{"url": 5}', "does not name a database"),
        (json.dumps({"url": URL, "pool": 5}), "does not name a database"),
        ("\xff", "is no JSON"),
    ],
)
def test_settings_that_say_something_else_are_refused(tmp_path, text, message):
    (tmp_path / "database.json").write_text(text)
    with pytest.raises(StorageError, match=message) as caught:
        open_store(tmp_path)
    assert '{"url": ' in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_a_password_that_others_may_read_is_refused(tmp_path):
    keep_url(tmp_path, URL)
    (tmp_path / "database.json").chmod(0o644)
    with pytest.raises(StorageError, match="may be read by other users") as caught:
        open_store(tmp_path)
    assert "chmod 600" in caught.value.hint
    assert "secret" not in caught.value.message
    keep_url(tmp_path, URL.replace(":secret", ""))
    (tmp_path / "database.json").chmod(0o644)
    assert read_url(tmp_path) == URL.replace(":secret", "")
