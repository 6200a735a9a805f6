import numpy as np
import pytest
from scipy import ndimage

from pitmark.quality.faults.region_evidence import Outlines, meet_regions
from pitmark.quality.faults.region_grid import LabeledRegion

ROWS, COLUMNS = np.mgrid[:40, :60] + 0.5
LIMITS = np.array([0.5])


def disk(x, y, radius):
    return (COLUMNS - x) ** 2 + (ROWS - y) ** 2 < radius**2


def seen(cells, peak, background=0.02):
    """(1, h, w) map of a model that sees an object, soft at its rim."""
    return (background + (peak - background) * ndimage.gaussian_filter(1.0 * cells, 1.0))[None]


@pytest.mark.parametrize("peak", [0.95, 0.4, 0.1])
def test_a_weak_model_outlines_what_a_strong_one_outlines(peak):
    cells = disk(30, 20, 8)
    region = LabeledRegion(0, "a", cells)
    outlines = Outlines(seen(cells, peak), [region])
    assert outlines.overlap(region) > 0.75
    for radius, most in ((4, 0.4), (16, 0.4)):
        sloppy = LabeledRegion(0, "a", disk(30, 20, radius))
        assert Outlines(seen(cells, peak), [sloppy]).overlap(sloppy) < most


def test_a_label_beside_the_object_of_another_label_does_not_take_it():
    first, second = disk(20, 20, 6), disk(33, 20, 6)
    regions = [LabeledRegion(0, "a", first), LabeledRegion(1, "a", second)]
    outlines = Outlines(seen(first | second, 0.8), regions)
    assert not (outlines.at(regions[0]) & second).any()
    assert outlines.overlap(regions[0]) > 0.7


def test_nothing_stands_out_where_the_map_is_flat():
    region = LabeledRegion(0, "a", disk(30, 20, 8))
    outlines = Outlines(np.full((1, 40, 60), 0.3), [region])
    assert not outlines.at(region).any()
    assert outlines.overlap(region) == 0
    everywhere = LabeledRegion(0, "a", np.ones((40, 60), dtype=bool))
    assert 0 <= Outlines(seen(disk(30, 20, 8), 0.8), [everywhere]).overlap(everywhere) <= 1


def test_the_score_of_a_label_is_that_of_its_better_half():
    cells = np.zeros((40, 60), dtype=bool)
    cells[10:20, 10:20] = True
    maps = np.zeros((1, 40, 60))
    maps[0, 10:15, 10:20] = 0.6
    found = meet_regions(maps, [LabeledRegion(0, "a", cells)], LIMITS)
    assert found.scores[0, 0] == pytest.approx(0.6)
