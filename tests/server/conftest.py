"""A workspace with people in it, a server over it, and clients signed in as each of them."""

import shutil
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from pitmark.core.label_book import LabelBook
from pitmark.core.roles import ROLES
from pitmark.ops.images.importing import import_folder
from pitmark.ops.people_passwords import hash_password
from pitmark.server.app import create_app
from pitmark.server.callers import COOKIE, CSRF_HEADER, csrf_of
from pitmark.store.db import open_store
from tests.ops.toys import class_folder, yolo_folder

PASSWORD = "parts under a lamp"
NAMES = {
    "viewer": "Vera Viewer",
    "labeler": "Lea Labeler",
    "operator": "Olga Operator",
    "admin": "Ada Admin",
    "owner": "Otto Owner",
}
OUTSIDER = "Emil Elsewhere"
SETUP_TOKEN = "the link of the first start"
IMAGES = 12


def email_of(name):
    return f"{name.split()[0].lower()}@factory.example"


@pytest.fixture(scope="session")
def workspace_template(tmp_path_factory):
    """See `workspace`; made once and copied, for importing and hashing take their time."""
    root = tmp_path_factory.mktemp("served")
    home, kept = root / "home", hash_password(PASSWORD)
    book = LabelBook()
    with open_store(home, create=True) as store:
        casings = store.create_project(
            "casings", "classification", book.with_classes(["good", "dent"])
        )
        import_folder(casings, class_folder(root / "casings", IMAGES))
        plates = store.create_project("plates", "detection", book.with_classes(["dent"]))
        import_folder(plates, yolo_folder(root / "plates", IMAGES))
        for role in ROLES:
            person = store.persons.add(NAMES[role], email_of(NAMES[role]), kept)
            store.people.add(person.id, role)
    with open_store(home, create=True, organisation="acme") as store:
        theirs = store.create_project(
            "casings", "classification", book.with_classes(["good", "dent"])
        )
        import_folder(theirs, class_folder(root / "theirs", 4))
        person = store.persons.add(OUTSIDER, email_of(OUTSIDER), kept)
        store.people.add(person.id, "owner")
    return home


@pytest.fixture
def workspace(workspace_template, tmp_path):
    """A workspace folder.

    Organisation "local" with the projects "casings" (classification) and "plates"
    (detection) of 12 images each and one person per role (NAMES, all with PASSWORD), and
    organisation "acme" with a project "casings" of its own and one owner (OUTSIDER).
    """
    return shutil.copytree(workspace_template, tmp_path / "home")


@pytest.fixture
def app(workspace):
    """The server over `workspace`."""
    made = create_app(workspace, setup_token=SETUP_TOKEN)
    yield made
    made.state.stores.close()


@dataclass
class Clients:
    """Makes clients; see the fixture `client_as`."""

    app: object

    def __call__(self, role, *, csrf=True):
        client = TestClient(self.app, base_url="http://localhost")
        if role is None:
            return client
        store = self.app.state.stores.local()
        name = OUTSIDER if role == "outsider" else NAMES[role]
        secret = store.sessions.open(store.persons.by_email(email_of(name)).id)
        client.cookies.set(COOKIE, secret, domain="localhost.local")
        if csrf:
            client.headers[CSRF_HEADER] = csrf_of(secret)
        return client


@pytest.fixture
def client_as(app):
    """`client_as(role)`: a client signed in as that role in organisation "local".

    Its changes carry the CSRF word unless `csrf=False`. The role None is nobody, and
    "outsider" the owner of organisation "acme".
    """
    return Clients(app)


@pytest.fixture
def stores(app):
    """What the server itself works on: `stores.of("local").project("casings")`."""
    return app.state.stores
