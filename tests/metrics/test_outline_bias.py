import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.outline_bias import outline_bias


def boxes(count=80, seed=0):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 200, (count, 2))
    return np.concatenate([low, low + rng.uniform(30, 60, (count, 2))], axis=1), rng


def test_a_planted_offset_of_one_edge_is_found_and_put_in_words():
    true, rng = boxes()
    drawn = true + rng.normal(0, 0.8, true.shape) + [-2.0, 0, 0, 0]
    found = outline_bias("cy", drawn, true, np.arange(80), ClusterDraws(80), comparisons=12)
    assert found.systematic == ("left",)
    left = found.edges_px["left"]
    assert left.low < -2 < left.high
    assert found.sentences()[0] == f"cy draws the left edge {-left.value:.1f} px further left"


def test_boxes_drawn_too_large_are_called_so():
    true, _ = boxes()
    found = outline_bias(
        "ben", true + np.array([-3, -3, 3, 3]), true, np.arange(80), ClusterDraws(80)
    )
    assert found.tightness.low > 1.2
    assert found.sentences()[-1].startswith("ben draws boxes ")
    assert found.sentences()[-1].endswith(" % larger in area")
    assert [s for s in found.sentences() if "bottom edge 3.0 px further down" in s]


def test_chance_is_rarely_called_systematic():
    called = 0
    for seed in range(20):
        true, rng = boxes(30, seed)
        drawn = true + rng.normal(0, 3, true.shape)
        found = outline_bias("x", drawn, true, np.arange(30), ClusterDraws(30), comparisons=4)
        called += len(found.systematic)
    assert called <= 4


def test_less_than_half_a_pixel_is_the_width_of_a_pen():
    true, _ = boxes()
    found = outline_bias("x", true + 0.4, true, np.arange(80), ClusterDraws(80))
    assert found.systematic == ()


def test_without_boxes_nothing_is_said():
    found = outline_bias("x", [], [], np.zeros(0, int), ClusterDraws(3))
    assert found.boxes == 0
    assert found.tightness.value is None
    assert found.sentences() == []


def test_unpaired_boxes_are_refused():
    with pytest.raises(InvalidInputError, match="2 boxes cannot be paired with 1"):
        outline_bias("x", np.ones((2, 4)), np.ones((1, 4)), np.zeros(2, int), ClusterDraws(1))
