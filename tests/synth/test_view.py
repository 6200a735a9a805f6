import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.synth.finishes import FINISHES
from pitmark.synth.layout import STATIONS, clearance
from pitmark.synth.placement import place_defects
from pitmark.synth.shapes import Box
from pitmark.synth.view import Pose, View

poses = st.builds(
    Pose,
    st.floats(-0.05, 0.05),
    st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)),
    st.floats(0.97, 1.03),
)


@given(
    pose=poses,
    station=st.sampled_from(sorted(STATIONS)),
    row=st.integers(0, 59),
    column=st.integers(0, 79),
)
def test_a_pixel_looks_at_the_point_that_appears_in_it(pose, station, row, column):
    view = View(STATIONS[station], pose, (80, 60))
    x_mm, y_mm = view.grid_mm()
    x, y = view.pixel_of((float(x_mm[row, column]), float(y_mm[row, column])))
    assert (x, y) == pytest.approx((column + 0.5, row + 0.5), abs=0.01)


def test_a_window_holds_everything_within_reach_and_is_none_out_of_sight():
    view = View(STATIONS["upper left"], Pose(0.0, (0.0, 0.0), 1.0), (448, 336))
    assert view.window_around((-22.6, -60.0), 2.0) == (slice(146, 191), slice(202, 247))
    assert view.window_around((30.0, 60.0), 2.0) is None


@given(x=st.floats(-30, 30), y=st.floats(-30, 30))
def test_the_distance_to_a_square_box_is_negative_inside_and_true_at_its_sides(x, y):
    box = Box((0.0, 0.0), (10.0, 5.0), 0.01)
    distance = float(box.distance(np.array([x], np.float32), np.array([y], np.float32))[0])
    if abs(y) < 4.9:
        assert distance == pytest.approx(max(abs(x) - 10.0, abs(y) - 5.0), abs=0.02)
    assert (distance < 0) == (abs(x) < 10.0 and abs(y) < 5.0) or abs(distance) < 0.05


@given(
    seed=st.integers(0, 10_000),
    station=st.sampled_from(sorted(STATIONS)),
    finish=st.sampled_from(sorted(FINISHES)),
)
def test_defects_are_placed_on_the_plain_surface_and_apart(seed, station, finish):
    where, made_of = STATIONS[station], FINISHES[finish]
    kinds = ("pit mark", "dent", "discoloration")
    placed = place_defects(kinds, where, made_of, 336.0, np.random.default_rng(seed))
    assert tuple(d.kind for d in placed) == kinds
    for spec in placed:
        point = (np.array([v], np.float32) for v in spec.center_mm)
        assert float(clearance(where, made_of, *point)[0]) > 0.5 * spec.size_mm
    for one, other in ((0, 1), (0, 2), (1, 2)):
        gap = np.hypot(*np.subtract(placed[one].center_mm, placed[other].center_mm))
        assert gap > 0.5 * (placed[one].size_mm + placed[other].size_mm)
