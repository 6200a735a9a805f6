"""Who waits for whom when several write at once."""

import threading
from contextlib import contextmanager

import pytest

from pitmark.core.errors import StorageError
from pitmark.core.labels import BoxShape
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import open_store
from tests.store.conftest import BOOK
from tests.store.engines import on_postgresql
from tests.store.making import add_image

SEEN_S = 60.0
SAVES, WRITERS = 12, 2


@pytest.fixture
def two(home):
    """The workspace as its two organisations see it, each with a project and an image."""
    with open_store(home) as ours, open_store(home, create=True, organisation="acme") as theirs:
        theirs.create_project("casings", "detection", BOOK)
        yield ours, theirs


def image_of(store):
    """An image of the organisation's project; gives its sha256."""
    return add_image(store.project("casings"), f"{store.organisation}.png")


@contextmanager
def writing(transaction):
    """A write that is held open in another thread."""
    begun, over = threading.Event(), threading.Event()

    def hold():
        with transaction():
            begun.set()
            assert over.wait(SEEN_S)

    thread = threading.Thread(target=hold)
    thread.start()
    assert begun.wait(SEEN_S)
    try:
        yield
    finally:
        over.set()
        thread.join()


def impatient(home, organisation="local"):
    return open_store(home, organisation=organisation, busy_timeout_ms=200)


@on_postgresql
def test_a_write_of_one_organisation_does_not_wait_for_another(two, home):
    ours, theirs = two
    sha = image_of(theirs)
    with writing(ours.project("casings").transaction), impatient(home, "acme") as store:
        added = store.project("casings").annotations.add(
            sha, [], labeler="ann", book_revision=1
        )
        assert added.revision == 1
        with store.sessions._rows.write():
            pass


@on_postgresql
def test_writes_of_one_organisation_wait_for_each_other(two, home):
    ours, _ = two
    with (
        writing(ours.project("casings").transaction),
        impatient(home) as store,
        pytest.raises(StorageError, match="does not let go"),
    ):
        store.project("casings").images.set_group({})


@on_postgresql
@pytest.mark.parametrize("whole_first", [True, False])
def test_what_writes_for_all_organisations_is_alone(two, home, whole_first):
    ours, theirs = two
    first, second = ours.transaction, theirs.project("casings").transaction
    if not whole_first:
        first, second = second, first
    with impatient(home) as whole, impatient(home, "acme") as other:
        waits = other.project("casings").transaction if whole_first else whole.transaction
        with (
            writing(first),
            pytest.raises(StorageError, match="does not let go"),
            waits(),
        ):
            pass


def test_a_write_is_not_widened_within(two):
    ours, _ = two
    with (
        ours.project("casings").transaction(),
        pytest.raises(RuntimeError, match="inside one that is of 'local' alone"),
    ):
        ours.persons.add("Ann", "ann@factory.example", "no password")
    with ours.transaction():
        ours.persons.add("Ann", "ann@factory.example", "no password")
        ours.people.add(ours.persons.by_email("ann@factory.example").id, "labeler")
    assert ours.persons.by_email("ann@factory.example").name == "Ann"


def test_organisations_that_label_at_once_lose_nothing_and_double_nothing(two, home):
    shas = {store.organisation: image_of(store) for store in two}
    failed = []

    def label(organisation, number):
        try:
            with open_store(home, organisation=organisation) as store:
                project = store.project("casings")
                for n in range(SAVES):
                    box = BoxShape("dent", (n, number, n + 5, number + 5))
                    new = NewAnnotation(
                        shas[organisation], [box], f"labeler {number}", 1, key=f"{n}"
                    )
                    # Sent again, as after a lost answer.
                    for _ in range(2):
                        project.annotations.add_many([new])
        except BaseException as error:
            failed.append(error)
            raise

    threads = [
        threading.Thread(target=label, args=(organisation, number))
        for organisation in shas
        for number in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    for store in two:
        history = store.project("casings").annotations.history(shas[store.organisation])
        assert len(history) == SAVES * WRITERS
        for number in range(WRITERS):
            mine = [row for row in history if row.labeler == f"labeler {number}"]
            assert [row.revision for row in mine] == list(range(1, SAVES + 1))
            assert [row.shapes[0].box_xyxy[0] for row in mine] == list(range(SAVES))
    assert two[0].check() == []
