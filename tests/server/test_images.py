"""The routes of the gallery: pages, facets, detail, pictures, tiles, the map, changes."""

import io

import numpy as np
import pytest
from PIL import Image

from pitmark.core.records import ImageRecord
from pitmark.ops.images.embedding_map import make_map
from pitmark.store.findings import NewFinding

CASINGS = "/api/orgs/local/projects/casings"


@pytest.fixture
def viewer(client_as):
    return client_as("viewer")


def _shas(client, **asked):
    return [i["sha256"] for i in client.get(f"{CASINGS}/images", params=asked).json()["items"]]


def _opened(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    return Image.open(io.BytesIO(answer.content))


def test_images_come_by_filter_a_page_at_a_time(viewer):
    page = viewer.get(f"{CASINGS}/images", params={"filter": "class = dent", "limit": 4}).json()
    assert (page["total"], page["offset"], len(page["items"])) == (6, 0, 4)
    card = page["items"][0]
    assert (card["classes"], card["labeled"], card["width"], card["height"]) == (
        ["dent"],
        True,
        64,
        48,
    )
    rest = viewer.get(f"{CASINGS}/images", params={"filter": "class = dent", "offset": 4})
    shas = [i["sha256"] for i in page["items"] + rest.json()["items"]]
    assert len(set(shas)) == 6
    assert rest.json()["revision"] == page["revision"]


def test_facets_come_with_counts_and_what_can_be_sorted_by(viewer):
    found = viewer.get(f"{CASINGS}/facets", params={"filter": "class = dent"}).json()
    classes = next(f for f in found["facets"] if f["name"] == "class")
    assert found["total"] == 6
    assert classes["values"] == [{"value": "dent", "count": 6}, {"value": "good", "count": 6}]
    assert {"name", "added", "uncertainty"} <= set(found["sortable"])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"filter": "color = red"}, "no column is called 'color'"),
        ({"filter": "class = "}, "character 9"),
        ({"sort": "beauty"}, "cannot be sorted by 'beauty'"),
        ({"limit": 1000}, "limit"),
        ({"odd": 1}, "odd"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(viewer, asked, told):
    answer = viewer.get(f"{CASINGS}/images", params=asked)
    assert answer.status_code == 422
    assert told in answer.json()["message"]


def test_one_image_comes_with_all_that_is_known(viewer, stores):
    project = stores.of("local").project("casings")
    sha = _shas(viewer, filter="class = dent", limit=1)[0]
    project.images.set_metadata(sha, {"lot": "7"})
    project.findings.save([NewFinding("wrong class", sha, 0, 0.5, "why")], source="audit")
    found = viewer.get(f"{CASINGS}/images/{sha}").json()
    assert found["metadata"]["lot"] == "7"
    assert found["card"]["findings"] == 1
    assert found["findings"] == [project.findings.list()[0].id]
    assert found["names"] == [found["card"]["name"]]
    assert found["labels"]["consensus"] == [{"kind": "class", "label": "dent"}]
    assert found["prediction"] is None


def test_a_picture_is_a_jpeg_made_anew_that_may_be_kept(viewer):
    sha = _shas(viewer, limit=1)[0]
    answer = viewer.get(f"{CASINGS}/images/{sha}/picture", params={"side": 96})
    assert _opened(answer).size == (64, 48)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("inline")
    again = viewer.get(
        f"{CASINGS}/images/{sha}/picture",
        params={"side": 96},
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    other = viewer.get(f"{CASINGS}/images/{sha}/picture", params={"side": 100})
    assert other.status_code == 422


def test_a_tile_is_a_part_of_the_image(viewer):
    sha = _shas(viewer, limit=1)[0]
    assert _opened(viewer.get(f"{CASINGS}/images/{sha}/tile/0/0/0")).size == (64, 48)
    missing = viewer.get(f"{CASINGS}/images/{sha}/tile/0/1/0")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_images_of_others_are_not_shown(viewer, client_as, stores):
    png = io.BytesIO()
    Image.new("L", (64, 48), 77).save(png, "PNG")
    project = stores.of("acme").project("casings")
    other = project.blobs.put(png.getvalue())
    project.images.add(ImageRecord(other, 64, 48, "L", "theirs.png"), source="line")
    theirs = f"/api/orgs/acme/projects/casings/images/{other}/picture"
    assert _opened(client_as("outsider").get(theirs)).size == (64, 48)
    for rest in ("", "/picture?side=96", "/tile/0/0/0", "/labels", "/suggestions"):
        assert viewer.get(f"{CASINGS}/images/{other}{rest}").status_code == 404, rest


def test_a_selection_is_given_a_class_by_a_labeler(client_as, stores):
    labeler = client_as("labeler")
    change = {"selection": {"filter": "class = dent"}, "label": "good", "reason": "seen again"}
    done = labeler.post(f"{CASINGS}/images/change", json=change)
    assert done.json() == {"changed": 6, "problems": []}
    assert (
        labeler.get(f"{CASINGS}/images", params={"filter": 'labeler = "Lea Labeler"'}).json()[
            "total"
        ]
        == 6
    )
    again = labeler.post(
        f"{CASINGS}/images/change",
        json={**change, "selection": {"filter": 'labeler = "Lea Labeler"'}},
    )
    assert again.json()["changed"] == 0


def test_groups_and_metadata_of_a_selection_are_for_admins(client_as):
    shas = _shas(client_as("viewer"), limit=3)
    change = {"selection": {"sha256": [*shas, "0" * 64]}, "group": "g", "metadata": {"lot": 7}}
    assert client_as("viewer").post(f"{CASINGS}/images/change", json=change).status_code == 403
    assert client_as("labeler").post(f"{CASINGS}/images/change", json=change).status_code == 403
    admin = client_as("admin")
    done = admin.post(f"{CASINGS}/images/change", json=change).json()
    assert done["changed"] == 3
    assert "no image with the sha256" in done["problems"][0]
    assert set(_shas(admin, filter="group = g and meta.lot = 7")) == set(shas)
    both = {"selection": {"sha256": shas, "filter": "class = dent"}, "group": ""}
    assert admin.post(f"{CASINGS}/images/change", json=both).status_code == 422


def test_the_map_comes_colored_by_a_column(viewer, stores):
    empty = viewer.get(f"{CASINGS}/map").json()
    assert (empty["sha256"], empty["made"]) == ([], None)
    make_map(stores.of("local").project("casings"))
    found = viewer.get(f"{CASINGS}/map", params={"color": "class"}).json()
    assert set(found["sha256"]) == set(_shas(viewer, limit=100))
    assert found["values"] == ["dent", "good"]
    assert len(found["value"]) == len(found["x"]) == len(found["y"]) == 12
    assert np.abs([found["x"], found["y"]]).max() <= 1
    assert viewer.get(f"{CASINGS}/map", params={"color": "beauty"}).status_code == 422
