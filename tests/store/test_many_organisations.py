"""One workspace of two hundred organisations, over the connections of one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from pitmark.core.errors import NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.server.stores import MOST_KEPT, Stores
from pitmark.store.connection import MOST_CONNECTIONS
from pitmark.store.db import open_store
from pitmark.store.schema import now, organisations
from pitmark.store.scope import Scope
from pitmark.store.tokens import NewToken
from pitmark.store.whose import (
    is_owned,
    organisation_of_invitation,
    organisation_of_key,
    organisation_of_token,
    roles_of,
)

NAMES = [f"plant-{n:03}" for n in range(200)]


@pytest.fixture
def stores(home):
    with open_store(home) as store, store.database.write() as connection:
        for name in NAMES:
            row = {"created": now()}
            Scope(store.database, name).insert(connection, organisations, [row])
    opened = Stores(home)
    yield opened
    opened.close()


@pytest.fixture
def questions(stores):
    """Every SELECT that the database is asked: a list that fills."""
    seen = []

    def note(connection, cursor, statement, *_):
        seen.extend([statement] if statement.startswith("SELECT") else [])

    engine = stores.local().database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def _connections(stores):
    pool = stores.local().database.engine.pool
    return pool.checkedin() + pool.checkedout()


def test_two_hundred_organisations_share_a_bounded_number_of_connections(stores):
    def work(name):
        project = stores.of(name).create_project("line", "detection", LabelBook())
        _, code = project.devices.add("press-1")
        return project.devices.exchange(code)[1]

    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(work, NAMES))
    assert _connections(stores) <= MOST_CONNECTIONS
    assert {stores.of(n).database for n in NAMES} == {stores.local().database}
    found = [organisation_of_key(stores.local().database, key) for key in keys]
    assert found == NAMES
    assert organisation_of_key(stores.local().database, "pitmarkdevice_unknown") is None
    for name in NAMES[::50]:
        assert [p.name for p in stores.of(name).projects()] == ["line"]


def test_whose_a_token_and_a_link_is_takes_one_question_each(stores, questions):
    first = stores.of(NAMES[0])
    ann = first.persons.add("Ann", "ann@example.org", "hash")
    made = {}
    for name in NAMES[::40]:
        store = stores.of(name)
        store.people.add(ann.id, "owner")
        token = store.tokens.add(NewToken("t", "read", None, 1), person=ann.id)[1]
        link = store.invitations.add("bob@example.org", "viewer", by=ann.id)[1]
        made[name] = token, link
    database = stores.local().database
    questions.clear()
    for name, (token, link) in made.items():
        assert organisation_of_token(database, token) == name
        assert organisation_of_invitation(database, link) == name
    assert organisation_of_token(database, "pitmark_unknown") is None
    assert roles_of(database, ann.id) == [(name, "owner") for name in NAMES[::40]]
    assert is_owned(database)
    assert len(questions) == 2 * len(made) + 3
    for name in made:
        stores.of(name).people.remove(ann.id)
    assert roles_of(database, ann.id) == []


def test_what_is_let_go_of_can_still_be_worked_with(stores):
    first = stores.of(NAMES[0])
    with first.transaction():
        for name in NAMES[1 : MOST_KEPT + 2]:
            stores.of(name)
        assert stores.of(NAMES[0]) is not first
        first.create_project("line", "detection", LabelBook())
    assert [p.name for p in first.projects()] == ["line"]
    assert [p.name for p in stores.of(NAMES[0]).projects()] == ["line"]
    assert stores.of(NAMES[1]).projects() == []
    with pytest.raises(NotFoundError, match="no organisation 'nowhere'"):
        stores.of("nowhere")
