import io
import random
import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PIL import Image

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import ImageClass
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.labels.labeling import annotate
from pitmark.ops.line.harm import HarmOptions, draw_for_harm, harm_state
from pitmark.ops.line.harm_draw import draw_parts, parts_since_alarm
from pitmark.ops.line.limits import Actor
from pitmark.ops.line.releasing import release
from pitmark.ops.line.schedule import is_due, set_schedule
from pitmark.ops.models.training import train
from pitmark.store.db import open_store
from pitmark.store.events import EventRow
from tests.ops.toys import QUICK, class_folder

START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("harm")
    with open_store(folder / "home", create=True) as opened:
        made = opened.create_project("parts", "classification", LabelBook())
        import_folder(made, class_folder(folder / "in", 120))
        take_snapshot(made, plan=SplitPlan(train=30, val=30))
        train(made, options=QUICK)
        release(made, folder / "v1.pitmark", int8=False)
    return folder / "home"


@pytest.fixture
def project(released, tmp_path):
    shutil.copytree(released, tmp_path / "home")
    with open_store(tmp_path / "home") as opened:
        yield opened.project("parts")


def _png(number):
    pixels = np.random.default_rng([7, number]).integers(0, 255, (24, 32), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _send(project, count, *, alarm, first=0, device="cam", sent=lambda n: True, ng=lambda n: 0):
    rows = [
        EventRow(
            key=f"{device}/{n}",
            at=START + timedelta(seconds=n),
            verdict="NG" if ng(n) else "OK",
            score=0.5,
            name=f"{device}-{n}.png",
            device=device,
            release=1,
            sha256=project.blobs.put(_png(n)) if sent(n) else None,
            facts={
                "point": "top",
                "priority": "ng" if ng(n) else ("sample" if sent(n) else "rest"),
                "drift": {"alarm": alarm, "sentence": "darker" if alarm else ""},
            },
        )
        for n in range(first, first + count)
    ]
    project.events.add_many(rows)


def _label(project, drawn, *, wrong=lambda n: False):
    for number, one in enumerate(drawn):
        defect = (one.verdict == "NG") != wrong(number)
        annotate(project, one.sha256, [ImageClass("dent" if defect else "good")], labeler="eva")


def test_without_an_alarm_there_is_nothing_to_test(project):
    _send(project, 5, alarm=False)
    state = harm_state(project)
    assert (state.verdict, state.since, state.drawn) == ("harmless", None, ())
    assert "nothing to test" in state.sentences()[0]
    with pytest.raises(NotEnoughDataError, match="no device reports a drift"):
        draw_for_harm(project)


def test_right_verdicts_on_about_sixty_drawn_images_are_harmless(project):
    _send(project, 30, alarm=False)
    _send(project, 150, alarm=True, first=30, ng=lambda n: n % 10 == 0)
    assert harm_state(project).verdict == "more labels"
    state = draw_for_harm(project, 60, by="eva")
    assert state.since == START + timedelta(seconds=30)
    assert len(state.to_label) == 60
    # Nothing of before the alarm, and a second call adds nothing.
    assert all(int(d.name[4:-4]) >= 30 for d in state.drawn)
    assert draw_for_harm(project, 60).drawn == state.drawn
    _label(project, state.to_label)
    state = harm_state(project)
    if state.verdict == "more labels":
        _label(project, draw_for_harm(project, 60).to_label)
        state = harm_state(project)
    assert state.verdict == "harmless"
    assert "harmless" in state.sentences()[-1]


def test_wrong_verdicts_mean_retraining_long_before_all_are_labeled(project):
    _send(project, 150, alarm=True)
    state = draw_for_harm(project, 60)
    _label(project, state.to_label[:40], wrong=lambda n: n % 2 == 0)
    state = harm_state(project)
    assert state.verdict == "retrain"
    assert state.test.escapes == 20
    assert len(state.to_label) == 20
    assert state.to_json()["verdict"] == "retrain"


def test_one_labeled_image_and_one_that_waits_are_said_in_the_singular(project):
    _send(project, 80, alarm=True)
    waiting = draw_for_harm(project, 2).to_label
    _label(project, waiting[:1])
    said = " ".join(harm_state(project).sentences())
    assert "1 image labeled: " in said
    assert "1 of the drawn images waits for a label" in said


def test_the_draw_stands_for_parts_whose_images_were_not_sent(project):
    # Every NG image was sent and one in eight of the rest: drawn alone, NG would be 44 %.
    _send(project, 2000, alarm=True, ng=lambda n: n % 11 == 0, sent=lambda n: n % 11 in (0, 3))
    drawn = draw_for_harm(project, 150).drawn
    share = sum(d.verdict == "NG" for d in drawn) / len(drawn)
    assert len(drawn) == 150
    assert 0.03 < share < 0.17


def test_the_draw_ends_where_a_kind_of_part_has_no_image_left(project):
    _send(project, 200, alarm=True, ng=lambda n: n % 2 == 0, sent=lambda n: n % 2 == 0)
    rows = parts_since_alarm(project, None)
    drawn = [draw_parts(rows, 100, set(), random.Random(seed)) for seed in range(20)]
    assert max(map(len, drawn)) < 20
    assert all(row.verdict == "NG" for some in drawn for row in some)


def test_parts_that_come_late_keep_the_draw_and_a_new_alarm_begins_another(project):
    _send(project, 80, alarm=True, first=100)
    first = draw_for_harm(project, 20).drawn
    _send(project, 20, alarm=True, first=80)
    assert harm_state(project).drawn == first
    _send(project, 5, alarm=False, first=200)
    assert harm_state(project).since is None
    _send(project, 80, alarm=True, first=300)
    assert harm_state(project).drawn == ()


def test_a_device_without_alarm_is_left_out_and_a_moment_takes_all(project):
    _send(project, 40, alarm=True, device="one")
    _send(project, 40, alarm=False, device="two", first=1000)
    assert {d.device for d in draw_for_harm(project, 30).drawn} == {"one"}
    options = HarmOptions(since=START + timedelta(seconds=990))
    assert {d.device for d in draw_for_harm(project, 10, options=options).drawn} == {"two"}


def test_impossible_counts_are_refused(project):
    with pytest.raises(InvalidInputError, match="found 0"):
        draw_for_harm(project, 0)


def test_a_part_without_a_word_on_drift_ends_no_alarm(project):
    _send(project, 30, alarm=True)
    project.events.add_many(
        [EventRow("late", START + timedelta(hours=1), "OK", 0.1, "late.png", "cam", 1)]
    )
    assert len(parts_since_alarm(project, None)) == 31
    _send(project, 1, alarm=False, first=9000)
    assert parts_since_alarm(project, None) == []


def test_the_schedule_asks_for_an_update_when_drift_does_harm(project):
    ada = Actor("ada", "admin")
    set_schedule(project, {"on": True, "corrections": None, "harm": True}, actor=ada)
    _send(project, 150, alarm=True)
    assert not is_due(project).due
    state = draw_for_harm(project, 60)
    _label(project, state.to_label, wrong=lambda n: n % 2 == 0)
    assert harm_state(project).verdict == "retrain"
    # What was drawn at random is kept for testing: there is nothing yet to learn from.
    due = is_due(project)
    assert not due.due
    assert due.reason.endswith("the verdicts suffer from it: answer pictures")
    drawn = {d.sha256 for d in state.drawn}
    other = next(i for i in project.images.all() if i.sha256 not in drawn)
    shapes = [ImageClass("dent")]
    project.annotations.add(other.sha256, shapes, labeler="eva", book_revision=1, review=True)
    due = is_due(project)
    assert due.due
    assert due.reason == "the line has changed, and the verdicts suffer from it"
    set_schedule(project, {"harm": False}, actor=ada)
    assert not is_due(project).due
    set_schedule(project, {"harm": True}, actor=ada)
    row = project.updates.begin("learn", {}, by="schedule")
    project.updates.end(row.number, "refused")
    assert not is_due(project).due
