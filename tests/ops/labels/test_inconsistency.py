"""Groups of look-alikes labeled by two rules: findings, queue, pages, and ceilings."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.labels import BoxShape, ImageClass
from pitmark.core.progress import silent
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.formats.images import encode_png
from pitmark.ops.labels.asked import things_asked, unmarked_objects
from pitmark.ops.labels.audit_record import ARTIFACT, KIND, audit_json, group_of
from pitmark.ops.labels.finding_order import queue
from pitmark.ops.labels.inconsistency import GROUP, MEMBER, Seen, find_groups, without_members
from pitmark.ops.labels.labeling import settle
from pitmark.ops.pages.html import findings_html
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.pages.test_html import read
from tests.ops.report_making import book_of, freeze, guess


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


def filled(store, task, *, count=120, shapes_of):
    """Images with a line or a square by three labelers in turn; gives the records."""
    project = store.create_project(f"parts {task}", task, book_of())
    rng = np.random.default_rng(0)
    records, said = [], []
    for number in range(count):
        pixels = rng.integers(80, 120, (40, 60), dtype=np.uint8)
        rows, columns = (
            (slice(5, 15), slice(5, 25)) if number % 2 else (slice(8, 12), slice(10, 40))
        )
        pixels[rows, columns] = 10 if number % 2 else 240
        sha = project.blobs.put(encode_png(pixels))
        facts = {"camera": f"cam{number % 2}"}
        records.append(ImageRecord(sha, 60, 40, "L", f"part{number:03d}.png", facts))
        who = ("anna", "ben", "eva")[number % 3]
        said.append(NewAnnotation(sha, shapes_of(number, who), who, 1))
    with project.transaction():
        project.images.add_many([(r, "test") for r in records])
        project.annotations.add_many(said)
    return project, records


def looks(count=120):
    """Even images look like scratches, odd ones like dents; far apart."""
    rng = np.random.default_rng(1)
    center = np.where(np.arange(count)[:, None] % 2, 6.0, -6.0) * np.eye(1, 8)
    return (center + rng.normal(0, 1, (count, 8))).astype(np.float32)


def seen_by(project, records, *, predictions=None):
    """What an audit sees: looks as given, or what a model says and no look at all."""
    held = project.annotations.consensus()
    images = [LabeledImage(r, held[r.sha256].shapes, "test") for r in records]
    if predictions is not None:
        return Seen(("dent", "scratch"), predictions, images, {}, {})
    table = dict(zip([r.sha256 for r in records], looks(len(records)), strict=True))
    return Seen((), {}, images, table, {})


def by_ben_differently(number, who):
    """Ben calls a pit mark what the others call a scratch."""
    scratch = "pit mark" if who == "ben" else "scratch"
    return (ImageClass("dent" if number % 2 else scratch),)


@pytest.fixture
def two_rules(store):
    return filled(store, "classification", shapes_of=by_ben_differently)


def test_a_group_comes_with_one_finding_and_its_members_behind_it(two_rules):
    project, records = two_rules
    found = find_groups(project, seen_by(project, records), silent)
    group, *members = found.findings
    assert (group.kind, {m.kind for m in members}) == (GROUP, {MEMBER})
    names = {m.sha256 for m in members}
    mine = {r.sha256 for n, r in enumerate(records) if n % 6 == 4}
    assert names == mine
    assert all(m.suggestion == (ImageClass("scratch"),) for m in members)
    assert all(0 <= m.score <= 1 for m in found.findings)
    for words in ("labeler ben", "other labelers", "pit mark or scratch?"):
        assert words in group.why
    single = NewFinding("wrong_class", min(mine), None, 0.9999, "odd", (ImageClass("dent"),))
    project.findings.save([*found.findings, single], source="audit")
    rows = queue(project, state="open")
    assert [r.kind for r in rows] == [GROUP, *[MEMBER] * len(members), "wrong_class"]
    assert queue(project, limit=1)[0].kind == GROUP
    assert [r.kind for r in queue(project, kind=MEMBER)] == [MEMBER] * len(members)


def test_correcting_a_member_relabels_it_and_the_group_grows_smaller(two_rules):
    project, records = two_rules
    found = find_groups(project, seen_by(project, records), silent)
    project.findings.save(found.findings, source="audit")
    for row in queue(project, kind=MEMBER):
        settle(project, row.id, "correct", by="chief")
    held = project.annotations.consensus()
    assert not any(s.label == "pit mark" for r in held.values() for s in r.shapes)
    assert find_groups(project, seen_by(project, records), silent).findings == ()


def test_a_dismissed_group_does_not_come_back(two_rules):
    project, records = two_rules
    for _ in range(2):
        found = find_groups(project, seen_by(project, records), silent)
        project.findings.save(found.findings, source="audit")
        for row in queue(project, state="open", kind=GROUP):
            settle(project, row.id, "dismiss", by="chief")
    assert [r.state for r in queue(project, kind=GROUP)] == ["dismissed"]


def test_a_single_finding_that_says_the_same_is_left_out_and_others_stay(two_rules):
    project, records = two_rules
    found = find_groups(project, seen_by(project, records), silent).findings
    sha = found[1].sha256
    same = NewFinding("wrong_class", sha, None, 0.8, "x", (ImageClass("scratch"),))
    other = NewFinding("wrong_class", sha, None, 0.8, "x", (ImageClass("dent"),))
    unsure = NewFinding("image_fault", sha, None, 0.8, "x")
    assert without_members([same, other, unsure], found) == [other, unsure]


def test_labels_that_follow_one_rule_have_no_group(store):
    project, records = filled(
        store,
        "classification",
        shapes_of=lambda n, who: (ImageClass("dent" if n % 2 else "scratch"),),
    )
    found = find_groups(project, seen_by(project, records), silent)
    assert (found.findings, found.groups) == ((), ())


def test_few_images_are_not_searched(store):
    project, records = filled(store, "anomaly", count=6, shapes_of=by_ben_differently)
    assert find_groups(project, seen_by(project, records), silent).findings == ()


def marked(number, who):
    """All mark the dent of odd images; ben leaves the scratch of even ones unmarked."""
    if number % 2:
        return (BoxShape("dent", (5.0, 5.0, 25.0, 15.0)),)
    return () if who == "ben" else (BoxShape("scratch", (10.0, 8.0, 40.0, 12.0)),)


def test_an_object_that_one_labeler_never_marks_is_found_by_what_a_detector_sees(store):
    project, records = filled(store, "detection", shapes_of=marked)
    held = {s: r.shapes for s, r in project.annotations.consensus().items()}
    rng = np.random.default_rng(0)
    said = {}
    for number, record in enumerate(records):
        truth = LabeledImage(record, marked(number, "anna"), "test")
        said[record.sha256] = guess("detection", truth, ["dent", "scratch"], rng)
    assert unmarked_objects(held, said)
    found = find_groups(project, seen_by(project, records, predictions=said), silent)
    (group,) = found.groups
    assert {side["label"] for side in group["sides"]} == {"scratch", NOTHING}
    assert "labeler ben" in {side["condition"] for side in group["sides"]}
    assert any(f.kind == MEMBER for f in found.findings)


def kept_audit(project, found):
    info = freeze(project)
    run = project.runs.create(KIND, info.id, {}, 0)
    content = audit_json([], {}, found.groups)
    blob = project.blobs.put(json.dumps(content).encode())
    project.runs.finish(run.id, metrics={}, inspector=None, artifacts={ARTIFACT: blob})
    return run.id


def test_the_page_shows_both_sides_of_a_group_pair_by_pair(two_rules):
    project, records = two_rules
    found = find_groups(project, seen_by(project, records), silent)
    run_id = kept_audit(project, found)
    project.findings.save([replace(f, run_id=run_id) for f in found.findings], source="audit")
    rows = queue(project, kind=GROUP)
    page = read(findings_html(project, rows))
    assert page.count("img") == 12
    for words in (
        "Two rules for one look",
        "labeler ben",
        "ben: pit mark",
        "other labelers",
        "points apart",
        'pitmark rule propose "pit mark" scratch',
        "and 14 more pairs",
    ):
        assert words in page.text
    assert group_of(project, "r9999", rows[0].why) is None
    lost = [replace(r, run_id=None) for r in rows]
    assert "points apart" in read(findings_html(project, lost)).text


def test_things_are_asked_of_every_labeler_and_reviews_speak_alone(store):
    project, records = filled(store, "detection", count=4, shapes_of=marked)
    project.annotations.add(records[1].sha256, (), labeler="eva", book_revision=1)
    project.annotations.add(
        records[2].sha256, (), labeler="chief", book_revision=1, review=True
    )
    things = {t.image.sha256: t for t in things_asked(project)}
    assert set(things) == {records[0].sha256, records[1].sha256, records[3].sha256}
    assert not any(t.settled for t in things.values())
    whole, _ = filled(store, "anomaly", count=2, shapes_of=lambda n, who: ())
    assert [dict(t.said) for t in things_asked(whole)] == [{"anna": NOTHING}, {"ben": NOTHING}]
