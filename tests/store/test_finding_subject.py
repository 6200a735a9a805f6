from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.labels import BoxShape, ImageClass
from pitmark.store.finding_subject import Subject, carry_index, carry_over, subject_of
from tests.store.making import box

boxes = st.builds(
    box, st.sampled_from(["dent", "scratch"]), st.integers(0, 30).map(float), st.just(8.0)
)
labels = st.lists(boxes, max_size=6, unique=True)


@given(labels, labels)
def test_for_unchanged_labels_a_suggestion_stays_the_same_set_of_shapes(judged, suggestion):
    carried = carry_over(suggestion, judged=judged, now=judged)
    assert set(carried) == set(suggestion)
    assert len(carried) == len(suggestion)


@given(labels.filter(bool), st.data())
def test_two_corrections_in_different_places_both_hold_in_whatever_order(judged, data):
    first = data.draw(st.integers(0, len(judged) - 1))
    second = data.draw(st.integers(0, len(judged) - 1).filter(lambda i: i != first or i == 0))
    if first == second:
        return

    def fixed(index):
        return [*judged[:index], box("pit mark", left=100.0 + index), *judged[index + 1 :]]

    one = carry_over(fixed(second), judged=judged, now=fixed(first))
    two = carry_over(fixed(first), judged=judged, now=fixed(second))
    assert one == two
    assert one[first] == box("pit mark", left=100.0 + first)
    assert one[second] == box("pit mark", left=100.0 + second)


def test_a_suggestion_for_a_shape_that_is_gone_is_moot():
    judged = [box(left=1.0)]
    assert carry_over([box("dent", left=1.0)], judged=judged, now=[]) is None
    assert carry_index(0, judged=judged, now=[]) is None
    assert carry_index(3, judged=judged, now=judged) is None


def test_what_was_added_meanwhile_is_not_added_twice():
    missed = box("dent", left=30.0)
    carried = carry_over([box(), missed], judged=[box()], now=[missed, box()])
    assert carried == (missed, box())


def test_a_shape_is_found_again_behind_a_new_one():
    judged = [box(left=1.0), box(left=9.0)]
    assert carry_index(1, judged=judged, now=[box(left=20.0), *judged]) == 2


def test_the_same_shape_or_the_same_place_is_the_same_subject():
    labeled = [box(left=1.0), box(left=30.0)]

    def of(index, suggestion=None, related=(), on=labeled):
        return subject_of(index, suggestion, labels=on, related=related)

    assert of(0).same_as(of(0))
    assert not of(0).same_as(of(1))
    missed = of(None, [*labeled, box("dent", left=50.0)])
    assert of(None, [*labeled, box("dent", left=51.0)]).same_as(missed)
    assert not of(None, [*labeled, box("dent", left=58.0)]).same_as(missed)
    assert not of(0).same_as(missed)
    corrected = of(0, on=[BoxShape("dent", labeled[0].box_xyxy)])
    assert corrected.same_as(of(0))


def test_findings_on_pairs_are_about_the_other_image():
    def pair(*others):
        return subject_of(None, None, labels=[], related=others)

    assert pair("b").same_as(pair("b", "c"))
    assert not pair("d").same_as(pair("b", "c"))


def test_the_class_of_a_whole_image_has_no_place():
    subject = subject_of(0, [ImageClass("dent")], labels=[ImageClass("good")], related=["x"])
    assert subject.boxes_xyxy == ()
    assert subject.same_as(subject_of(0, None, labels=[ImageClass("good")], related=[]))


@given(labels, labels, st.none() | st.integers(0, 5))
def test_a_subject_survives_json_and_is_the_same_as_itself(judged, suggestion, index):
    subject = subject_of(index, suggestion, labels=judged, related=["a"])
    assert Subject.from_json(subject.to_json()) == subject
    again = Subject.from_json(subject.to_json())
    assert again.fingerprint("k", "s") == subject.fingerprint("k", "s")
    assert again.same_as(subject)
