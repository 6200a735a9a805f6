"""Decisions taken back: findings and labels are as before, and nothing said is lost."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitmark.core.errors import ConflictError, InvalidLabelError, NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.store.findings import NewFinding
from tests.store.making import add_image, box, label, labeled_image

LEFT, RIGHT = box(left=1.0), box(left=30.0)
FIXED = (box("dent", left=1.0), RIGHT)


@pytest.fixture
def sha(project):
    """An image with two scratches."""
    return labeled_image(project, "a", LEFT, RIGHT)


def _wrong(sha, index=0, score=0.9, **about):
    return NewFinding("wrong_class", sha, index, score, "looks like a dent", **about)


def _filed(project, *found):
    project.findings.save(found, source="audit")
    return [row.id for row in project.findings.list("open")]


def _held(project, sha):
    row = project.annotations.consensus().get(sha)
    return None if row is None else row.shapes


def test_undo_gives_back_finding_and_labels_by_a_new_revision_and_redo_settles_again(
    project, sha
):
    (one,) = _filed(project, _wrong(sha, suggestion=FIXED))
    before = project.findings.get(one)
    labels = project.annotations.consensus()[sha]
    project.findings.settle(one, "corrected", "rita", "a dent", correction=FIXED)
    assert project.findings.undo(one, by="eva", note="no") == before
    assert project.annotations.consensus()[sha] == labels
    said = [(r.labeler, r.shapes, r.review, r.withdraws) for r in _history(project, sha)]
    assert said == [
        ("ann", (LEFT, RIGHT), False, None),
        ("rita", FIXED, True, None),
        ("eva", (LEFT, RIGHT), True, _history(project, sha)[1].id),
    ]
    assert (project.audit.entries()[0].who, project.audit.entries()[0].action) == (
        "eva",
        "undo",
    )
    project.findings.settle(one, "corrected", "rita", "a dent", correction=FIXED)
    assert _held(project, sha) == FIXED
    assert [r.revision for r in _history(project, sha) if r.labeler == "rita"] == [1, 2]


def _history(project, sha):
    return project.annotations.history(sha)


@pytest.mark.parametrize("state", ["accepted", "dismissed"])
def test_a_decision_without_a_correction_is_taken_back_without_touching_labels(
    project, sha, state
):
    (one,) = _filed(project, _wrong(sha))
    project.findings.settle(one, state, "rita")
    assert project.findings.undo(one, by="rita").state == "open"
    assert len(_history(project, sha)) == 1
    assert project.findings.settle(one, "accepted", "bo").by == "bo"


def test_an_undone_image_is_not_held_to_be_reviewed_and_can_be_reviewed_alike(project, sha):
    (one,) = _filed(project, _wrong(sha))
    project.findings.settle(one, "corrected", "rita", correction=FIXED)
    project.findings.undo(one, by="rita")
    assert not project.annotations.consensus()[sha].review
    label(project, sha, LEFT, RIGHT, labeler="rita", review=True)
    assert project.annotations.consensus()[sha].review


def test_an_image_that_was_unlabeled_is_unlabeled_again(project):
    sha = add_image(project, "a")
    (one,) = _filed(project, NewFinding("missed_object", sha, None, 1, "w", [box()]))
    project.findings.settle(one, "corrected", "rita", correction=[box()])
    assert project.info.labeled == 1
    project.findings.undo(one, by="rita")
    assert _held(project, sha) is None
    assert project.info.labeled == 0


def test_what_the_correction_made_moot_or_carried_comes_back_as_it_was(project, sha):
    first, second, third = _filed(
        project,
        _wrong(sha, 0, 0.9, suggestion=FIXED),
        NewFinding("sloppy_outline", sha, 0, 0.8, "loose"),
        _wrong(sha, 1, 0.7, suggestion=(LEFT, box("dent", left=30.0))),
    )
    before = [project.findings.get(f) for f in (second, third)]
    project.findings.settle(first, "corrected", "rita", correction=FIXED)
    with pytest.raises(NotFoundError, match=f"no finding {second}"):
        project.findings.get(second)
    project.findings.undo(first, by="rita")
    assert [project.findings.get(f) for f in (second, third)] == before


def test_what_an_audit_found_in_the_corrected_labels_is_carried_back(project, sha):
    (one,) = _filed(project, _wrong(sha, 0))
    project.findings.settle(one, "corrected", "rita", correction=FIXED)
    project.findings.save([_wrong(sha, 0), _wrong(sha, 1, 0.6)], source="audit")
    assert [r.shape_index for r in project.findings.list("open")] == [1]
    project.findings.undo(one, by="rita")
    labels = {r.shape_index: r.labels_hash for r in project.findings.list("open")}
    assert set(labels) == {0, 1}
    assert len(set(labels.values())) == 1


def test_undo_is_refused_where_somebody_labeled_since(project, sha):
    (one,) = _filed(project, _wrong(sha))
    project.findings.settle(one, "corrected", "rita", correction=FIXED)
    label(project, sha, LEFT, labeler="bo", review=True, reason="looked again")
    with pytest.raises(ConflictError, match=r"labels of a have changed .* bo .*looked again"):
        project.findings.undo(one, by="rita")
    assert project.findings.get(one).state == "corrected"
    assert _held(project, sha) == (LEFT,)


def test_undo_is_refused_where_a_labeler_said_something_new_under_the_correction(project, sha):
    (one,) = _filed(project, _wrong(sha))
    project.findings.settle(one, "corrected", "rita", correction=FIXED)
    label(project, sha, RIGHT)
    with pytest.raises(ConflictError, match="have changed since"):
        project.findings.undo(one, by="rita")
    assert _held(project, sha) == FIXED
    assert len(_history(project, sha)) == 3


def test_a_later_correction_must_be_taken_back_first(project, sha):
    first, second = _filed(project, _wrong(sha, 0), _wrong(sha, 1, 0.5))
    project.findings.settle(first, "corrected", "rita", correction=FIXED)
    both = (FIXED[0], box("dent", left=30.0))
    project.findings.settle(second, "corrected", "rita", correction=both)
    with pytest.raises(ConflictError, match=f"finding {second}") as error:
        project.findings.undo(first, by="rita")
    assert "Take that back first" in error.value.hint
    project.findings.undo(second, by="rita")
    assert _held(project, sha) == FIXED
    project.findings.undo(first, by="rita")
    assert _held(project, sha) == (LEFT, RIGHT)


def test_undoing_twice_or_nothing_is_one_clear_error(project, sha):
    (one,) = _filed(project, _wrong(sha))
    with pytest.raises(NotFoundError, match="rita has no decision"):
        project.findings.last_decision("rita")
    with pytest.raises(ConflictError, match="f1 is open: there is no decision"):
        project.findings.undo(one, by="rita")
    project.findings.settle(one, "accepted", "rita")
    assert project.findings.last_decision("rita") == one
    project.findings.undo(one, by="rita")
    with pytest.raises(ConflictError, match="f1 is open"):
        project.findings.undo(one, by="rita")
    with pytest.raises(NotFoundError, match="no finding f99"):
        project.findings.undo("f99", by="rita")


def test_the_last_decision_is_that_of_the_person_and_goes_back_one_by_one(project, sha):
    first, second = _filed(project, _wrong(sha, 0), _wrong(sha, 1, 0.5))
    project.findings.settle(first, "accepted", "rita")
    project.findings.settle(second, "dismissed", "bo")
    assert project.findings.last_decision("rita") == first
    project.findings.undo(first, by="rita")
    with pytest.raises(NotFoundError, match="rita has no decision"):
        project.findings.last_decision("rita")
    assert project.findings.last_decision("bo") == second


def test_findings_settled_in_one_go_share_their_decision(project, sha):
    first, second = _filed(project, _wrong(sha, 0), _wrong(sha, 1, 0.5))
    number = project.findings.next_decision()
    for one in (first, second):
        project.findings.settle(one, "accepted", "rita", decision=number)
    assert project.findings.last_decision("rita") == first
    assert project.findings.settled_with(first) == [second, first]
    assert project.findings.settled_with(second) == [second]
    project.findings.undo(second, by="rita")
    assert project.findings.settled_with(first) == [first]


def test_a_correction_beside_a_finding_is_taken_back_with_it(project, sha):
    other = labeled_image(project, "b", LEFT)
    one = _filed(project, _wrong(sha), _wrong(other, 0, 0.5))[0]
    with pytest.raises(ConflictError, match="not settled yet"):
        project.findings.correct_beside(one, other, [])
    project.findings.settle(one, "corrected", "rita", correction=FIXED)
    project.findings.correct_beside(one, other, [box("dent", left=1.0)])
    project.findings.correct_beside(one, other, [])
    assert _held(project, other) == ()
    project.findings.undo(one, by="rita")
    assert _held(project, other) == (LEFT,)
    assert [r.sha256 for r in project.findings.list("open")] == [sha, other]


def test_labels_of_a_class_that_the_book_has_lost_do_not_come_back(project, sha):
    (one,) = _filed(project, _wrong(sha))
    project.findings.settle(one, "corrected", "rita", correction=[box("dent", left=1.0)])
    project.book.save(LabelBook().with_classes(["good", "dent"]), "rita")
    with pytest.raises(InvalidLabelError, match="no class 'scratch'"):
        project.findings.undo(one, by="rita")
    assert project.findings.get(one).state == "corrected"


def test_a_correction_by_an_earlier_version_is_not_taken_back(project, sha, store):
    (one,) = _filed(project, _wrong(sha))
    project.findings.settle(one, "corrected", "rita", correction=FIXED)
    with store.database.write() as c:
        c.exec_driver_sql("UPDATE findings SET effects = NULL, decision = NULL")
    with pytest.raises(ConflictError, match="by an earlier Pitmark"):
        project.findings.undo(one, by="rita")


def test_a_correction_that_says_what_the_same_reviewer_said_is_undone_without_a_trace(
    project, sha
):
    label(project, sha, *FIXED, labeler="rita", review=True)
    (one,) = _filed(project, _wrong(sha, 1))
    project.findings.settle(one, "corrected", "rita", correction=FIXED)
    project.findings.undo(one, by="rita")
    assert _held(project, sha) == FIXED
    assert len(_history(project, sha)) == 2


def test_the_expected_gain_is_the_score_times_the_worth(project, sha):
    first, second = _filed(project, _wrong(sha, 0, 0.8), _wrong(sha, 1, 0.5))
    project.findings.settle(second, "accepted", "rita")
    project.findings.weigh({first: {"value": 0.25, "split": "test"}, second: {"value": 1}})
    found = project.findings.get(first)
    assert (found.expected_gain, found.weight) == (0.2, {"value": 0.25, "split": "test"})
    assert project.findings.get(second).expected_gain is None
    project.findings.save([_wrong(sha, 0, 0.4)], source="audit")
    assert (project.findings.get(first).weight, project.findings.get(first).expected_gain) == (
        None,
        None,
    )


steps = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["accepted", "corrected", "dismissed"])),
    max_size=6,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_taking_everything_back_gives_the_queue_and_the_labels_of_before(shared_project, steps):
    project = shared_project
    if not project.images.count():
        shas = [labeled_image(project, f"h{n}", LEFT, RIGHT) for n in range(2)]
        flipped = [FIXED, (LEFT, box("dent", left=30.0))]
        found = [_wrong(s, n, 0.5, suggestion=flipped[n]) for s in shas for n in (0, 1)]
        project.findings.save(found, source="audit")
    rows = project.findings.list()
    before = (rows, project.annotations.consensus())
    done = []
    for place, state in steps:
        row = project.findings.get(rows[place].id)
        if row.state != "open":
            continue
        correction = row.suggestion if state == "corrected" else None
        project.findings.settle(row.id, state, "rita", correction=correction)
        done.append(row.id)
    for one in reversed(done):
        assert project.findings.last_decision("rita") == one
        project.findings.undo(one, by="rita")
    assert (project.findings.list(), project.annotations.consensus()) == before
