"""What classes of a real small project need, and the forecast held against what came."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError, NotFoundError
from pitmark.core.labels import ImageClass, MaskShape, mask_shape
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.ops.data.need_evidence import effort_of
from pitmark.ops.data.need_history import history_lines, needs_history
from pitmark.ops.data.need_units import BACKGROUND, GOOD, describe, units_of
from pitmark.ops.data.needs import NeedOptions, find_needs
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.labels.audit_record import ARTIFACT as AUDIT_ARTIFACT
from pitmark.ops.labels.audit_record import KIND as AUDIT
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.ops.labels.labeling import annotate
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.needy_parts import BOOK, add_images, picture

SCARCE = {"plain": 30, "lines": 30, "spots": 10}


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


@pytest.fixture
def parts(store):
    """A project with a snapshot and few examples of one class."""
    project = store.create_project("parts", "classification", BOOK)
    add_images(project, SCARCE)
    take_snapshot(project)
    return project


def named(found, name):
    return next(n for n in found.needs if n.name == name)


def test_every_class_gets_an_answer_and_the_forecast_is_kept(parts):
    found = find_needs(parts, options=NeedOptions(more=20))
    assert {n.name for n in found.needs} == set(SCARCE)
    assert {n.name: n.count for n in found.needs} == SCARCE
    for need in found.needs:
        assert need.answer.gain.low <= need.answer.gain.median <= need.answer.gain.high
    row = parts.runs.get(found.run_id)
    assert (row.kind, row.state) == ("needs", "done")
    assert json.loads(parts.blobs.read(row.artifacts["forecast"])) == found.to_json()
    again = find_needs(parts, options=NeedOptions(more=20))
    assert [n.to_json() for n in again.needs] == [n.to_json() for n in found.needs]
    assert "No audit yet" in " ".join(found.lines())


def test_what_was_foretold_is_held_against_what_new_labels_brought(parts):
    find_needs(parts, options=NeedOptions(more=20))
    (told,) = needs_history(parts)
    assert told["checks"] == []
    assert "Nothing to check yet" in "\n".join(history_lines([told]))
    add_images(parts, {"spots": 20}, start=100)
    take_snapshot(parts)
    (told,) = needs_history(parts)
    (check,) = told["checks"]
    assert (check["class"], check["kind"], check["number"]) == ("spots", "label", 20)
    assert check["inside"] == (
        check["foretold"]["low"] <= check["realized"]["median"] <= check["foretold"]["high"]
    )
    kept = parts.runs.get(told["run"]).artifacts["check"]
    assert json.loads(parts.blobs.read(kept))["checks"] == [check]
    assert needs_history(parts) == [told]
    assert "spots, 20 new labels: foretold" in "\n".join(history_lines([told]))


def test_corrected_labels_are_checked_too(store):
    project = store.create_project("parts", "classification", BOOK)
    records = add_images(project, {"plain": 30, "spots": 30}, wrong=range(8))
    take_snapshot(project)
    find_needs(project)
    for record in [r for r in records if r.name.startswith("spots")][:8]:
        annotate(project, record.sha256, (ImageClass("spots"),), labeler="anna")
    take_snapshot(project)
    checks = needs_history(project)[0]["checks"]
    assert {(c["class"], c["kind"], c["number"]) for c in checks} == {
        ("plain", "fix", 8),
        ("spots", "fix", 8),
    }


def test_doubted_labels_ask_to_be_fixed_and_are_not_judged_on(parts):
    rows = [r for r in parts.images.all() if r.name.startswith("lines")][:8]
    parts.findings.save(
        [NewFinding("wrong_class", r.sha256, None, 0.9, "looks plain") for r in rows],
        source="audit",
    )
    need = named(find_needs(parts, options=NeedOptions(minutes=2)), "lines")
    kinds = {a.kind for a in (need.answer, *need.others)}
    assert "fix" in kinds
    assert "Of 30 labels of lines about 24 in 100 are wrong" in need.trade


def test_a_group_labeled_by_two_rules_asks_to_settle_the_rule(parts):
    sha = parts.images.all()[0].sha256
    sentence = "eva: lines; anna: plain"
    sides = [{"label": "lines", "votes": 9}, {"label": "plain", "votes": 40}]
    blob = parts.blobs.put(
        json.dumps({"groups": [{"sentence": sentence, "sides": sides}]}).encode()
    )
    row = parts.runs.create(AUDIT, parts.snapshots.info().id, {}, 0)
    parts.runs.finish(row.id, metrics={}, inspector=None, artifacts={AUDIT_ARTIFACT: blob})
    parts.findings.save(
        [NewFinding(GROUP, sha, None, 0.99, sentence, run_id=row.id)], source="audit"
    )
    found = find_needs(parts)
    assert found.audited
    need = named(found, "lines")
    rules = [a for a in (need.answer, *need.others) if a.kind == "rule"]
    assert rules[0].number == 9
    assert "Settle the rule between lines and plain" in rules[0].text
    assert all(a.kind != "rule" for a in named(found, "spots").others)


def test_objects_are_compared_with_each_other_and_with_the_background(store):
    project = store.create_project("parts", "detection", BOOK)
    add_images(project, {"lines": 14, "spots": 14})
    take_snapshot(project)
    found = find_needs(project)
    assert {n.name for n in found.needs} == {"lines", "spots"}
    assert "whether objects are found and outlined is not judged" in found.proxy


def test_places_without_an_object_avoid_objects_and_stay_the_same():
    record = ImageRecord("ab" * 32, 200, 100, "L", "part.png")
    mask = np.zeros((100, 200), bool)
    mask[10:40, 20:60] = True
    item = LabeledImage(record, (mask_shape("dent", mask),), "train")
    one, other = (units_of([item], "segmentation") for _ in range(2))
    assert one == other
    assert [u.label for u in one] == ["dent", BACKGROUND]
    assert one[0].box_xyxy == (20, 10, 60, 40)
    x1, y1, x2, y2 = one[1].box_xyxy
    assert (x2 - x1, y2 - y1) == (40, 30)
    assert x1 >= 59 or x2 <= 21 or y1 >= 39 or y2 <= 11
    empty = LabeledImage(record, (MaskShape("dent", (200, 100), (20000,)),), "train")
    assert units_of([empty], "segmentation") == []


def test_of_too_many_examples_the_scarce_class_stays_whole():
    pictures = {
        f"{k}{n}": picture(k, n) for k, m in (("plain", 40), ("spots", 6)) for n in range(m)
    }
    images = [
        LabeledImage(
            ImageRecord(name, 64, 64, "L", name),
            (ImageClass(name.rstrip("0123456789")),),
            "train",
        )
        for name in pictures
    ]
    units = units_of([*images, LabeledImage(images[0].image, None, "train")], "classification")
    assert len(units) == 46
    seen = describe(pictures.__getitem__, units, most=20)
    labels = [u.label for u in seen.units]
    assert (labels.count("spots"), labels.count("plain")) == (6, 14)
    assert seen.counts == {"plain": 40, "spots": 6}
    assert len(seen.vectors) == len(seen.measures["contrast"]) == 20


def test_an_image_without_a_mark_is_good():
    image = LabeledImage(ImageRecord("a", 9, 9, "L", "a"), (), "train")
    assert [u.label for u in units_of([image], "anomaly")] == [GOOD]


def test_minutes_come_from_the_user_the_labels_or_what_is_usual(parts, monkeypatch):
    images = parts.snapshots.load()[1]
    assert effort_of(parts, images).label == 0.1
    assert effort_of(parts, images, minutes=3).label == 3
    rows = parts.annotations.all_latest()
    spread = {
        sha: {
            who: replace(row, at=row.at + timedelta(seconds=12 * n))
            for who, row in said.items()
        }
        for n, (sha, said) in enumerate(rows.items())
    }
    monkeypatch.setattr(parts.annotations, "all_latest", lambda: spread)
    measured = effort_of(parts, images)
    assert measured.measured
    assert measured.label == pytest.approx(0.2, rel=0.01)


def test_one_class_alone_is_too_little(store):
    project = store.create_project("parts", "classification", BOOK)
    add_images(project, {"plain": 8})
    take_snapshot(project)
    with pytest.raises(NotEnoughDataError, match="two labeled classes are needed, found plain"):
        find_needs(project)
    assert history_lines(needs_history(project)) == ["No forecast yet. Make one: pitmark needs"]


def test_a_class_with_one_image_is_told_to_be_too_small(store):
    project = store.create_project("parts", "classification", BOOK)
    add_images(project, {"plain": 12, "lines": 12, "spots": 1})
    take_snapshot(project)
    found = find_needs(project)
    assert found.left_out == ("spots",)
    assert "Too few images to judge: spots." in found.lines()


@pytest.mark.parametrize(
    ("options", "told"),
    [({"more": 0}, "1 to 100000"), ({"minutes": -1.0}, "above 0")],
)
def test_impossible_options_are_refused(options, told):
    with pytest.raises(InvalidInputError, match=told):
        NeedOptions(**options)


def test_an_unknown_snapshot_is_an_error(parts):
    with pytest.raises(NotFoundError, match="no snapshot"):
        find_needs(parts, options=NeedOptions(snapshot="fff"))
