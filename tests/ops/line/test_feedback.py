"""From the line back to the data: what is picked, that nothing is doubled, and the split."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.labels.finding_order import queue
from pitmark.ops.labels.labeling import settle
from pitmark.ops.line.feedback import FeedbackOptions, alarmed, feed_back
from pitmark.ops.line.feedback_choice import FromLine, choose
from pitmark.ops.line.feedback_queue import KIND
from tests.ops.on_the_line import NIGHT, answer, send

NEW = range(100, 140)


def test_images_from_the_line_wait_with_what_the_device_said(line):
    rows = send(line, NEW)
    before = line.images.count()
    done = feed_back(line, options=FeedbackOptions(count=12), by="olga")
    assert (done.added, done.waiting, done.pool) == (12, 12, 40)
    assert line.images.count() == before + 12
    said = {r.sha256: r for r in rows}
    for finding in queue(line, state="open", kind=KIND):
        record, row = line.images.get(finding.sha256), said[finding.sha256]
        assert record.name == row.name
        assert record.metadata["device"] == "press-3"
        assert record.metadata["camera"] == row.facts["tags"]["camera"]
        assert (record.metadata["release"], record.metadata["verdict"]) == (1, row.verdict)
        assert record.metadata["at"] == row.at.isoformat(timespec="seconds")
        assert record.group == row.facts["tags"]["part"]
        assert finding.why.startswith(f"press-3 said {row.verdict}; ")
        if row.verdict == "OK":
            assert finding.suggestion == ()
        elif finding.suggestion is not None:
            assert {s.label for s in finding.suggestion} == {"dent"}


def test_asked_again_it_doubles_nothing_and_fills_up_what_was_answered(line):
    send(line, NEW)
    how = FeedbackOptions(count=10)
    first = feed_back(line, options=how)
    open_ = {f.id for f in line.findings.list(state="open", kind=KIND)}
    again = feed_back(line, options=how)
    assert (first.added, again.added, again.waiting) == (10, 0, 10)
    assert {f.id for f in line.findings.list(state="open", kind=KIND)} == open_
    assert answer(line, most=4) == 4
    third = feed_back(line, options=how)
    assert (third.added, third.waiting) == (4, 10)
    assert open_ - {f.id for f in line.findings.list(state="open", kind=KIND)} == {
        f.id for f in line.findings.list(kind=KIND) if f.state == "corrected"
    }
    assert Counter(f.sha256 for f in line.findings.list(kind=KIND)).most_common(1)[0][1] == 1


def test_a_killed_one_leaves_nothing_half_done(line, monkeypatch):
    send(line, NEW)
    before = line.images.count()

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(line.findings, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        feed_back(line, options=FeedbackOptions(count=10))
    assert line.images.count() == before
    monkeypatch.undo()
    assert feed_back(line, options=FeedbackOptions(count=10)).added == 10


def test_what_was_drawn_at_random_is_tested_on_and_never_learned_from(line):
    send(line, NEW)
    feed_back(line, options=FeedbackOptions(count=20, random_share=0.5))
    answer(line)
    take_snapshot(line)
    _, images = line.snapshots.load()
    drawn = [i for i in images if i.image.metadata.get("picked") == "random"]
    assert len(drawn) == 10
    assert {i.split for i in drawn} == {"test"}
    assert sum(float(i.image.metadata["stands_for"]) for i in drawn) == pytest.approx(40)


def test_images_of_one_part_are_never_on_both_sides(line):
    rows = send(line, NEW)
    line.events.add_many(
        [replace(r, key=f"{r.key}-b", facts={**r.facts, "tags": {}}) for r in rows[:20]]
    )
    feed_back(line, options=FeedbackOptions(count=30, same_part=(), moment_s=5.0))
    answer(line)
    take_snapshot(line)
    _, images = line.snapshots.load()
    splits = {}
    for image in images:
        splits.setdefault(image.image.group_key, set()).add(image.split)
    assert all(len(found) == 1 for found in splits.values())
    assert any("/" in group for group in splits)


def test_after_an_alarm_only_pictures_since_are_asked_about_and_older_ones_fill_up(line):
    send(line, NEW)
    since = send(line, range(200, 220), light=1.5, alarm=True, start=NIGHT + timedelta(hours=1))
    done = feed_back(line, options=FeedbackOptions(count=16))
    shown = {f.sha256 for f in line.findings.list(kind=KIND)}
    assert (done.added, done.pool) == (16, 60)
    assert shown <= {r.sha256 for r in since}
    drawn = [i for i in line.images.iterate() if i.metadata.get("picked") == "random"]
    # They stand for the line as it is now, not as it was.
    assert sum(float(i.metadata["stands_for"]) for i in drawn) == pytest.approx(20)
    more = feed_back(line, options=FeedbackOptions(count=30))
    assert (more.added, more.waiting) == (14, 30)
    groups = [line.images.get(f.sha256).group for f in line.findings.list(kind=KIND)]
    assert len(groups) == len(set(groups)) == 30
    assert {r.sha256 for r in since} <= {f.sha256 for f in line.findings.list(kind=KIND)}


def test_after_an_alarm_what_looks_new_comes_first(line):
    send(line, range(100, 130))
    changed = send(line, range(200, 210), light=1.5, alarm=True, device="press-4")
    how = FeedbackOptions(count=8, random_share=0)
    done = feed_back(line, options=how)
    assert done.alarm
    assert done.picked["new"] >= 4
    new = {f.sha256 for f in line.findings.list(state="open", kind=KIND) if "unlike" in f.why}
    assert len(new & {r.sha256 for r in changed}) >= 0.7 * len(new)


def test_the_newest_word_of_a_device_on_drift_counts(line):
    rows = send(line, range(3), alarm=True)
    rows += send(line, range(3, 6), alarm=False, start=rows[-1].at.replace(hour=5))
    newest_first = sorted(rows, key=lambda r: r.at, reverse=True)
    assert not alarmed(newest_first)
    assert alarmed(newest_first[3:])


def test_a_verdict_is_confirmed_by_one_decision_and_rubbish_is_named(line):
    rows = send(line, NEW)
    broken = replace(rows[0], key="x", name="broken.png", sha256=line.blobs.put(b"no image"))
    line.events.add_many([broken])
    done = feed_back(line, options=FeedbackOptions(count=60, random_share=1.0))
    assert done.added == 40
    assert len(done.problems) == 1
    assert done.problems[0].startswith("broken.png: ")
    finding = next(f for f in line.findings.list(kind=KIND) if f.suggestion == ())
    settle(line, finding.id, "correct", by="olga")
    held = line.annotations.consensus([finding.sha256])[finding.sha256]
    assert (held.shapes, held.labeler) == ((), "olga")


def test_without_images_from_a_device_that_is_said(line):
    with pytest.raises(NotEnoughDataError, match="no device has sent a picture"):
        feed_back(line)
    for wrong in ({"count": 0}, {"random_share": 1.5}, {"moment_s": 0.0}):
        with pytest.raises(InvalidInputError):
            FeedbackOptions(**wrong)


LINES = some.lists(
    some.builds(
        FromLine,
        key=some.integers(0, 10**9).map(str),
        group=some.sampled_from("abcdefgh"),
        stratum=some.sampled_from(["rest", "ng", "doubtful"]),
        doubt=some.none() | some.floats(0, 1),
        strangeness=some.none() | some.floats(0, 3),
        ng=some.booleans(),
    ),
    max_size=40,
    unique_by=lambda i: i.key,
)


@settings(max_examples=200, deadline=None)
@given(LINES, some.integers(1, 30), some.floats(0, 1), some.integers(0, 99))
def test_never_too_many_never_twice_and_never_a_group_on_both_sides(pool, count, share, seed):
    picked = choose(pool, count, random_share=share, parts=Counter(), seed=seed)
    keys = [p.key for p in picked]
    assert len(keys) == len(set(keys)) <= min(count, len(pool))
    group = {p.key: p.group for p in pool}
    apart = {group[p.key] for p in picked if p.pick == "random"}
    assert not apart & {group[p.key] for p in picked if p.pick != "random"}
    assert picked == choose(pool, count, random_share=share, parts=Counter(), seed=seed)
    why = {p.key: p for p in pool}
    for p in picked:
        assert p.pick != "NG" or why[p.key].ng
        assert p.pick != "new" or why[p.key].strangeness is not None
