import pytest

from pitmark.core.errors import ConflictError
from pitmark.store.annotations import NewAnnotation
from tests.store.making import add_images, box


def _new(sha, *shapes, key="k1", labeler="ann"):
    return NewAnnotation(sha, shapes, labeler, 1, key=key)


def test_labels_saved_again_under_their_key_do_not_come_back_after_later_ones(project):
    (sha,) = add_images(project, ["a"])
    first = project.annotations.add_many([_new(sha, box())])[0]
    later = project.annotations.add_many([_new(sha, box("dent"), key="k2")])[0]
    again = project.annotations.add_many([_new(sha, box())])[0]
    assert again == first
    assert project.annotations.history(sha) == [first, later]


def test_a_key_belongs_to_one_labeler(project):
    (sha,) = add_images(project, ["a"])
    project.annotations.add_many([_new(sha, box()), _new(sha, box("dent"), labeler="bob")])
    assert {r.labeler for r in project.annotations.history(sha)} == {"ann", "bob"}


def test_a_key_twice_in_one_call_is_one_revision(project):
    one, two = add_images(project, ["a", "b"])
    rows = project.annotations.add_many(
        [_new(one, box()), _new(two, key=""), _new(one, box("dent")), _new(two, box(), key="")]
    )
    assert rows[0] == rows[2]
    assert [r.revision for r in rows] == [1, 1, 1, 2]


def test_a_key_of_another_image_is_refused_and_nothing_is_saved(project):
    one, two = add_images(project, ["a", "b"])
    project.annotations.add_many([_new(one, box())])
    with pytest.raises(ConflictError, match="another image under the key 'k1'"):
        project.annotations.add_many([_new(two, key="fresh"), _new(two, box())])
    assert project.annotations.history(two) == []
