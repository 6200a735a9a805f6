"""Correct, update, go on: what is let out, what is refused, and kills between all steps."""

from datetime import timedelta

import pytest

from pitmark.core.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotEnoughDataError,
)
from pitmark.edge.bundle_file import read_bundle
from pitmark.ops.line import promotion, updating
from pitmark.ops.line.feedback import FeedbackOptions, feed_back
from pitmark.ops.line.limits import Actor, Limits, expect_allowed, limits_of, set_limits
from pitmark.ops.line.promotion import PromoteOptions, promote
from pitmark.ops.line.promotion_facts import in_use
from pitmark.ops.line.promotion_watch import watch_over
from pitmark.ops.line.rollback import roll_back
from pitmark.ops.line.schedule import is_due, set_schedule
from pitmark.ops.line.updating import update
from pitmark.store.events import EventRow
from tests.ops.on_the_line import NIGHT, answer, send

OLGA = Actor("olga", "operator")
ADA = Actor("ada", "admin")
LOOSE = {"gate": {"margin": 1.0, "ng_rise": 1.0}}


def corrected(line, count=24):
    """The light of the line changes, and an operator answers what is asked."""
    send(line, range(100, 130), light=1.5, alarm=True)
    feed_back(line, options=FeedbackOptions(count=count), by="olga")
    return answer(line)


@pytest.fixture
def ready(line):
    """A line with corrections, and limits under which any new version passes."""
    set_limits(line, LOOSE, actor=ADA)
    corrected(line)
    return line


def everything(line):
    """What must never be doubled."""
    return (
        len(line.releases.list()),
        len([p for p in line.promotions.list() if p.decision == "promoted"]),
        len([r for r in line.runs.list(kind="train") if r.state == "done"]),
        len(line.updates.list()),
    )


def test_corrections_become_a_version_that_is_in_use(ready, tmp_path):
    told = []
    done = update(ready, tmp_path, actor=OLGA, report=lambda p: told.append(p.stage))
    assert done.promoted, done.sentences()
    assert everything(ready) == (2, 1, 2, 1)
    used = in_use(ready)
    assert (used.run.id, used.version) == (done.promotion.run_id, 2)
    bundle = read_bundle(done.path)
    assert bundle.manifest.version == 2
    assert bundle.manifest.gate["promotion"]["not_worse"] == "passed"
    # It began from the champion, with its settings, on the newest data.
    before, after = (ready.runs.get(r) for r in ("r0001", done.promotion.run_id))
    assert after.settings["init"].endswith("r0001.safetensors")
    changed = {k for k in after.settings if after.settings[k] != before.settings[k]}
    assert changed <= {"init", "threads", "input_wh"}
    names = [c["name"] for c in done.promotion.record["checks"]]
    assert names == [
        "must_catch",
        "not_worse",
        "everywhere",
        "same_on_device",
        "side_by_side",
        "first_devices",
        "way_back",
    ]
    assert set(told) == {"making the new version", "checking the new version"}
    with pytest.raises(NotEnoughDataError, match="nothing was labeled or corrected"):
        update(ready, actor=OLGA)
    # Asked once more to put it into use, the same promotion is told.
    assert promote(ready, used.run.id, actor=OLGA).row == done.promotion
    back_again(ready)


def back_again(line):
    """The way back, by hand and by itself."""
    calm = [{"verdict": "OK", "release": 2}] * 60
    _events(line, calm)
    assert watch_over(line).back_to is None
    _events(line, [{"verdict": "NG", "release": 2}] * 200)
    found = watch_over(line)
    assert found.back_to == 1
    assert in_use(line).run.id == "r0001"
    assert (in_use(line).version, line.releases.get().version) == (3, 3)
    newest = line.promotions.get()
    assert (newest.decision, newest.by) == ("rolled back", "way back")
    assert "of 260 parts 77% were NG with version 2" in newest.record["reason"]
    assert watch_over(line).back_to is None
    assert len(line.releases.list()) == 3


def _events(line, rows):
    start = len(line.events.list(limit=10_000))
    line.events.add_many(
        [
            EventRow(key=f"e{start + n}", at=NIGHT + timedelta(hours=1, seconds=n), score=None,
                     name="x", device="press-3", **about)
            for n, about in enumerate(rows)
        ]
    )  # fmt: skip


class Killed(BaseException):
    """Ends a step as a kill would: nothing of ours catches it."""


PLACES = (
    ("train", updating),
    ("drafted", updating),
    ("gate", updating),
    ("decide", updating),
    ("reissue", promotion),
    ("copied", updating),
)


def test_killed_before_and_after_every_step_it_goes_on_and_doubles_nothing(
    ready, tmp_path, monkeypatch
):
    kills = 0
    for name, module in PLACES:
        for after in (False, True):
            real = getattr(module, name)

            def killed(*args, _real=real, _after=after, **kwargs):
                if _after:
                    _real(*args, **kwargs)
                raise Killed

            with monkeypatch.context() as patch:
                patch.setattr(module, name, killed)
                with pytest.raises(Killed):
                    update(ready, tmp_path, actor=OLGA)
            kills += 1
            done = len(ready.releases.list()) == 2
            if done:
                break
            assert ready.updates.get(1).state == "interrupted"
            assert ready.promotions.list() == []
        if len(ready.releases.list()) == 2:
            break
    assert kills >= 10
    assert everything(ready) == (2, 1, 2, 1)
    assert ready.updates.get(1).state == "done"
    assert in_use(ready).version == 2


def test_a_worse_version_is_refused_and_the_record_of_it_stays(line):
    corrected(line)
    # Nothing can pass a rule that asks for a rise.
    set_limits(line, {"gate": {"margin": 1e-9}}, actor=ADA)
    done = update(line, actor=OLGA)
    assert (done.promoted, done.row.state) == (False, "refused")
    assert (in_use(line).version, len(line.releases.list())) == (1, 1)
    (kept,) = line.promotions.list()
    assert (kept.decision, kept.version, kept.champion) == ("refused", None, "r0001")
    assert line.promotions.alias("candidate").run_id == kept.run_id
    over = PromoteOptions(override=("not_worse",))
    with pytest.raises(NotAllowedError, match="may not pass over the check 'not_worse'"):
        promote(line, kept.run_id, options=over, actor=OLGA)
    tried = promote(line, kept.run_id, options=PromoteOptions(dry_run=True), actor=OLGA)
    assert (tried.row, tried.record["passed"]) == (None, False)
    assert len(line.promotions.list()) == 1
    done = promote(line, kept.run_id, options=over, actor=ADA)
    assert done.promoted
    assert done.record["overridden"] == ["not_worse"]
    assert in_use(line).version == 2
    again = roll_back(line, 1, line.work, by="olga")
    assert in_use(line).run.id == "r0001"
    assert line.promotions.get().version == again.row.version == 3


def test_thresholds_chosen_after_a_trial_are_those_that_are_promoted(line, tmp_path):
    how = PromoteOptions(int8=False)
    assert promote(line, options=PromoteOptions(dry_run=True, int8=False)).row is None
    was = line.runs.get().inspector
    chosen = line.runs.amend("r0001", inspector={**was, "threshold": was["threshold"] / 2})
    tried = read_bundle(next((line.work / "drafts").iterdir()).read_bytes())
    assert tried.manifest.inspector.to_json() != chosen.inspector
    used = read_bundle(promote(line, out=tmp_path, options=how).path)
    assert used.manifest.inspector.to_json() == chosen.inspector
    # Asked again nothing changes, and the file is there all the same.
    again = promote(line, out=tmp_path / "again.pitmark", options=how)
    assert read_bundle(again.path).manifest.version == used.manifest.version
    assert len(line.promotions.list()) == 1


def test_what_operators_may_is_what_an_admin_allows(line):
    day = NIGHT.replace(hour=12).astimezone()
    with pytest.raises(NotAllowedError, match="only admins set the limits"):
        set_limits(line, {"updates_per_day": 99}, actor=OLGA)
    assert limits_of(line) == Limits()
    set_limits(line, {"allowed": ["feedback"]}, actor=ADA)
    with pytest.raises(NotAllowedError, match="operators may not update in this project"):
        update(line, actor=OLGA)
    set_limits(line, {"allowed": ["update", "promote"], "updates_per_day": 0}, actor=ADA)
    with pytest.raises(NotAllowedError, match="allowed are 0"):
        update(line, actor=OLGA)
    with pytest.raises(NotAllowedError, match="takes the role operator; yours here is labeler"):
        update(line, actor=Actor("lea", "labeler"))
    begin = (day.hour + 1) % 24
    set_limits(
        line, {"updates_per_day": 3, "hours": [begin, (begin + 1) % 24 or 24]}, actor=ADA
    )
    with pytest.raises(NotAllowedError, match="o'clock only"):
        expect_allowed(line, "update", OLGA, now=day)
    expect_allowed(line, "update", OLGA, now=day + timedelta(hours=1))
    expect_allowed(line, "update", ADA, now=day)
    assert line.updates.list() == []


def test_what_an_admin_does_not_name_stays_as_it_was(line):
    set_limits(line, {"gate": {"margin": 0.05}, "updates_per_day": 5}, actor=ADA)
    now = set_limits(line, {"gate": {"level": 0.01}, "hours": [22, 6]}, actor=ADA)
    assert now == limits_of(line)
    assert (now.gate.margin, now.gate.level, now.updates_per_day) == (0.05, 0.01, 5)
    assert now.hours == (22, 6)
    with pytest.raises(InvalidInputError, match="nonsense"):
        set_limits(line, {"gate": {"nonsense": 1}}, actor=ADA)
    assert limits_of(line) == now
    set_schedule(line, {"on": True, "retry_hours": 2.0}, actor=ADA)
    kept = set_schedule(line, {"corrections": None}, actor=ADA)
    assert (kept.on, kept.retry_hours, kept.corrections) == (True, 2.0, None)


def test_an_update_is_due_by_itself_after_so_many_corrections(line):
    assert "off" in is_due(line).reason
    with pytest.raises(NotAllowedError, match="only admins set the schedule"):
        set_schedule(line, {"on": True}, actor=OLGA)
    set_schedule(line, {"on": True, "corrections": 20}, actor=ADA)
    assert not is_due(line).due
    corrected(line, count=24)
    due = is_due(line)
    assert (due.due, due.corrections) == (True, 24)
    failed = line.updates.begin("learn", {}, by="schedule")
    line.updates.end(failed.number, "failed", error="disk full")
    ended = line.updates.get(1).finished
    assert "tried again at" in is_due(line, now=ended + timedelta(minutes=59)).reason
    assert is_due(line, now=ended + timedelta(minutes=61)).due
    line.updates.end(line.updates.begin("learn", {}, by="x").number, "failed")
    ended = line.updates.get(2).finished
    assert not is_due(line, now=ended + timedelta(minutes=119)).due
    assert is_due(line, now=ended + timedelta(minutes=121)).due
    with line.updates.alone():
        assert is_due(line).reason == "an update is under way"
        with pytest.raises(ConflictError, match="under way"):
            update(line)
    cut = line.updates.begin("learn", {"attempts": 2}, by="schedule")
    assert is_due(line, now=cut.begun).reason == "the last update was cut off and goes on"
    line.updates.note(cut.number, "learn", {"attempts": 4, "tried": cut.begun.isoformat()})
    assert not is_due(line, now=cut.begun + timedelta(hours=3)).due
    assert is_due(line, now=cut.begun + timedelta(hours=5)).due
    line.updates.end(cut.number, "refused")
    assert is_due(line, now=ended + timedelta(hours=9)).corrections == 0
