"""Workspaces on SQLite and on PostgreSQL: every test that asks for one runs on both."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from pitmark.core.label_book import LabelBook
from pitmark.store.db import open_store
from pitmark.store.which_database import SQLITE_NAME, keep_url, read_url

BOOK = LabelBook().with_classes(["good", "scratch", "dent"])


class SqliteFolders:
    """Workspaces in folders that hold everything."""

    kind = "sqlite"

    def empty(self, home):
        """A folder in which a workspace can be made."""
        return home

    def copy(self, fresh, home):
        return shutil.copytree(fresh, home)

    def run(self, home, statement):
        """A statement behind the back of Pitmark."""
        with closing(sqlite3.connect(home / SQLITE_NAME)) as db, db:
            db.execute(statement)

    def triggers(self, home):
        """The names of all triggers."""
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"
        with closing(sqlite3.connect(home / SQLITE_NAME)) as db:
            return [row[0] for row in db.execute(names)]

    def dump(self, home):
        """All that is in the database."""
        return (home / SQLITE_NAME).read_bytes()

    def close(self):
        """Nothing is left but files."""


class PostgresqlFolders:
    """Workspaces whose data is on a server, each in a database of its own."""

    kind = "postgresql"

    def __init__(self, server):
        self.server = server
        self._made = []

    def empty(self, home, template="template0"):
        """A folder that names a new database."""
        self._made.append(self.server.create(template))
        home.mkdir(parents=True, exist_ok=True)
        keep_url(home, self.server.url(self._made[-1]))
        return home

    def copy(self, fresh, home):
        shutil.copytree(fresh, home)
        return self.empty(home, template=self.name(fresh))

    def run(self, home, statement):
        """A statement behind the back of Pitmark."""
        self.server.run(statement, self.name(home))

    def triggers(self, home):
        """The names of all triggers."""
        names = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
        return [row[0] for row in self.server.rows(names, self.name(home))]

    def dump(self, home):
        """All that is in the database."""
        names = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'"
        tables = sorted(row[0] for row in self.server.rows(names, self.name(home)))
        every = "SELECT t::text FROM {} t ORDER BY 1"
        return {t: self.server.rows(every.format(t), self.name(home)) for t in tables}

    def name(self, home):
        """The database of a workspace."""
        return read_url(home).rpartition("/")[2]

    def close(self):
        while self._made:
            self.server.drop(self._made.pop())


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine(request):
    """The name of the database engine."""
    return request.param


@pytest.fixture(scope="session")
def lasting_folders(engine, request):
    """Makes workspaces that stay until all tests are done."""
    made = _folders(engine, request)
    yield made
    made.close()


@pytest.fixture
def folders(engine, request):
    """Makes workspaces that are gone after the test."""
    made = _folders(engine, request)
    yield made
    made.close()


def _folders(engine, request):
    if engine == "sqlite":
        return SqliteFolders()
    return PostgresqlFolders(request.getfixturevalue("postgresql"))


@pytest.fixture(scope="session")
def fresh_workspace(lasting_folders, tmp_path_factory):
    """A workspace with one empty detection project, to be copied."""
    home = lasting_folders.empty(tmp_path_factory.mktemp("fresh") / "factory")
    with open_store(home, create=True) as store:
        store.create_project("casings", "detection", BOOK)
    return home


@pytest.fixture
def new_home(folders, tmp_path):
    """A folder in which a workspace can be made."""
    return folders.empty(tmp_path / "new" / "factory")


@pytest.fixture
def home(fresh_workspace, folders, tmp_path):
    return folders.copy(fresh_workspace, tmp_path / "factory")


@pytest.fixture
def store(home):
    with open_store(home) as opened:
        yield opened


@pytest.fixture
def project(store):
    return store.project("casings")


@pytest.fixture(scope="module")
def shared_project(fresh_workspace, lasting_folders, tmp_path_factory):
    """One project for all examples of a property."""
    home = lasting_folders.copy(fresh_workspace, tmp_path_factory.mktemp("shared") / "factory")
    with open_store(home) as opened:
        yield opened.project("casings")
