"""From people who disagree to a limit in the label book and the labels that contradict it."""

import pytest

from pitmark.core.errors import InvalidInputError, InvalidLabelError, NotEnoughDataError
from pitmark.core.label_book import ClassEntry, NumericRule
from pitmark.core.labels import BoxShape, ImageClass, shape_box
from pitmark.ops.labels.labeling import annotate, settle
from pitmark.ops.labels.rule_accept import LimitRule, accept_limit, accept_proposal, limit_rule
from pitmark.ops.labels.rule_check import check_rules
from pitmark.ops.labels.rules import propose_rules
from pitmark.ops.pages.rules import rule_sections
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.store.db import open_store
from tests.ops.labeled_lines import LONG, SHORT, fill_lines, line_book, line_images
from tests.ops.pages.test_html import read

LIMITS = {"anna": 28.0, "ben": 36.0, "eva": 32.0}


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


@pytest.fixture
def lines(store):
    """A project in mm on which three people have three limits."""
    project = store.create_project("lines", "detection", line_book(mm_per_px=0.1))
    fill_lines(project, LIMITS)
    return project


def rules_of(project, name):
    return project.book.current().entry(name).rules


def test_the_limit_is_proposed_written_down_and_held_against_all_labels(lines):
    (proposal,) = propose_rules(lines)
    assert (proposal.first, proposal.second) == (SHORT, LONG)
    assert proposal.search.feature.name == "length"
    assert proposal.search.proposed == pytest.approx(3.2, rel=0.1)
    assert proposal.unit == "mm"
    assert proposal.flips >= 3
    told = proposal.sentence()
    for words in ("pit mark or scratch?", "length of about", "mm", "anna at", "above it they"):
        assert words in told
    done = accept_proposal(lines, proposal, author="eva")
    limit = proposal.search.proposed
    assert rules_of(lines, LONG) == (NumericRule("length", "mm", minimum=limit),)
    assert rules_of(lines, SHORT) == (NumericRule("length", "mm", maximum=limit),)
    newest = lines.book.history()[-1]
    assert (newest.author, newest.book.revision) == ("eva", done.book.revision)
    assert "People change at a length" in newest.reason
    found = lines.findings.list(kind="broken_rule", state="open")
    assert len(found) == done.check.contradictions
    for row in found:
        held = lines.annotations.consensus([row.sha256])[row.sha256].shapes
        box = shape_box(held[0])
        long = (box[2] - box[0]) * 0.1 > limit
        assert held[0].label == (SHORT if long else LONG)
        assert row.suggestion == (BoxShape(LONG if long else SHORT, box),)


def test_correcting_what_contradicts_a_rule_leaves_nothing_to_correct(lines):
    accept_limit(lines, LimitRule(LONG, SHORT, "length", "mm", 5.0), author="eva")
    rows = lines.findings.list(kind="broken_rule", state="open")
    assert rows
    for row in rows:
        settle(lines, row.id, "correct", by="eva")
    again = check_rules(lines)
    assert again.contradictions == 0
    assert lines.findings.list(kind="broken_rule", state="open") == []
    assert "0 of 40 labels under a rule break it" in again.sentence()


def test_a_limit_between_marking_and_not_marking_touches_one_class_alone(store):
    project = store.create_project("lines", "detection", line_book())
    limits = {"anna": 20.0, "ben": 55.0, "eva": 35.0}
    fill_lines(project, limits, unmarked=True)
    (proposal,) = propose_rules(project, [LONG])
    assert proposal.first == NOTHING
    assert 20 < proposal.search.proposed < 55
    assert proposal.unit == "px"
    done = accept_proposal(project, proposal, author="eva", limit=60, reason="agreed in May")
    assert rules_of(project, LONG) == (NumericRule("length", "px", minimum=60.0),)
    assert rules_of(project, SHORT) == ()
    assert project.book.history()[-1].reason == "agreed in May"
    assert done.check.contradictions > 0
    row = project.findings.list(kind="broken_rule")[0]
    assert row.suggestion == ()


def test_people_who_agree_leave_nothing_to_propose(store):
    project = store.create_project("lines", "detection", line_book())
    fill_lines(project, {"anna": 32.0})
    assert propose_rules(project) == []
    assert "Nobody gives one thing two names" in rule_sections(project, [])[0][1]


def test_answers_without_a_rule_get_none_and_cannot_be_accepted(store):
    project = store.create_project("lines", "detection", line_book())
    records = fill_lines(project, {"anna": 1.0})
    for number, record in enumerate(records):
        if number % 3 == 0:
            box = project.annotations.consensus([record.sha256])[record.sha256].shapes[0]
            annotate(project, record.name, (BoxShape(SHORT, box.box_xyxy),), labeler="anna")
    (proposal,) = propose_rules(project, [SHORT, LONG])
    assert proposal.search.verdict == "no rule"
    assert "No rule found" in proposal.sentence()
    assert proposal.to_json()["proposed"] is None
    with pytest.raises(InvalidInputError, match="there is no limit between"):
        accept_proposal(project, proposal, author="eva")


def whole_images(store, label):
    """A classification project; `label` gives the class by the number of the image."""
    project = store.create_project("parts", "classification", line_book())
    for number, record in enumerate(fill_lines(project, {"anna": 1.0})):
        annotate(project, record.name, (ImageClass(label(number)),), labeler="anna")
    return project


def test_a_rule_on_light_is_written_in_words(store):
    bright = {n: image for n, (_, image) in enumerate(line_images())}
    area = {n: (b[2] - b[0]) * (b[3] - b[1]) for n, b in bright.items()}
    middle = sorted(area.values())[20]
    project = whole_images(store, lambda n: LONG if area[n] > middle else SHORT)
    (proposal,) = propose_rules(project, [SHORT, LONG])
    # The larger the drawn line, the brighter the image and the more its grays differ.
    assert proposal.search.feature.name in ("brightness", "contrast")
    assert proposal.search.feature.measure is None
    done = accept_proposal(project, proposal, author="eva")
    assert "in words, not checkable" in done.rule
    assert "gray levels" in project.book.current().entry(LONG).definition
    assert rules_of(project, LONG) == ()


def test_where_the_camera_decides_no_limit_is_made_of_it(store):
    project = whole_images(store, lambda n: SHORT if n % 2 else LONG)
    (proposal,) = propose_rules(project, [SHORT, LONG])
    assert proposal.search.verdict == "condition"
    assert "camera" in proposal.sentence()
    assert "No limit: where camera is" in proposal.sentence()


def test_a_scale_in_the_metadata_gives_limits_in_mm_image_by_image(store):
    project = store.create_project("lines", "detection", line_book())
    fill_lines(project, LIMITS, metadata=lambda n: {"px_per_mm": 10 if n % 2 else 20})
    done = accept_limit(project, LimitRule(LONG, SHORT, "length", "mm", 2.0), author="eva")
    assert done.book.mm_per_px is None
    assert done.check.skipped == 0
    for row in project.findings.list(kind="broken_rule"):
        record = project.images.get(row.sha256)
        shape = project.annotations.consensus([row.sha256])[row.sha256].shapes[0]
        length = (shape.box_xyxy[2] - shape.box_xyxy[0]) / record.metadata["px_per_mm"]
        assert (length > 2.0) == (shape.label == SHORT)


def test_a_rule_in_mm_without_a_scale_is_not_silently_kept(store):
    project = store.create_project("lines", "detection", line_book())
    fill_lines(project, {"anna": 30.0}, count=12)
    with pytest.raises(InvalidInputError, match="needs the size of a pixel"):
        accept_limit(project, LimitRule(LONG, SHORT, "length", "mm", 2.0), author="eva")
    book = project.book.current().with_entry(
        ClassEntry(LONG, rules=(NumericRule("length", "mm", minimum=2.0),))
    )
    project.book.save(book, "eva")
    told = check_rules(project)
    assert told.skipped > 0
    assert "could not be checked" in told.sentence()


def test_a_new_limit_replaces_the_one_on_the_same_side(lines):
    accept_limit(lines, LimitRule(LONG, SHORT, "length", "mm", 3.0), author="eva")
    accept_limit(lines, LimitRule(LONG, SHORT, "length", "mm", 4.0), author="eva")
    accept_limit(lines, LimitRule(LONG, NOTHING, "area", "mm", 0.1), author="eva")
    assert rules_of(lines, SHORT) == (NumericRule("length", "mm", maximum=4.0),)
    assert set(rules_of(lines, LONG)) == {
        NumericRule("length", "mm", minimum=4.0),
        NumericRule("area", "mm", minimum=0.1),
    }


@pytest.mark.parametrize(
    ("rule", "error", "match"),
    [
        (LimitRule(LONG, SHORT, "length", "mm", 0.0), InvalidInputError, "above 0"),
        (LimitRule(LONG, SHORT, "length", "mm", float("nan")), InvalidInputError, "above 0"),
        (LimitRule(LONG, LONG, "length", "mm", 1.0), InvalidInputError, "parts two classes"),
        (
            LimitRule("crater", SHORT, "length", "mm", 1.0),
            InvalidLabelError,
            "no class 'crater'",
        ),
    ],
)
def test_impossible_limits_are_refused_and_change_nothing(lines, rule, error, match):
    before = lines.book.last_revision()
    with pytest.raises(error, match=match):
        accept_limit(lines, rule, author="eva")
    assert lines.book.last_revision() == before


@pytest.mark.parametrize(
    ("classes", "match"),
    [
        (["a", "b", "c"], "one class from being left unmarked"),
        ([LONG, LONG], "one class from being left unmarked"),
        (["crater"], "no class 'crater'"),
    ],
)
def test_rules_are_asked_for_one_or_two_known_classes(lines, classes, match):
    with pytest.raises(InvalidInputError, match=match):
        propose_rules(lines, classes)


def test_a_limit_given_by_hand_names_measure_unit_and_number():
    rule = limit_rule((SHORT, LONG), measure="area", unit="px", limit=40.0)
    assert rule.text() == "scratch from an area 40 px² upwards, pit mark below"
    for wrong in ({"unit": None}, {"limit": None}, {"measure": "weight"}):
        given = {"measure": "area", "unit": "px", "limit": 4.0, **wrong}
        with pytest.raises(InvalidInputError, match="a measure, a unit and a number"):
            limit_rule((LONG,), **given)


def test_nothing_labeled_has_no_rule(store):
    project = store.create_project("empty", "detection", line_book())
    with pytest.raises(NotEnoughDataError, match="nothing is labeled yet"):
        propose_rules(project)
    assert check_rules(project).contradictions == 0


def test_reviewed_labels_speak_for_the_reviewer_alone(lines):
    for record in lines.images.all():
        shape = lines.annotations.consensus([record.sha256])[record.sha256].shapes[0]
        lines.annotations.add(
            record.sha256, (shape,), labeler="chief", book_revision=1, review=True
        )
    assert propose_rules(lines) == []
    (proposal,) = propose_rules(lines, [SHORT, LONG])
    assert [o.labeler for o in proposal.search.by_labeler] == ["chief"]


def test_the_page_shows_the_histogram_the_labelers_and_the_border_cases(lines):
    proposals = propose_rules(lines)
    ((heading, html),) = rule_sections(lines, proposals)
    found = read(html)
    assert heading == "pit mark or scratch"
    assert found.count("svg") == 1
    assert found.count("img") == 12
    for words in (
        "Who changes where",
        "anna",
        "What foretells the name",
        "Nearest to the limit",
    ):
        assert words in found.text
    assert 'pitmark rule accept "pit mark" scratch' in found.text
