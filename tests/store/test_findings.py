import pytest

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError, StorageError
from pitmark.core.labels import shapes_hash
from pitmark.store.findings import NewFinding
from tests.store.making import add_image, box, label, labeled_image

BROKEN = {
    "sqlite": (
        "CREATE TRIGGER broken BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'no'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "CREATE TRIGGER broken BEFORE INSERT ON audit_log"
        " FOR EACH ROW EXECUTE FUNCTION broken()",
    ),
}


def _wrong_class(sha, index=0, score=0.9, **about):
    return NewFinding("wrong_class", sha, index, score, "looks like a dent", **about)


@pytest.fixture
def sha(project):
    """An image with two scratches."""
    return labeled_image(project, "a", box(left=1.0), box(left=30.0))


def _open(project):
    return project.findings.list("open")


def test_a_finding_comes_back_as_it_was_saved(project, sha):
    other = add_image(project, "b")
    new = NewFinding(
        "missed_object", sha, None, 0.75, "why", [box(left=1.0)], [other], 0.02, "r0001"
    )
    assert project.findings.save([new], source="audit") == 1
    row = _open(project)[0]
    assert (row.kind, row.sha256, row.shape_index) == ("missed_object", sha, None)
    assert (row.score, row.why, row.expected_gain) == (0.75, "why", 0.02)
    assert (row.suggestion, row.related, row.run_id) == ((box(left=1.0),), (other,), "r0001")
    assert (row.source, row.state, row.by, row.at) == ("audit", "open", None, None)
    held = project.annotations.consensus()[sha].shapes
    assert row.labels_hash == shapes_hash(held)
    assert project.findings.get(row.id) == project.findings.get(row.id[1:]) == row


def test_findings_are_listed_worst_first_and_page_by_page(project):
    shas = [labeled_image(project, f"{i}", box()) for i in range(5)]
    found = [_wrong_class(s, score=i / 10) for i, s in enumerate(shas)]
    found.append(NewFinding("leak", shas[0], None, 0.25, "why", related=[shas[1]]))
    project.findings.save(found, source="audit")
    scores = [f.score for f in project.findings.list()]
    assert scores == [0.4, 0.3, 0.25, 0.2, 0.1, 0.0]
    assert [f.score for f in project.findings.list(kind="wrong_class", limit=2, offset=1)] == [
        0.3,
        0.2,
    ]
    assert project.findings.list("dismissed") == []
    assert project.findings.counts() == {"leak": {"open": 1}, "wrong_class": {"open": 5}}


def test_another_audit_replaces_open_findings_of_its_own_source_only(project, sha):
    project.findings.save([_wrong_class(sha, 0), _wrong_class(sha, 1)], source="audit")
    project.findings.save([_wrong_class(sha, 0, 0.3)], source="rules")
    assert project.findings.save([_wrong_class(sha, 1, 0.4)], source="audit") == 1
    assert [(f.source, f.shape_index, f.score) for f in _open(project)] == [
        ("audit", 1, 0.4),
        ("rules", 0, 0.3),
    ]


def test_a_finding_that_is_found_again_keeps_its_id(project, sha):
    project.findings.save([_wrong_class(sha, 0), _wrong_class(sha, 1, 0.8)], source="audit")
    before = {f.shape_index: f.id for f in _open(project)}
    project.findings.save([_wrong_class(sha, 1, 0.5)], source="audit")
    project.findings.save([_wrong_class(sha, 0), _wrong_class(sha, 1, 0.6)], source="audit")
    after = {f.shape_index: f.id for f in _open(project)}
    assert after[1] == before[1]
    assert after[0] not in before.values()  # an id that was shown never names something else


def test_two_reasons_about_one_shape_are_two_findings(project, sha):
    pair = [NewFinding("broken_rule", sha, 0, 1.0, w) for w in ("too short", "too thin")]
    project.findings.save(pair, source="audit")
    ids = {f.why: f.id for f in _open(project)}
    assert set(ids) == {"too short", "too thin"}
    project.findings.save(pair, source="audit")
    assert {f.id for f in _open(project)} == set(ids.values())


def test_what_was_dismissed_is_not_brought_up_again_while_the_labels_stay(project, sha):
    project.findings.save([_wrong_class(sha, 0), _wrong_class(sha, 1)], source="audit")
    dismissed = next(f for f in _open(project) if f.shape_index == 0)
    project.findings.settle(dismissed.id, "dismissed", "ann", "it is a scratch")
    assert project.findings.save([_wrong_class(sha, 0), _wrong_class(sha, 1)], source="x") == 1
    label(project, sha, box(left=1.0), review=True)
    assert project.findings.save([_wrong_class(sha, 0)], source="audit") == 1


def test_a_dismissed_missed_object_stays_dismissed_when_it_is_found_a_little_beside(
    project, sha
):
    held = project.annotations.consensus()[sha].shapes

    def missed(left):
        return NewFinding("missed_object", sha, None, 0.9, "why", [*held, box(left=left)])

    project.findings.save([missed(50.0)], source="audit")
    project.findings.settle(_open(project)[0].id, "dismissed", "ann")
    assert project.findings.save([missed(51.0), missed(15.0)], source="audit") == 1


def test_a_correction_and_the_decision_are_saved_together(project, sha):
    project.findings.save([_wrong_class(sha, 0)], source="audit")
    fixed = [box("dent", left=1.0), box(left=30.0)]
    finding = _open(project)[0]
    settled = project.findings.settle(
        finding.id, "corrected", "rita", "a dent", correction=fixed
    )
    assert (settled.state, settled.by, settled.note) == ("corrected", "rita", "a dent")
    assert settled.at > settled.found
    held = project.annotations.consensus()[sha]
    assert set(held.shapes) == set(fixed)
    assert (held.labeler, held.review, held.reason, held.book_revision) == (
        "rita",
        True,
        "a dent",
        1,
    )
    entry = project.audit.entries()[0]
    assert (entry.who, entry.action) == ("rita", "settle")
    assert entry.object == f"project/casings/finding/{finding.id}"
    assert entry.details["state"] == "corrected"


def test_a_correction_that_cannot_be_saved_leaves_the_finding_open(project, sha, store, engine):
    project.findings.save([_wrong_class(sha, 0)], source="audit")
    finding = _open(project)[0]
    with store.database.write() as c:
        for statement in BROKEN[engine]:
            c.exec_driver_sql(statement)
    with pytest.raises(StorageError, match="refused: no"):
        project.findings.settle(finding.id, "corrected", "rita", correction=[])
    assert project.findings.get(finding.id) == finding
    assert len(project.annotations.history(sha)) == 1


def test_a_settled_place_is_not_brought_up_again_by_who_still_judges_the_old_labels(
    project, sha
):
    old = project.annotations.consensus()[sha].shapes
    new = _wrong_class(sha, 0, labels_hash=shapes_hash(old))
    project.findings.save([new], source="audit")
    fixed = [box("dent", left=1.0), box(left=30.0)]
    project.findings.settle(_open(project)[0].id, "corrected", "rita", correction=fixed)
    assert project.findings.save([new], source="audit") == 0
    assert project.findings.save([_wrong_class(sha, 0)], source="audit") == 0


def test_settling_the_same_way_twice_changes_nothing_and_otherwise_is_refused(project, sha):
    project.findings.save([_wrong_class(sha, 0), _wrong_class(sha, 1)], source="audit")
    first, second = _open(project)
    fixed = [box("dent", left=1.0), box(left=30.0)]
    once = project.findings.settle(first.id, "corrected", "rita", correction=fixed)
    again = project.findings.settle(first.id, "corrected", "rita", correction=fixed)
    assert again == once
    assert len(project.annotations.history(sha)) == 2
    with pytest.raises(ConflictError, match="settled as corrected by rita"):
        project.findings.settle(first.id, "corrected", "bo", correction=[])
    with pytest.raises(ConflictError, match="settled as corrected by rita"):
        project.findings.settle(first.id, "dismissed", "bo")
    project.findings.settle(second.id, "accepted", "bo")
    assert project.findings.settle(second.id, "accepted", "bo").by == "bo"


def test_two_suggestions_for_one_image_can_both_be_taken(project, sha):
    first_fixed = [box("dent", left=1.0), box(left=30.0)]
    second_fixed = [box(left=1.0), box("dent", left=30.0)]
    project.findings.save(
        [
            _wrong_class(sha, 0, 0.9, suggestion=first_fixed),
            _wrong_class(sha, 1, 0.8, suggestion=second_fixed),
        ],
        source="audit",
    )
    first, second = _open(project)
    project.findings.settle(first.id, "corrected", "rita", correction=first.suggestion)
    carried = project.findings.get(second.id)
    assert set(carried.suggestion) == {box("dent", left=1.0), box("dent", left=30.0)}
    project.findings.settle(second.id, "corrected", "rita", correction=carried.suggestion)
    held = project.annotations.consensus()[sha].shapes
    assert held == (box("dent", left=1.0), box("dent", left=30.0))


def test_a_suggestion_made_before_somebody_relabeled_is_carried_over_or_refused(project, sha):
    fixed = [box("dent", left=1.0), box(left=30.0)]
    project.findings.save([_wrong_class(sha, 0, suggestion=fixed)], source="audit")
    finding = _open(project)[0]
    label(project, sha, box(left=1.0), box(left=30.0), box(left=50.0))
    project.findings.settle(finding.id, "corrected", "rita", correction=finding.suggestion)
    held = project.annotations.consensus()[sha].shapes
    assert held == (box("dent", left=1.0), box(left=30.0), box(left=50.0))

    other = labeled_image(project, "b", box(left=1.0))
    new = _wrong_class(other, 0, suggestion=[box("dent", left=1.0)])
    project.findings.save([new], source="audit")
    finding = _open(project)[0]
    label(project, other, box(left=2.0))
    with pytest.raises(ConflictError, match="its suggestion does not fit"):
        project.findings.settle(finding.id, "corrected", "rita", correction=finding.suggestion)
    own = [box("dent", left=2.0)]
    project.findings.settle(finding.id, "corrected", "rita", correction=own)
    assert project.annotations.consensus()[other].shapes == tuple(own)


def test_a_finding_about_a_shape_that_was_corrected_away_is_dropped(project, sha):
    project.findings.save(
        [_wrong_class(sha, 0), NewFinding("sloppy_outline", sha, 0, 0.5, "loose")],
        source="audit",
    )
    first, second = _open(project)
    project.findings.settle(first.id, "corrected", "rita", correction=[box(left=30.0)])
    with pytest.raises(NotFoundError, match=f"no finding {second.id}"):
        project.findings.get(second.id)


def test_what_was_found_in_labels_that_do_not_hold_any_more_is_left_out(project, sha):
    old = shapes_hash(project.annotations.consensus()[sha].shapes)
    label(project, sha, box(left=2.0))
    assert project.findings.save([_wrong_class(sha, 0, labels_hash=old)], source="audit") == 0


def test_an_unlabeled_image_can_have_findings_and_be_corrected(project):
    sha = add_image(project, "a")
    project.findings.save([NewFinding("missed_object", sha, None, 1, "w", [box()])], source="x")
    finding = _open(project)[0]
    assert finding.labels_hash == ""
    project.findings.settle(finding.id, "corrected", "rita", correction=finding.suggestion)
    assert project.annotations.consensus()[sha].shapes == (box(),)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"score": 1.01}, "must be in"),
        ({"score": float("nan")}, "must be in"),
        ({"shape_index": -1}, "points at shape -1"),
        ({"why": ""}, "say why"),
        ({"kind": ""}, "name its kind"),
    ],
)
def test_an_impossible_finding_is_refused(project, sha, about, message):
    values = {"kind": "k", "sha256": sha, "shape_index": None, "score": 0.5, "why": "w"}
    with pytest.raises(InvalidInputError, match=message):
        project.findings.save([NewFinding(**{**values, **about})], source="audit")


@pytest.mark.parametrize("name", ["f0", "f99", "nope", "", "f-1", "f1e3", "²"])
def test_an_unknown_finding_is_named(project, name):
    with pytest.raises(NotFoundError, match="no finding"):
        project.findings.get(name)


def test_a_finding_is_settled_only_in_ways_there_are(project, sha):
    project.findings.save([_wrong_class(sha, 0)], source="audit")
    finding = _open(project)[0]
    for state, correction in [("open", None), ("done", None), ("dismissed", [box()])]:
        with pytest.raises(InvalidInputError, match=f"cannot be settled as '{state}'"):
            project.findings.settle(finding.id, state, "ann", correction=correction)
    assert project.findings.get(finding.id) == finding
