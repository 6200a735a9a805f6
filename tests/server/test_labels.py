"""Saving and reading labels over HTTP."""

import json
import threading

import pytest

PLATES = "/api/orgs/local/projects/plates"
BOX = {"kind": "box", "label": "dent", "xyxy": [4.0, 5.0, 20.0, 30.0]}


@pytest.fixture
def labeler(client_as):
    return client_as("labeler")


@pytest.fixture
def sha(labeler):
    return labeler.get(f"{PLATES}/images").json()["items"][0]["sha256"]


def test_labels_are_saved_as_a_new_revision_of_the_person(labeler, sha):
    before = labeler.get(f"{PLATES}/images/{sha}/labels").json()
    assert before["mine"] is None
    saved = labeler.put(
        f"{PLATES}/images/{sha}/labels", json={"shapes": [BOX], "reason": "seen"}
    )
    assert saved.status_code == 200, saved.text
    mine = saved.json()["mine"]
    assert (mine["labeler"], mine["revision"], mine["shapes"], mine["reason"]) == (
        "Lea Labeler",
        1,
        [BOX],
        "seen",
    )
    assert len(saved.json()["history"]) == len(before["history"]) + 1
    assert saved.json() == labeler.get(f"{PLATES}/images/{sha}/labels").json()


def test_the_same_labels_again_add_nothing(labeler, sha):
    path = f"{PLATES}/images/{sha}/labels"
    first = labeler.put(path, json={"shapes": [BOX], "key": "a"}).json()
    assert labeler.put(path, json={"shapes": [BOX], "key": "b"}).json() == first


def test_a_key_sent_again_does_not_bring_old_labels_back(labeler, sha):
    path = f"{PLATES}/images/{sha}/labels"
    labeler.put(path, json={"shapes": [BOX], "key": "a"})
    newer = labeler.put(path, json={"shapes": [], "key": "b"}).json()
    assert labeler.put(path, json={"shapes": [BOX], "key": "a"}).json() == newer
    assert newer["mine"]["shapes"] == []


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        ([{**BOX, "label": "rust"}], "rust"),
        ([{**BOX, "xyxy": [4.0, 5.0, 2000.0, 30.0]}], "lies off the image"),
        ([{**BOX, "xyxy": [4.0, 5.0, 4.0, 30.0]}], "has no area"),
        ([{**BOX, "kind": "star"}], "star"),
        ([{"kind": "polygon", "label": "dent", "rings": [[[1, 2, 3]]]}], "shape"),
        ([{"kind": "mask", "label": "dent", "size_wh": [64, 48], "counts": [-5, 9]}], "counts"),
        (
            [{"kind": "mask", "label": "dent", "size_wh": [64, 48], "counts": [5, 9]}],
            "cover 14",
        ),
        (
            [{"kind": "mask", "label": "dent", "size_wh": [9**6, 9**6], "counts": []}],
            "is 64x48",
        ),
        ([{**BOX, "xyxy": [float("nan"), 5.0, 9.0, 30.0]}], "finite"),
        ([{"kind": "polygon", "label": "dent", "rings": [[[float("inf"), 2.0]]]}], "finite"),
    ],
)
def test_impossible_shapes_are_refused(labeler, sha, shapes, told):
    path = f"{PLATES}/images/{sha}/labels"
    before = labeler.get(path).json()
    # The client itself refuses to write what is no JSON, such as NaN.
    body = json.dumps({"shapes": shapes})
    answer = labeler.put(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert told in answer.json()["message"]
    assert labeler.get(path).json() == before


def test_what_one_has_said_is_taken_back_and_what_others_said_holds(client_as, labeler, sha):
    path = f"{PLATES}/images/{sha}/labels"
    client_as("admin").put(path, json={"shapes": [BOX]})
    before = labeler.get(path).json()
    for number in (1.0, 2.0):
        box = {**BOX, "xyxy": [number, 5.0, 20.0, 30.0]}
        labeler.put(path, json={"shapes": [box], "key": f"{number}"})
    told = labeler.delete(path)
    assert told.status_code == 200, told.text
    assert told.json()["mine"] is None
    others = client_as("admin").get(path).json()
    assert others["mine"]["shapes"] == [BOX]
    assert others["consensus"] == before["consensus"]
    # Nothing is lost, and taking back again adds nothing.
    assert len(told.json()["history"]) == len(before["history"]) + 4
    assert labeler.delete(path).json() == told.json()
    # A save that was on its way for long does not bring it back.
    late = labeler.put(path, json={"shapes": [BOX], "key": "1.0"}).json()
    assert late["mine"] is None
    assert client_as("viewer").delete(path).status_code == 403


def test_viewers_read_labels_and_do_not_write_them(client_as, sha):
    viewer = client_as("viewer")
    assert viewer.get(f"{PLATES}/images/{sha}/labels").status_code == 200
    assert viewer.put(f"{PLATES}/images/{sha}/labels", json={"shapes": []}).status_code == 403


def test_an_image_that_is_not_there_has_no_labels(labeler):
    for way in ("labels", "suggestions"):
        assert labeler.get(f"{PLATES}/images/{'0' * 64}/{way}").status_code == 404
    answer = labeler.put(f"{PLATES}/images/{'0' * 64}/labels", json={"shapes": []})
    assert answer.status_code == 404
    assert labeler.delete(f"{PLATES}/images/{'0' * 64}/labels").status_code == 404


def test_without_a_model_nothing_is_suggested(labeler, sha):
    found = labeler.get(f"{PLATES}/images/{sha}/suggestions").json()
    assert found == {"run": "", "items": []}


def test_many_people_save_at_once_and_each_finds_what_they_said(client_as, stores):
    clients = [client_as(role) for role in ("labeler", "admin", "owner")]
    images = clients[0].get(f"{PLATES}/images").json()["items"]
    answers = {}

    def work(number):
        client = clients[number]
        for n, image in enumerate(images):
            box = {**BOX, "xyxy": [1.0 + number, 2.0, 20.0 + n, 30.0]}
            path = f"{PLATES}/images/{image['sha256']}/labels"
            saved = client.put(path, json={"shapes": [box], "key": f"{n}"})
            answers[number, n] = (saved.status_code, saved.json().get("mine", {}).get("shapes"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {
        (number, n): (200, [{**BOX, "xyxy": [1.0 + number, 2.0, 20.0 + n, 30.0]}])
        for number in range(3)
        for n in range(len(images))
    }
    assert answers == expected
    project = stores.of("local").project("plates")
    rows = [r for i in images for r in project.annotations.history(i["sha256"])]
    assert sum(r.labeler in ("Lea Labeler", "Ada Admin", "Otto Owner") for r in rows) == 36
