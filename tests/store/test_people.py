import threading

import pytest
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.ops.people import accept_invitation
from pitmark.store.db import open_store
from pitmark.store.schema_columns import metadata
from pitmark.store.tokens import NewToken

PASSWORD = "parts under a lamp"


@pytest.fixture
def anna(store):
    return store.persons.add("Anna", "anna@x.example", "hash")


def _live(store, person):
    """Everything around people, once."""
    store.people.add(person.id, "labeler")
    store.people.set_role(person.id, "admin")
    project = store.project("casings").info.id
    store.people.set_project_role(person.id, project, "viewer")
    store.people.list(), store.people.owners(), store.people.get(person.id)
    row, secret = store.invitations.add("new@x.example", "viewer", by=person.id)
    store.invitations.by_secret(secret), store.invitations.list()
    store.invitations.remove(row.id)
    token, secret = store.tokens.add(NewToken("x", "read", project, 1), person=person.id)
    store.tokens.use(secret), store.tokens.list(person.id), store.tokens.remove(token.id)
    session = store.sessions.open(person.id)
    store.sessions.person_of(session), store.sessions.close(session)
    store.sessions.close_all(person.id, but="x")
    store.persons.set_password(person.id, "other"), store.persons.by_email("x@y.example")
    store.people.remove(person.id)


def test_only_persons_and_sessions_are_asked_for_without_an_organisation(store, anna):
    texts = set()

    def note(conn, element, multiparams, params, execution_options):
        if isinstance(element, ClauseElement):
            texts.add(str(element.compile(dialect=postgresql.dialect())))

    event.listen(store.database.engine, "before_execute", note)
    _live(store, anna)
    asked = {t for t in texts if not t.startswith(("SAVEPOINT", "RELEASE"))}
    free = {t for t in asked if "organisation_id" not in t}
    assert len(asked) - len(free) > 20
    for text in free:
        tables = {w.strip("(),") for w in text.split()} & set(metadata.tables)
        assert tables <= {"persons", "sessions"}, text


def test_the_members_of_one_organisation_are_not_those_of_another(store, home, anna):
    store.people.add(anna.id, "owner")
    row, secret = store.invitations.add("new@x.example", "viewer", by=anna.id)
    token, shown = store.tokens.add(NewToken("x", "read", None, 1), person=anna.id)
    with open_store(home, create=True, organisation="acme") as acme:
        assert acme.people.list() == acme.invitations.list() == acme.tokens.list() == []
        assert acme.people.find(anna.id) is None
        assert acme.people.owners() == 0
        assert acme.invitations.by_secret(secret) is None
        assert acme.tokens.use(shown) is None
        for ask in (
            lambda: acme.people.get(anna.id),
            lambda: acme.invitations.remove(row.id),
            lambda: acme.tokens.get(token.id),
        ):
            with pytest.raises(NotFoundError, match=r"no "):
                ask()
        acme.people.set_role(anna.id, "viewer")
        acme.people.remove(anna.id)
        acme.tokens.remove(token.id)
    assert store.people.get(anna.id).role == "owner"
    assert store.tokens.use(shown) is not None


def test_a_person_belongs_to_an_organisation_once(store, anna):
    store.people.add(anna.id, "viewer")
    with pytest.raises(ConflictError, match="belongs to the organisation already"):
        store.people.add(anna.id, "owner")


def test_an_invitation_accepted_twice_at_once_makes_one_member(store, anna):
    store.people.add(anna.id, "owner")
    _, secret = store.invitations.add("new@x.example", "viewer", by=anna.id)
    start, told = threading.Barrier(2), []

    def accept(name):
        start.wait()
        try:
            accept_invitation(store, secret, name=name, password=PASSWORD)
            told.append("member")
        except NotFoundError:
            told.append("used up")

    threads = [threading.Thread(target=accept, args=(n,)) for n in ("Nora", "Nina")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["member", "used up"]
    assert len(store.people.list()) == 2
