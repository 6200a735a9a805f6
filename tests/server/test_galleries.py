"""What the server holds of projects: as much as fits, and read before anybody asks."""

import threading

import pytest
from starlette.testclient import TestClient

from pitmark.core.label_book import LabelBook
from pitmark.server.app import create_app
from pitmark.server.galleries import Galleries
from pitmark.store.db import open_store
from tests.ops.images.test_gallery import HeldUp
from tests.server.conftest import IMAGES

IMAGES_OF = "/api/orgs/local/projects/{}/images"


@pytest.fixture
def projects(tmp_path):
    """Five projects without images."""
    with open_store(tmp_path / "home", create=True) as store:
        yield [store.create_project(f"part {n}", "detection", LabelBook()) for n in range(5)]


def names(galleries):
    return [name for _, name in galleries.held()]


def test_the_projects_that_were_used_last_are_kept(projects, tmp_path):
    galleries = Galleries(tmp_path / "home", most_desks=3)
    first = galleries.of(projects[0])
    for number in (1, 2, 0, 3):
        galleries.of(projects[number])
    assert names(galleries) == ["part 3", "part 0", "part 2"]
    assert galleries.of(projects[0]) is first
    assert galleries.of(projects[1]) is not first


def test_more_images_than_fit_are_let_go_and_read_again(stores, workspace):
    store = stores.of("local")
    casings, plates = store.project("casings"), store.project("plates")
    galleries = Galleries(workspace, most_images=IMAGES)
    assert galleries.of(casings).gallery.page().total == IMAGES
    assert galleries.of(plates).gallery.page().total == IMAGES
    # One alone fits; who holds the other still can ask it.
    galleries.of(plates)
    assert names(galleries) == ["plates"]
    assert galleries.of(casings).gallery.images == 0
    assert galleries.of(casings).gallery.page().total == IMAGES


def test_one_project_that_is_larger_than_all_that_fits_is_kept(stores, workspace):
    galleries = Galleries(workspace, most_images=1)
    desk = galleries.of(stores.of("local").project("casings"))
    desk.gallery.read()
    assert galleries.of(desk.project) is desk


def test_a_start_reads_what_was_used_before_it(stores, workspace):
    store = stores.of("local")
    before = Galleries(workspace)
    for name in ("plates", "casings"):
        before.of(store.project(name))
    after, stop = Galleries(workspace), threading.Event()
    after.read_used(lambda org, name: stores.of(org).project(name), stop)
    assert names(after) == ["casings", "plates"]
    assert [after.of(store.project(n)).gallery.images for n in ("casings", "plates")] == [
        IMAGES,
        IMAGES,
    ]
    little = Galleries(workspace, most_images=IMAGES)
    little.read_used(lambda org, name: stores.of(org).project(name), stop)
    assert names(little) == ["casings"]
    stop.set()
    stopped = Galleries(workspace)
    stopped.read_used(lambda org, name: stores.of(org).project(name), stop)
    assert names(stopped) == []


@pytest.mark.parametrize(
    "noted", ["", "{", "[1]", '[["local"]]', '[["local", "gone"], ["nobody", "casings"]]']
)
def test_notes_of_before_that_cannot_be_used_are_passed_over(stores, workspace, noted):
    note = workspace / "cache" / "used-projects.json"
    note.parent.mkdir(exist_ok=True)
    note.write_text(noted)
    galleries = Galleries(workspace)
    galleries.read_used(lambda org, name: stores.of(org).project(name), threading.Event())
    assert galleries.held() == []


def test_the_server_reads_them_by_itself(workspace, client_as, app):
    assert client_as("viewer").get(IMAGES_OF.format("casings")).status_code == 200
    app.state.stores.close()
    again = create_app(workspace)
    with TestClient(again, base_url="http://localhost"):
        # The first thread of all that is named so has read them when it is over.
        for thread in threading.enumerate():
            if thread.name == "galleries":
                thread.join(60)
        assert again.state.galleries.held() == [("local", "casings")]


def test_while_one_project_is_read_others_are_answered(client_as, stores):
    viewer, casings = client_as("viewer"), stores.of("local").project("casings")
    casings.facts = held_up = HeldUp(casings.facts)
    try:
        told = viewer.get(IMAGES_OF.format("casings"))
        assert (told.status_code, told.json()["code"]) == (503, "not_ready")
        assert told.headers["retry-after"] == "2"
        assert viewer.get(IMAGES_OF.format("plates")).json()["total"] == IMAGES
        assert viewer.get("/api/orgs/local/projects/casings").status_code == 200
    finally:
        held_up.through.set()
    desk = viewer.app.state.galleries.of(casings)
    desk.gallery.read()
    assert viewer.get(IMAGES_OF.format("casings")).json()["total"] == IMAGES
