import pytest

from pitmark.core.errors import InvalidInputError, InvalidLabelError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import ImageClass
from pitmark.core.provenance import MADE_FROM
from pitmark.ops.data.selections import Change, change_images
from pitmark.store.db import open_store
from tests.store.making import add_image, add_images, label

BOOK = LabelBook().with_classes(["good", "dent"])


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


@pytest.fixture
def project(store):
    return store.create_project("parts", "classification", BOOK)


def test_a_class_is_a_new_revision_of_each_image_by_the_person(project):
    shas = add_images(project, [f"{n}" for n in range(450)])
    label(project, shas[0], ImageClass("good"))
    label(project, shas[1], ImageClass("dent"), labeler="bob")
    done = change_images(project, shas, Change(label="dent", reason="seen"), by="bob")
    assert (done.changed, done.problems) == (449, [])
    assert [(r.labeler, r.shapes) for r in project.annotations.history(shas[0])] == [
        ("ann", (ImageClass("good"),)),
        ("bob", (ImageClass("dent"),)),
    ]
    entry = project.audit.entries()[0]
    assert (entry.who, entry.action, entry.details["changed"]) == ("bob", "change_images", 449)


def test_groups_and_metadata_change_only_what_differs(project):
    one = add_image(project, "1", group="g", metadata={"lot": 7, "line": "a"})
    two = add_image(project, "2", metadata={"line": "b"})
    done = change_images(
        project, [one, two, two], Change(group="g", metadata={"lot": 7}), by="a"
    )
    assert done.changed == 1
    assert project.images.get(two).metadata == {"line": "b", "lot": 7}
    assert project.images.get(two).group == "g"
    assert change_images(project, [one, two], Change(group=""), by="a").changed == 2
    assert project.images.get(one).group is None


def test_what_could_not_be_changed_is_named(project):
    made = add_image(project, "made", synthetic=True, metadata={MADE_FROM: "a" * 64})
    plain = add_image(project, "plain")
    done = change_images(
        project, ["0" * 64, made, plain], Change(metadata={MADE_FROM: "x"}), by="a"
    )
    assert done.changed == 1
    assert "no image with the sha256" in done.problems[0]
    assert "is synthetic" in done.problems[1]
    many = change_images(project, [f"{n:064d}" for n in range(100)], Change(group="g"), by="a")
    assert len(many.problems) == 21
    assert many.problems[-1] == "and more"


@pytest.mark.parametrize(
    ("change", "told"),
    [(Change(), "nothing to change"), (Change(metadata={}), "nothing to change")],
)
def test_a_change_of_nothing_is_refused(project, change, told):
    with pytest.raises(InvalidInputError, match=told):
        change_images(project, [], change, by="a")


def test_a_class_must_be_in_the_book_and_of_whole_images(project, store):
    with pytest.raises(InvalidLabelError, match="rust"):
        change_images(project, [], Change(label="rust"), by="a")
    boxes = store.create_project("boxes", "detection", BOOK)
    with pytest.raises(InvalidInputError, match="no class of their own"):
        change_images(boxes, [], Change(label="dent"), by="a")
