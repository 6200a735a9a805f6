"""A group settled in one decision with the side chosen, and taken back as one."""

from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.core.labels import ImageClass
from pitmark.core.progress import silent
from pitmark.core.records import LabeledImage
from pitmark.ops.labels.finding_order import queue
from pitmark.ops.labels.inconsistency import GROUP, MEMBER, find_groups
from pitmark.ops.labels.labeling import annotate
from pitmark.ops.labels.review_groups import settle_group
from pitmark.ops.labels.review_log import looks_of
from pitmark.ops.labels.review_undo import undo
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.store.db import open_store
from tests.ops.labels.test_inconsistency import (
    by_ben_differently,
    filled,
    kept_audit,
    marked,
    seen_by,
)
from tests.ops.report_making import guess


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


def audited(project, records, predictions=None):
    """Findings of the group as an audit files them; gives the group's."""
    found = find_groups(project, seen_by(project, records, predictions=predictions), silent)
    run_id = kept_audit(project, found)
    project.findings.save([replace(f, run_id=run_id) for f in found.findings], source="audit")
    return queue(project, kind=GROUP)[0]


@pytest.fixture
def two_rules(store):
    project, records = filled(store, "classification", shapes_of=by_ben_differently)
    return project, audited(project, records)


@pytest.fixture
def unmarked(store):
    """Ben leaves scratches unmarked."""
    project, records = filled(store, "detection", shapes_of=marked)
    rng = np.random.default_rng(0)
    said = {}
    for number, record in enumerate(records):
        truth = LabeledImage(record, marked(number, "anna"), "test")
        said[record.sha256] = guess("detection", truth, ["dent", "scratch"], rng)
    return project, audited(project, records, said)


def labels(project):
    return {sha: row.shapes for sha, row in project.annotations.consensus().items()}


def names(project):
    return [s.label for shapes in labels(project).values() for s in shapes]


def test_one_command_relabels_the_smaller_side_and_undo_takes_it_back_as_one(two_rules):
    project, group = two_rules
    before, findings = labels(project), project.findings.list()
    members = queue(project, kind=MEMBER)
    done = settle_group(
        project, group.id, "correct", by="chief", label="scratch", note="agreed"
    )
    assert (done.relabeled, done.kept, done.passed_over) == (20, 0, 0)
    assert "20 labels are scratch now" in done.sentence()
    assert "pit mark" not in names(project)
    assert {r.state for r in project.findings.list()} == {"corrected"}
    row = project.annotations.consensus()[members[0].sha256]
    assert (row.labeler, row.review, row.reason) == ("chief", True, "agreed")
    undone = undo(project, by="chief")
    assert len(undone.settled) == 21
    assert f"{group.id} and the 20 findings settled with it are open again" in undone.sentence()
    assert (labels(project), project.findings.list()) == (before, findings)


def test_the_other_side_may_be_the_right_one(two_rules):
    project, group = two_rules
    before, findings = labels(project), project.findings.list()
    done = settle_group(project, group.id, "correct", by="chief", label="pit mark")
    changed = [sha for sha, shapes in labels(project).items() if shapes != before[sha]]
    assert done.relabeled == len(changed) > 0
    assert all(before[sha] == (ImageClass("scratch"),) for sha in changed)
    assert all(labels(project)[sha] == (ImageClass("pit mark"),) for sha in changed)
    states = {r.kind: r.state for r in project.findings.list()}
    assert states == {GROUP: "corrected", MEMBER: "dismissed"}
    undo(project, group.id, by="chief")
    assert (labels(project), project.findings.list()) == (before, findings)


@pytest.mark.parametrize("right", ["scratch", NOTHING])
def test_objects_are_marked_or_removed_all_at_once(unmarked, right):
    project, group = unmarked
    before, findings = labels(project), project.findings.list()
    count = names(project).count("scratch")
    done = settle_group(project, group.id, "correct", by="chief", label=right)
    assert done.relabeled > 0
    change = done.relabeled if right == "scratch" else -done.relabeled
    assert names(project).count("scratch") == count + change
    undo(project, by="chief")
    assert (labels(project), project.findings.list()) == (before, findings)


@pytest.mark.parametrize("decision", ["dismiss", "accept"])
def test_a_group_may_be_decided_without_changing_a_label(two_rules, decision):
    project, group = two_rules
    before = labels(project)
    done = settle_group(project, group.id, decision, by="chief")
    assert (done.relabeled, done.kept) == (0, 20)
    assert labels(project) == before
    assert len({r.state for r in project.findings.list()}) == 1
    assert len(undo(project, by="chief").settled) == 21


def test_a_group_settled_as_one_is_one_decision_in_the_figures(two_rules):
    project, group = two_rules
    settle_group(project, group.id, "correct", by="chief", label="scratch")
    (look,) = looks_of(project)
    assert (look.kind, look.fault, look.by) == (GROUP, True, "chief")


def test_one_label_of_a_group_can_be_taken_back_alone(two_rules):
    project, group = two_rules
    settle_group(project, group.id, "correct", by="chief", label="scratch")
    one = queue(project, kind=MEMBER)[3]
    assert len(undo(project, one.id, by="chief").settled) == 1
    assert names(project).count("pit mark") == 1
    assert len(undo(project, group.id, by="chief").settled) == 20
    assert names(project).count("pit mark") == 20


def test_a_group_is_not_taken_back_in_part_where_one_label_changed_since(two_rules):
    project, group = two_rules
    settle_group(project, group.id, "correct", by="chief", label="scratch")
    member = queue(project, kind=MEMBER)[5]
    project.annotations.add(
        member.sha256, (ImageClass("dent"),), labeler="bo", book_revision=1, review=True
    )
    before = labels(project)
    with pytest.raises(ConflictError, match="have changed since"):
        undo(project, by="chief")
    assert labels(project) == before
    assert {r.state for r in project.findings.list()} == {"corrected"}


def test_what_somebody_changed_before_is_passed_over(two_rules):
    project, group = two_rules
    wanted = group.related[0]
    annotate(
        project, wanted, (ImageClass("dent"),), labeler=_labeler(project, wanted), reason="seen"
    )
    done = settle_group(project, group.id, "correct", by="chief", label="pit mark")
    assert done.passed_over >= 1
    assert labels(project)[wanted] == (ImageClass("dent"),)


def _labeler(project, sha):
    return project.annotations.consensus()[sha].labeler


def test_what_cannot_be_settled_as_a_group_is_told_and_nothing_is_changed(two_rules):
    project, group = two_rules
    member = queue(project, kind=MEMBER)[0]
    before = labels(project), project.findings.list()
    refused = [
        (
            InvalidInputError,
            "is no group but inconsistent label",
            (member.id, "correct", "dent"),
        ),
        (
            InvalidInputError,
            "say which side is right: pit mark or",
            (group.id, "correct", None),
        ),
        (InvalidInputError, "not dent", (group.id, "correct", "dent")),
        (InvalidInputError, "without correct", (group.id, "dismiss", "scratch")),
        (InvalidInputError, "unknown decision 'relabel'", (group.id, "relabel", None)),
        (NotFoundError, "no finding f999", ("f999", "correct", "scratch")),
    ]
    for error, words, (finding, decision, label) in refused:
        with pytest.raises(error, match=words) as told:
            settle_group(project, finding, decision, by="chief", label=label)
        assert told.value.hint
    assert (labels(project), project.findings.list()) == before
    settle_group(project, group.id, "dismiss", by="chief")
    with pytest.raises(ConflictError, match="settled as dismissed by chief") as told:
        settle_group(project, group.id, "correct", by="chief", label="scratch")
    assert f"pitmark undo {group.id}" in told.value.hint


def test_a_group_whose_audit_is_gone_asks_for_another(two_rules):
    project, _ = two_rules
    lost = [
        replace(f, run_id=None)
        for f in find_groups(project, seen_by(project, project.images.all()), silent).findings
    ]
    project.findings.save(lost, source="audit")
    (row,) = queue(project, kind=GROUP, state="open")
    with pytest.raises(NotFoundError, match="audit that found group"):
        settle_group(project, row.id, "correct", by="chief", label="scratch")
