"""One workspace of two hundred organisations, over the connections of one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from pitmark.core.errors import NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.server.stores import MOST_KEPT, Stores
from pitmark.store.connection import MOST_CONNECTIONS
from pitmark.store.db import open_store
from pitmark.store.devices import organisation_of
from pitmark.store.schema import now, organisations
from pitmark.store.scope import Scope

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
    found = [organisation_of(stores.local().database, key=key) for key in keys]
    assert found == NAMES
    assert organisation_of(stores.local().database, key="pitmarkdevice_unknown") is None
    for name in NAMES[::50]:
        assert [p.name for p in stores.of(name).projects()] == ["line"]


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
