import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.quality.faults.object_outlines import lowered_ratio, sloppy_ratio
from pitmark.quality.faults.odds import LikeLabels


def alike(count):
    return LikeLabels(np.zeros(count, dtype=np.int64), np.zeros(count))


def test_a_lowered_value_is_told_apart_only_where_members_lie_close_together():
    drops = np.array([0.3, 0.7, 1.4])
    spread = np.array([0.1, 5.0])
    close, wide = lowered_ratio(0.7 / spread, spread, drops)
    assert close > 100
    assert wide == pytest.approx(1, abs=0.1)
    assert lowered_ratio(np.zeros(1), np.array([0.1]), drops)[0] < 0.05


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_the_ratio_of_a_lowered_value_is_a_number(z, spread):
    ratio = lowered_ratio(np.array([z]), np.array([spread]), np.array([0.3, 1.4]))
    assert np.isfinite(ratio).all()
    assert (ratio > 0).all()


def test_half_the_usual_overlap_is_suspicious_only_of_a_model_that_outlines_well():
    rng = np.random.default_rng(0)
    well, badly = rng.uniform(0.8, 0.95, 100), rng.uniform(0.1, 0.95, 100)
    well[0] = badly[0] = 0.4
    ratio, usual = sloppy_ratio(well, alike(100))
    assert ratio[0] > 20
    assert np.median(ratio) < 0.3
    assert usual[0] == pytest.approx(0.88, abs=0.04)
    ratio, _ = sloppy_ratio(badly, alike(100))
    assert ratio[0] < 3


def test_one_label_alone_and_equal_overlaps_speak_of_no_fault():
    for overlaps in (np.array([0.1]), np.full(50, 0.7)):
        ratio, usual = sloppy_ratio(overlaps, alike(len(overlaps)))
        assert (ratio < 1).all()
        assert usual == pytest.approx(overlaps)
