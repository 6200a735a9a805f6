import numpy as np
import pytest
from sqlalchemy import text

from pitmark.core.errors import InvalidInputError, NotFoundError, StorageError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape, ImageClass, PolygonShape, mask_shape, shapes_hash
from pitmark.store.annotations import NewAnnotation
from tests.store.making import add_image, add_images, box, label, labeled_image


def test_shapes_of_every_kind_come_back(project):
    mask = np.zeros((48, 64), dtype=bool)
    mask[3:9, 4:20] = True
    shapes = (
        ImageClass("good"),
        box(),
        PolygonShape("dent", (((1.5, 2.0), (9.0, 2.0), (5.0, 7.25)),)),
        mask_shape("dent", mask),
    )
    sha = add_image(project, "a")
    label(project, sha, *shapes)
    assert project.annotations.history(sha)[0].shapes == shapes


def test_shapes_hash_as_stored_whatever_number_types_they_were_given_in(project):
    sha = add_image(project, "a")
    given = BoxShape("dent", (1, np.float32(2), np.int64(30), 40.0))
    row = label(project, sha, given)
    assert shapes_hash(row.shapes) == shapes_hash([BoxShape("dent", (1.0, 2.0, 30.0, 40.0))])
    assert label(project, sha, given).id == row.id


def test_nothing_to_mark_is_an_annotation_and_not_the_lack_of_one(project):
    marked, unlabeled = add_image(project, "a"), add_image(project, "b")
    assert label(project, marked).shapes == ()
    assert set(project.annotations.consensus()) == {marked}
    assert project.annotations.history(unlabeled) == []
    assert project.info.labeled == 1


def test_revisions_count_up_for_each_image_and_labeler(project):
    a, b = add_image(project, "a"), add_image(project, "b")
    rows = [
        label(project, a, box(left=1.0)),
        label(project, a, box(left=2.0)),
        label(project, a, box(left=1.0), labeler="bo"),
        label(project, b, box(left=1.0)),
        label(project, a, box(left=1.0)),
    ]
    assert [r.revision for r in rows] == [1, 2, 1, 1, 3]


def test_saying_the_same_again_adds_nothing_in_whatever_order(project):
    sha = add_image(project, "a")
    first = label(project, sha, box(left=1.0), box(left=9.0))
    again = label(project, sha, box(left=9.0), box(left=1.0), reason="once more")
    assert again == first
    assert len(project.annotations.history(sha)) == 1


def test_the_same_shapes_as_a_review_are_a_new_statement(project):
    sha = add_image(project, "a")
    label(project, sha, box())
    review = label(project, sha, box(), review=True)
    assert review.review
    assert review.revision == 2
    assert label(project, sha, box(), review=True) == review


def test_a_review_that_returns_to_an_earlier_one_is_a_new_statement(project):
    sha = add_image(project, "a")
    label(project, sha, box(left=1.0), labeler="rita", review=True)
    label(project, sha, box(left=2.0), labeler="rob", review=True)
    back = label(project, sha, box(left=1.0), labeler="rita", review=True)
    assert project.annotations.consensus()[sha] == back
    assert back.revision == 2


def test_many_annotations_are_as_good_as_one_by_one(project):
    shas = [add_image(project, f"{i}") for i in range(30)]
    items = [
        NewAnnotation(sha, [box(left=float(i % 3))], labeler, 1, review=labeler == "rita")
        for i, sha in enumerate(shas * 3)
        for labeler in ("ann", "bo", "rita")
    ]
    rows = project.annotations.add_many(items)
    assert [(r.sha256, r.labeler) for r in rows] == [(i.sha256, i.labeler) for i in items]
    assert len({r.id for r in rows}) == 90
    for sha in shas:
        assert [r.revision for r in project.annotations.history(sha)] == [1, 1, 1]


def test_changes_within_one_batch_are_revisions_in_their_order(project):
    sha = add_image(project, "a")
    lefts = (1.0, 1.0, 2.0, 2.0, 1.0)
    items = [NewAnnotation(sha, [box(left=x)], "ann", 1) for x in lefts]
    rows = project.annotations.add_many(items)
    assert [r.revision for r in rows] == [1, 1, 2, 2, 3]
    assert [r.shapes[0].box_xyxy[0] for r in rows] == list(lefts)


def test_a_batch_with_an_unknown_image_adds_nothing(project):
    sha = add_image(project, "a")
    items = [NewAnnotation(s, [box()], "ann", 1) for s in (sha, "0" * 64)]
    with pytest.raises(NotFoundError, match="0000"):
        project.annotations.add_many(items)
    assert project.annotations.history(sha) == []


def test_an_annotation_names_its_labeler_and_a_revision_that_exists(project):
    sha = add_image(project, "a")
    with pytest.raises(InvalidInputError, match="names no labeler"):
        label(project, sha, box(), labeler="  ")
    with pytest.raises(InvalidInputError, match="no revision 2") as caught:
        project.annotations.add(sha, [box()], labeler="ann", book_revision=2)
    assert "1 to 1" in caught.value.hint
    with pytest.raises(InvalidInputError, match="cannot be stored"):
        label(project, sha, box(), labeler="an\udcffn")


def test_the_consensus_in_classification_is_the_majority(store):
    book = LabelBook().with_classes(["good", "dent"])
    project = store.create_project("classes", "classification", book)
    sha = add_image(project, "a")
    for labeler, name in [("ann", "good"), ("bo", "dent"), ("cy", "dent")]:
        label(project, sha, ImageClass(name), labeler=labeler)
    assert project.annotations.consensus()[sha].shapes == (ImageClass("dent"),)
    label(project, sha, ImageClass("good"), labeler="rita", review=True)
    assert project.annotations.consensus()[sha].labeler == "rita"


def test_the_consensus_of_some_images_is_part_of_that_of_all(project):
    shas = add_images(project, [f"{i}" for i in range(700)])
    project.annotations.add_many([NewAnnotation(s, [box()], "ann", 1) for s in shas])
    everything = project.annotations.consensus()
    assert len(everything) == 700
    some = project.annotations.consensus(shas[:600])
    assert some == {s: everything[s] for s in shas[:600]}
    with pytest.raises(NotFoundError, match="0000"):
        project.annotations.consensus(["0" * 64])


def test_agreement_sees_what_each_labeler_said_last_and_no_reviews(project):
    sha = labeled_image(project, "a", box(left=1.0))
    label(project, sha, box(left=2.0))
    label(project, sha, box(left=3.0), labeler="bo")
    label(project, sha, box(left=4.0), labeler="bo", review=True)
    latest = project.annotations.latest_by_labeler(sha)
    assert {k: v.shapes[0].box_xyxy[0] for k, v in latest.items()} == {"ann": 2.0, "bo": 3.0}
    assert project.annotations.all_latest() == {sha: latest}
    assert project.annotations.labelers() == ["ann", "bo"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotations SET labeler = 'eve'",
        "DELETE FROM annotations",
        "INSERT OR REPLACE INTO annotations SELECT * FROM annotations",
        "INSERT INTO annotations SELECT * FROM annotations WHERE true"
        " ON CONFLICT (id) DO UPDATE SET labeler = 'eve'",
        "TRUNCATE annotations CASCADE",
        "TRUNCATE audit_log",
        "UPDATE book_revisions SET author = 'eve'",
        "DELETE FROM book_revisions",
        "UPDATE audit_log SET who = 'eve'",
        "DELETE FROM audit_log",
        "DELETE FROM images",
    ],
)
def test_what_was_said_cannot_be_changed_or_removed_by_any_statement(store, statement, engine):
    known_to = {"INSERT OR REPLACE": "sqlite", "TRUNCATE": "postgresql"}
    if any(statement.startswith(w) and engine != e for w, e in known_to.items()):
        pytest.skip(f"{engine} has no such statement")
    project = store.project("casings")
    sha = labeled_image(project, "a", box())
    before = project.annotations.history(sha)
    refused = r"are never|(?i:foreign key)"
    with pytest.raises(StorageError, match=refused), store.database.write() as c:
        c.execute(text(statement))
    assert project.annotations.history(sha) == before
