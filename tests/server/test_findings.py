import numpy as np
import pytest

from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import BoxShape, ImageClass
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import PreprocessSpec
from pitmark.ops.data import evidence
from pitmark.ops.labels.finding_order import queue, ranked
from pitmark.ops.labels.inconsistency import GROUP, MEMBER
from pitmark.ops.models.closed_folds import VECTORS, vectors_to_bytes
from pitmark.ops.models.predicted_shapes import predicted_shapes
from pitmark.store.findings import NewFinding
from tests.ops.labels.test_inconsistency import by_ben_differently, filled
from tests.ops.labels.test_review_groups import audited
from tests.ops.report_making import book_of, fill, judged_run, noisy_images
from tests.server.conftest import NAMES
from tests.store.making import snapshot_of

CASINGS = "/api/orgs/local/projects/casings"
PLATES = "/api/orgs/local/projects/plates"


@pytest.fixture
def casings(stores):
    """The project with a doubt on each of its dents: is it good?"""
    project = stores.local().project("casings")
    held = project.annotations.consensus()
    dents = [s for s, row in held.items() if row.shapes[0].label == "dent"]
    found = [
        NewFinding("wrong_class", s, 0, 0.3 + n / 10, "odd", (ImageClass("good"),))
        for n, s in enumerate(dents)
    ]
    project.findings.save(found, source="audit")
    return project


def _first(client, path=CASINGS, **query):
    return client.get(f"{path}/findings", params=query).json()["items"][0]


def test_the_queue_comes_in_its_order_in_parts_with_counts(client_as, casings):
    told = client_as("viewer").get(f"{CASINGS}/findings", params={"offset": 1, "limit": 2})
    page = told.json()
    expected = [row.id for row in queue(casings, state="open")]
    assert (page["total"], page["offset"]) == (6, 1)
    assert [f["id"] for f in page["items"]] == expected[1:3]
    assert page["counts"] == {"wrong_class": {"open": 6}}
    first = page["items"][0]
    assert first["title"] == "Wrong class?"
    assert first["labels"] == [{"kind": "class", "label": "dent"}]
    assert first["suggestion"] == [{"kind": "class", "label": "good"}]
    assert first["because"]
    assert first["seconds"] > 0
    empty = client_as("viewer").get(f"{CASINGS}/findings", params={"state": "corrected"})
    assert empty.json()["total"] == 0
    assert client_as("viewer").get(f"{CASINGS}/findings?state=odd").status_code == 422


def test_a_finding_tells_its_score_and_its_chance(client_as, casings):
    told = client_as("viewer").get(f"{CASINGS}/findings").json()["items"]
    expected = [(r.row.score, r.chance) for r in ranked(casings, state="open")]
    assert [(f["score"], f["chance"]) for f in told] == expected


def test_correcting_as_suggested_relabels_in_the_name_of_who_decides(client_as, casings):
    labeler = client_as("labeler")
    first = _first(labeler)
    told = labeler.post(
        f"{CASINGS}/findings/{first['id']}/settle", json={"decision": "correct", "note": "ok"}
    ).json()
    assert (told["settled"], told["relabeled"]) == (1, 1)
    assert (told["finding"]["state"], told["finding"]["by"]) == ("corrected", NAMES["labeler"])
    row = casings.annotations.consensus([first["sha256"]])[first["sha256"]]
    assert (row.shapes, row.labeler, row.review) == (
        (ImageClass("good"),),
        NAMES["labeler"],
        True,
    )
    again = labeler.post(
        f"{CASINGS}/findings/{first['id']}/settle", json={"decision": "dismiss"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_one_may_say_otherwise_than_suggested_but_only_what_is_possible(client_as, casings):
    labeler = client_as("labeler")
    path = f"{CASINGS}/findings/{_first(labeler)['id']}/settle"
    unknown = {"decision": "correct", "shapes": [{"kind": "class", "label": "crack"}]}
    told = labeler.post(path, json=unknown)
    assert (told.status_code, told.json()["code"]) == (422, "invalid_label")
    flat = {"kind": "box", "label": "dent", "xyxy": [5, 5, 5, 9]}
    told = labeler.post(path, json={"decision": "correct", "shapes": [flat]})
    assert (told.status_code, told.json()["code"]) == (422, "invalid_label")
    nothing = {"decision": "correct", "shapes": []}
    assert labeler.post(path, json=nothing).json()["finding"]["labels"] == []


def test_a_decision_is_taken_back_by_who_made_it_or_an_admin(client_as, casings):
    labeler, owner = client_as("labeler"), client_as("owner")
    first = _first(labeler)
    path = f"{CASINGS}/findings/{first['id']}/settle"
    owner.post(path, json={"decision": "correct"})
    told = labeler.post(f"{CASINGS}/findings/undo", json={"finding": first["id"]})
    assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    assert labeler.post(f"{CASINGS}/findings/undo", json={}).status_code == 404
    told = owner.post(f"{CASINGS}/findings/undo", json={}).json()
    assert (told["finding"]["id"], told["finding"]["state"]) == (first["id"], "open")
    assert "the labels are as before" in told["sentence"]
    assert _first(labeler)["labels"] == [{"kind": "class", "label": "dent"}]
    labeler.post(path, json={"decision": "dismiss"})
    mine = labeler.post(f"{CASINGS}/findings/undo", json={"finding": first["id"]})
    assert mine.status_code == 200


def test_a_viewer_decides_nothing(client_as, casings):
    viewer = client_as("viewer")
    path = f"{CASINGS}/findings/{_first(viewer)['id']}/settle"
    for told in (
        viewer.post(path, json={"decision": "dismiss"}),
        viewer.post(f"{CASINGS}/findings/undo", json={}),
    ):
        assert (told.status_code, told.json()["code"]) == (403, "not_allowed")
    assert casings.findings.counts() == {"wrong_class": {"open": 6}}


def test_the_review_says_how_it_stands_in_sentences(client_as, casings):
    told = client_as("viewer").get(f"{CASINGS}/review").json()
    assert told["findings"]["open"] == 6
    assert told["sentence"].startswith("Go on:")


def test_evidence_names_look_alikes_the_model_the_book_and_who_said_what(client_as, stores):
    local = stores.local()
    project = local.create_project("judged", "classification", book_of())
    fill(project, noisy_images(24), kinds=("dent",))
    judged_run(project)
    _, images = project.snapshots.load("latest")
    held = [i.image.sha256 for i in images if i.split == "test"]
    trained = next(i.image.sha256 for i in images if i.split == "train")
    found = [
        NewFinding("duplicate", held[0], None, 0.9, "the same", None, [held[1]]),
        NewFinding("wrong_class", trained, 0, 0.5, "odd", (ImageClass("good"),)),
    ]
    project.findings.save(found, source="audit")
    path = "/api/orgs/local/projects/judged"
    viewer = client_as("viewer")
    told = viewer.get(f"{path}/findings/{_first(viewer, path, kind='duplicate')['id']}").json()
    assert told["neighbors"][0]["sha256"] == held[1]
    assert told["run"] == "r0001"
    assert told["prediction"][0]["kind"] == "class"
    assert 0 < told["prediction_scores"][0] <= 1
    assert [s["labeler"] for s in told["said"]] == ["anna"]
    assert told["group"] is None
    told = viewer.get(
        f"{path}/findings/{_first(viewer, path, kind='wrong_class')['id']}"
    ).json()
    assert (told["run"], told["prediction"]) == ("", [])


def test_the_nearest_are_those_whose_vectors_an_audit_found_nearest(casings):
    shas = sorted(r.sha256 for r in casings.images.all())
    rng = np.random.default_rng(3)
    vectors = {s: rng.normal(0, 1, 16).astype(np.float32) for s in shas}
    row = queue(casings)[0]
    twin = next(s for s in shas if s != row.sha256)
    vectors[twin] = vectors[row.sha256] * 0.95
    snapshot_of(casings)
    run = casings.runs.create("folds", "latest", {}, 0)
    blob = casings.blobs.put(vectors_to_bytes(vectors))
    casings.runs.finish(run.id, {}, None, {VECTORS: blob})
    found = evidence.look_alikes(casings, row)
    assert found[0].sha256 == twin
    assert found[0].likeness > 0.9
    assert [f.likeness for f in found] == sorted((f.likeness for f in found), reverse=True)
    assert len(found) == 6


def test_what_the_book_says_is_that_of_the_classes_in_question(client_as, stores):
    plates = stores.local().project("plates")
    admin, book = client_as("admin"), client_as("admin").get(f"{PLATES}/label-book").json()
    dent = {
        "name": "dent",
        "definition": "A hollow.",
        "rules": [{"measure": "length", "unit": "px", "minimum": 20}],
    }
    change = {**book, "classes": [dent, {"name": "dust", "definition": "On top."}]}
    assert admin.put(f"{PLATES}/label-book", json={"book": change}).status_code == 200
    held = plates.annotations.consensus()
    sha = next(s for s, row in held.items() if row.shapes)
    plates.findings.save([NewFinding("sloppy_outline", sha, 0, 0.5, "loose")], source="audit")
    told = admin.get(f"{PLATES}/findings/{_first(admin, PLATES)['id']}").json()
    assert told["rules"] == [
        "dent: A hollow.; length at least 20 px",
        "dent here breaks: length at least 20 px, this one measures 10 px",
    ]


def test_a_group_shows_both_sides_and_is_settled_and_taken_back_as_one(client_as, stores):
    project, records = filled(stores.local(), "classification", shapes_of=by_ben_differently)
    group = audited(project, records)
    path = f"/api/orgs/local/projects/{project.info.name.replace(' ', '%20')}"
    labeler = client_as("labeler")
    first = _first(labeler, path)
    assert (first["kind"], first["id"], first["members"]) == (GROUP, group.id, 20)
    told = labeler.get(f"{path}/findings/{group.id}").json()["group"]
    assert [s["label"] for s in told["sides"]] == ["pit mark", "scratch"]
    assert all(i["label"] == s["label"] for s in told["sides"] for i in s["images"])
    assert len(told["sides"][0]["images"]) == 20
    decision = {"decision": "correct", "whole_group": True}
    missing = labeler.post(f"{path}/findings/{group.id}/settle", json=decision)
    assert (missing.status_code, missing.json()["code"]) == (422, "invalid_input")
    done = labeler.post(
        f"{path}/findings/{group.id}/settle", json={**decision, "label": "scratch"}
    ).json()
    assert (done["settled"], done["relabeled"]) == (21, 20)
    assert "20 labels are scratch now" in done["sentence"]
    back = labeler.post(f"{path}/findings/undo", json={}).json()
    assert (back["settled"], back["finding"]["id"]) == (21, group.id)
    assert project.findings.counts() == {GROUP: {"open": 1}, MEMBER: {"open": 20}}


def test_predictions_become_shapes_that_a_person_could_have_drawn(stores):
    cut = PreprocessSpec((64, 64))
    spec = InspectorSpec("detection", ("dent",), cut, box_thresholds=(0.5,))
    said = Prediction(
        (64, 48),
        0.9,
        boxes_xyxy=np.array([[1, 2, 11, 12], [5, 5, 9, 9]], np.float32),
        box_scores=np.array([0.9, 0.4], np.float32),
        box_classes=np.array([0, 0]),
    )
    (found,) = predicted_shapes(said, spec)
    assert found == (BoxShape("dent", (1, 2, 11, 12)), pytest.approx(0.9))
    maps = np.zeros((1, 48, 64), np.float16)
    maps[0, 10:20, 10:30] = 0.75
    spec = InspectorSpec("segmentation", ("dent",), cut)
    ((mask, score),) = predicted_shapes(Prediction((64, 48), 0.75, maps_khw=maps), spec)
    assert (mask.label, mask.size_wh, sum(mask.counts[1::2]), score) == (
        "dent",
        (64, 48),
        200,
        0.75,
    )
