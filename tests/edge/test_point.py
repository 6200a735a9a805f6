import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.edge.device_spec import PointSpec, Source
from pitmark.edge.examiner import Examiner
from pitmark.edge.handshake import (
    Acknowledged,
    ConfigurationAsked,
    ErrorCode,
    Triggered,
)
from pitmark.edge.live import LiveRelease
from pitmark.edge.parts import Frame
from pitmark.edge.point import Point
from pitmark.edge.recipe import Recipe, Region, Tolerance
from pitmark.edge.slots import Slots
from pitmark.edge.trial import TrialLimits
from tests.edge.lines import png
from tests.edge.networks import part_image
from tests.edge.releases import release
from tests.edge.test_activation import GATE

DARK = ((40.0, 0.0), (80.0, 0.0), (80.0, 96.0), (40.0, 96.0))


@pytest.fixture
def releases(tmp_path):
    live = LiveRelease(Slots(tmp_path / "slots" / "main"), GATE, TrialLimits())
    live.activate(release(tmp_path, 3))
    empty = LiveRelease(Slots(tmp_path / "slots" / "none"), GATE, TrialLimits())
    return {"main": live, "none": empty}


@pytest.fixture
def make(releases):
    points, results = [], []

    def of(*recipes, grab=None, **changes):
        spec = PointSpec("top", recipes=recipes or (Recipe(),), **changes)
        point = Point(spec, Examiner(releases), results.append, grab=grab)
        point.results = results
        points.append(point)
        point.start()
        return point

    yield of
    for point in points:
        point.stop()


def frame(*, bright=True):
    return Frame("part.png", png(bright=bright))


def answered(point):
    return point.wait(lambda o: o.results_ready, 30)


def test_a_pushed_image_gets_its_verdict_and_the_next_takes_its_place(make):
    point = make()
    bad, good = point.push(frame()), point.push(frame(bright=False), custom=7)
    assert (bad.verdict.outcome, good.verdict.outcome) == ("NG", "OK")
    assert (bad.number, good.number) == (1, 2)
    assert good.custom == 7
    assert bad.held.version == 3
    assert bad.findings
    assert point.outputs.ok
    assert [r.number for r in point.results] == [1, 2]
    assert bad.answer.classification in (0, 1)


def test_with_acknowledgement_a_verdict_stands_and_a_part_too_early_is_an_error(make):
    point = make(acknowledge=True)
    assert point.push(frame(bright=False)).verdict.outcome == "OK"
    assert point.outputs.ok
    with pytest.raises(ConflictError, match="a part was not inspected"):
        point.push(frame())
    assert point.outputs.error_code == ErrorCode.TRIGGER_MISSED
    assert point.outputs.ng
    assert point.outputs.missed == 1
    point.handle(Acknowledged())
    assert point.push(frame()).verdict.outcome == "NG"


def test_a_control_triggers_and_the_image_that_follows_is_judged(make):
    point = make(trigger="control", acknowledge=True)
    point.handle(Triggered(5))
    result = point.push(frame())
    assert result.verdict.outcome == "NG"
    assert result.custom == 5
    assert answered(point).ng


def test_an_image_that_nobody_asked_for_is_counted_and_not_used_for_the_next_part(make):
    point = make(trigger="control", acknowledge=True, source=Source(timeout_s=0.05))
    assert point.push(frame()) is None
    assert point.unasked == 1
    point.handle(Triggered())
    assert answered(point).error_code == ErrorCode.NO_IMAGE
    assert point.results[-1].verdict.reason.startswith("top: no image came within 0.05 s")


def test_a_camera_is_asked_at_the_trigger(make):
    asked = []

    def grab(timeout_s):
        asked.append(timeout_s)
        return Frame("top-1", part_image(4))

    point = make(trigger="control", acknowledge=True, grab=grab)
    point.handle(Triggered())
    assert answered(point).ng
    assert asked == [5.0]


def test_a_camera_that_gives_nothing_is_an_error_with_its_code(make):
    def grab(timeout_s):
        raise NotFoundError("the camera 7 gave no picture")

    point = make(trigger="control", acknowledge=True, grab=grab)
    point.handle(Triggered())
    outputs = answered(point)
    assert outputs.error_code == ErrorCode.NO_IMAGE
    assert outputs.classification == -1
    assert point.results[-1].verdict.reason == "the camera 7 gave no picture"


def test_an_image_that_cannot_be_read_is_an_error(make):
    point = make()
    result = point.push(Frame("torn.png", b"\x89PNG"))
    assert result.answer.code == ErrorCode.NOT_JUDGED
    assert "torn.png" in result.verdict.reason
    assert point.outputs.ng


def test_a_configuration_is_changed_by_index(make):
    looked_at = Recipe(index=4, regions=(Region("dark", DARK),))
    point = make(Recipe(), looked_at)
    assert point.push(frame()).verdict.outcome == "NG"
    point.handle(Acknowledged())
    point.handle(ConfigurationAsked(4))
    assert point.wait(lambda o: o.configuration == 4, 30).trigger_ready
    assert point.push(frame()).verdict.outcome == "OK"
    assert point.results[-1].recipe == 4


def test_a_configuration_that_does_not_exist_is_an_error_and_the_old_one_stays(make):
    point = make(acknowledge=True)
    point.handle(ConfigurationAsked(9))
    assert answered(point).error_code == ErrorCode.NO_CONFIGURATION
    point.handle(Acknowledged())
    assert point.push(frame()).recipe == 0


def test_a_configuration_without_a_release_is_not_ready(make):
    point = make(Recipe(), Recipe(index=1, release="none"), acknowledge=True)
    point.handle(ConfigurationAsked(1))
    assert not point.wait(lambda o: o.configuration == 1, 30).trigger_ready
    result = point.push(frame())
    assert result.answer.code == ErrorCode.NO_RELEASE
    assert point.outputs.error_code == ErrorCode.NO_RELEASE


def test_a_crop_is_cut_out_before_the_image_is_judged(make):
    point = make(Recipe(crop_xywh=(40, 0, 40, 40)))
    assert point.push(frame()).verdict.outcome == "OK"
    beyond = make(Recipe(crop_xywh=(0, 0, 500, 10)))
    result = beyond.push(frame())
    assert result.verdict.outcome == "error"
    assert "reaches beyond them" in result.verdict.reason


def test_a_recipe_that_the_release_cannot_follow_is_an_error_and_no_ok(make):
    point = make(Recipe(tolerances={"rust": Tolerance(1)}))
    result = point.push(frame(bright=False))
    assert result.answer.code == ErrorCode.NOT_JUDGED
    assert "'rust'" in result.verdict.reason


def test_many_callers_get_one_verdict_each(make):
    point = make()
    with ThreadPoolExecutor(8) as pool:
        wanted = [n % 2 == 0 for n in range(40)]
        results = list(pool.map(lambda bright: point.push(frame(bright=bright)), wanted))
    assert [r.verdict.outcome == "NG" for r in results] == wanted
    assert sorted(r.number for r in results) == list(range(1, 41))


def test_listeners_are_told_of_every_change(make):
    seen = []
    point = make(acknowledge=True)
    point.listen(seen.append)
    point.push(frame())
    point.handle(Acknowledged())
    point.handle(Acknowledged())
    assert seen == [point] * 3


def test_a_part_that_waits_when_the_device_stops_gets_an_error(make):
    point = make(trigger="control", acknowledge=True, source=Source(timeout_s=60))
    point.handle(Triggered())
    stopper = threading.Thread(target=point.stop)
    stopper.start()
    stopper.join(30)
    assert not stopper.is_alive()
    assert point.outputs.error_code == ErrorCode.STOPPING
