"""The order of the queue, how a review stands, and what it says about stopping."""

import sqlite3

import numpy as np
import pytest

from pitmark.core.labels import ImageClass
from pitmark.ops.labels.finding_order import (
    explained,
    learned_for_order,
    queue,
    ranked,
    with_suggestions,
)
from pitmark.ops.labels.labeling import settle
from pitmark.ops.labels.review import review_status
from pitmark.ops.labels.review_undo import undo
from pitmark.ops.labels.review_worth import weigh_findings
from pitmark.ops.pages.html import findings_html
from pitmark.ops.pages.review import write_review_page
from pitmark.quality.review.stop import StopRule
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.pages.test_html import read
from tests.ops.report_making import book_of, fill, freeze, noisy_images


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


def classes(store, count=60, *, frozen=True):
    """Good parts and defects, a third each in train, val and test; gives sha to split."""
    project = store.create_project("casings", "classification", book_of())
    fill(project, noisy_images(count))
    if not frozen:
        return project, {}
    freeze(project)
    _, images = project.snapshots.load()
    return project, {i.image.sha256: i.split for i in images}


def doubt(sha, score, **about):
    return NewFinding("wrong_class", sha, None, score, "odd", (ImageClass("good"),), **about)


def filed(project, scores):
    project.findings.save([doubt(s, p) for s, p in scores.items()], source="audit")


def of_split(splits, split):
    return [s for s, its in splits.items() if its == split]


def test_the_test_set_comes_first_then_validation_then_training(store):
    project, splits = classes(store)
    rng = np.random.default_rng(0)
    filed(project, {s: float(rng.uniform(0.2, 0.9)) for s in splits})
    found = ranked(project, state="open")
    assert [r.split for r in found] == sorted(
        (r.split for r in found), key=["test", "val", "train"].index
    )
    for split in ("test", "val", "train"):
        gains = [r.gain_per_minute for r in found if r.split == split]
        assert gains == sorted(gains, reverse=True)
    assert "falsifies the score" in found[0].because


def test_what_is_hardly_ever_a_fault_comes_after_everything_but_is_never_hidden(store):
    project, splits = classes(store)
    test, train = of_split(splits, "test"), of_split(splits, "train")
    filed(project, {test[0]: 0.02, test[1]: 0.5, train[0]: 0.4, train[1]: 0.04})
    found = ranked(project, state="open")
    assert [r.row.sha256 for r in found] == [test[1], train[0], test[0], train[1]]
    assert "after all that are likelier than 1 in 20" in found[2].because


def test_a_label_of_a_small_class_comes_before_a_likelier_one_of_a_large_class(store):
    project, splits = classes(store)
    held = project.annotations.consensus()
    train = of_split(splits, "train")
    good = [s for s in train if held[s].shapes[0].label == "good"]
    rare = next(s for s in train if s not in good)
    for sha in train:
        if sha not in (*good, rare):
            settle_as(project, sha, "good")
    found = [
        NewFinding("wrong_class", good[0], None, 0.6, "odd", None),
        NewFinding("wrong_class", rare, None, 0.3, "odd", None),
    ]
    project.findings.save(found, source="audit")
    first, second = ranked(project, state="open")
    assert (first.row.sha256, second.row.sha256) == (rare, good[0])
    label = held[rare].shapes[0].label
    assert f"{label} has 1 label there" in first.because


def settle_as(project, sha, label):
    project.annotations.add(
        sha, (ImageClass(label),), labeler="x", book_revision=1, review=True
    )


def test_without_a_snapshot_the_queue_goes_by_gain_alone(store):
    project, _ = classes(store, frozen=False)
    shas = [r.sha256 for r in project.images.all()]
    filed(project, dict.fromkeys(shas[:4], 0.5) | {shas[5]: 0.9})
    found = ranked(project, state="open")
    assert found[0].row.sha256 == shas[5]
    assert "in no snapshot yet" in found[0].because


def test_what_findings_are_worth_is_kept_and_gives_the_same_order(store):
    project, splits = classes(store)
    rng = np.random.default_rng(1)
    filed(project, {s: float(rng.uniform(0, 1)) for s in splits})
    before = ranked(project)
    assert weigh_findings(project) == len(splits)
    assert ranked(project) == before
    kept = {r.id: r.expected_gain for r in project.findings.list()}
    assert all(
        kept[r.row.id] == pytest.approx(r.row.score * r.row.weight["value"]) for r in before
    )


def test_the_order_stays_for_twenty_decisions_then_takes_up_what_was_learned(store):
    project, splits = classes(store, 80)
    test = of_split(splits, "test")
    found = [doubt(s, 0.9) for s in of_split(splits, "val")[:20]]
    found += [doubt(test[0], 0.6), NewFinding("image_fault", test[1], None, 0.4, "odd")]
    project.findings.save(found, source="audit")
    watched = [r.id for r in queue(project, state="open") if r.sha256 in test]
    for number, row in enumerate(project.findings.list(kind="wrong_class")[:20]):
        chances = [r.chance for r in ranked(project, state="open") if r.row.id in watched]
        assert max(chances) == pytest.approx(0.6)
        settle(project, row.id, "dismiss", by=f"eva{number}")
    after = {r.row.kind: r for r in ranked(project, state="open")}
    assert after["wrong_class"].chance < 0.3
    assert after["wrong_class"].row.score == 0.6
    assert after["image_fault"].chance == pytest.approx(0.4)


def decided(project, count, *, faults):
    """Settles the first of the queue; gives their ids."""
    rows = queue(project, state="open")[:count]
    for number, row in enumerate(rows):
        settle(project, row.id, "correct" if number < faults else "dismiss", by="eva")
    return [r.id for r in rows]


def defects(project):
    held = project.annotations.consensus()
    return [s for s in held if held[s].shapes[0].label != "good"]


def test_a_review_tells_what_was_found_what_is_left_and_whether_to_go_on(store):
    project, _ = classes(store, 120)
    filed(project, dict.fromkeys(defects(project), 0.6))
    start = review_status(project)
    assert (start.advice, start.decisions, start.stop) == ("too_early", 0, False)
    decided(project, 25, faults=15)
    status = review_status(project)
    assert (status.recent.count, status.recent.total) == (10, 20)
    assert (status.promised, status.found) == (pytest.approx(15), 15)
    assert "10 of the last 20 were faults (50.0 %, between" in " ".join(status.sentences())
    assert status.left.low < 0.6 * 35 < status.left.high
    assert status.advice == "go_on"
    assert sum(s.open_count for s in status.splits) == 35
    assert "for a fault" in status.sentence()


def test_a_review_that_finds_nothing_any_more_says_stop(store):
    project, _ = classes(store, 160)
    filed(project, dict.fromkeys(defects(project), 0.2))
    decided(project, 60, faults=0)
    status = review_status(project)
    assert (status.advice, status.stop) == ("not_worth_it", True)
    assert status.sentence().startswith("Stop: ")
    patient = review_status(project, rule=StopRule(minutes_per_fault=1000))
    assert patient.advice == "go_on"
    lax = review_status(project, rule=StopRule(most_left=0.5))
    assert lax.advice == "few_left"
    assert "the limit is 50.0 %" in lax.sentence()


def test_an_empty_queue_is_the_end_and_undo_opens_it_again(store):
    project, _ = classes(store, 16)
    filed(project, dict.fromkeys(defects(project)[:2], 0.9))
    decided(project, 2, faults=2)
    assert review_status(project).sentence() == "Nothing is left in the queue."
    undo(project, by="eva")
    status = review_status(project)
    assert (status.states["open"], status.decisions, status.advice) == (1, 1, "too_early")


def test_the_status_is_plain_json_with_the_sentences(store):
    project, _ = classes(store, 40)
    assert review_status(project).to_json()["kinds"] == []
    filed(project, dict.fromkeys(defects(project), 0.5))
    decided(project, 3, faults=1)
    told = review_status(project).to_json()
    assert told["calibration"] == {"promised": 1.5, "found": 1}
    assert told["findings"]["dismissed"] == 2
    assert told["sentence"].startswith("Go on: 3 decisions are too few")
    (kind,) = told["kinds"]
    assert (kind["kind"], kind["decided"], kind["open"]) == ("wrong_class", 3, 17)
    assert kind["timed"] is False


def test_the_page_shows_status_reasons_and_how_to_take_back(store, tmp_path):
    project, _ = classes(store, 40)
    filed(project, dict.fromkeys(defects(project), 0.5))
    (first,) = decided(project, 1, faults=1)
    write_review_page(project, review_status(project), tmp_path / "review.html")
    page = read((tmp_path / "review.html").read_text(encoding="utf-8"))
    for words in ("How the review stands", "Go on: 1 decisions", "Here because: test set"):
        assert words in page.text
    settled = read(findings_html(project, project.findings.list(state="corrected")))
    assert f"pitmark undo {first}" in settled.text


def test_a_page_of_findings_is_the_same_as_when_all_shapes_are_read_for_the_order(store):
    project, splits = classes(store)
    rng = np.random.default_rng(3)
    filed(project, {s: float(rng.uniform(0.01, 0.99)) for s in splits})
    weigh_findings(project)
    for one in ranked(project, state="open")[::3]:
        settle(project, one.row.id, "correct", by="ann")
    for state in ("open", "corrected", None):
        whole = explained(
            project, project.findings.list(state=state), learned_for_order(project)
        )
        by_id = {r.row.id: r for r in whole}
        page = ranked(project, state=state)
        assert len(page) == len(whole)
        assert page == ranked(project, state=state)
        shown = with_suggestions(project, page[5:15])
        assert shown == [by_id[r.row.id] for r in page[5:15]]
        assert [r.row.suggestion for r in shown] == [(ImageClass("good"),)] * len(shown)
        gains = [(r.chance < 0.05, r.split, -r.gain_per_minute) for r in page]
        order = ["test", "val", "train"]
        assert gains == sorted(gains, key=lambda g: (g[0], order.index(g[1]), g[2]))


def test_the_order_is_made_without_reading_what_findings_suggest(store, tmp_path):
    project, splits = classes(store)
    filed(project, dict.fromkeys(list(splits)[:4], 0.5))
    weigh_findings(project)
    before = [r.row.id for r in ranked(project)]
    with sqlite3.connect(tmp_path / "home" / "pitmark.db") as connection:
        connection.execute("UPDATE findings SET suggestion = '{unreadable'")
    connection.close()
    assert [r.row.id for r in ranked(project)] == before
    with pytest.raises(ValueError, match="property name"):
        with_suggestions(project, ranked(project)[:1])
