import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.synth.arrays import bounds_xyxy
from pitmark.synth.defect_patch import Shape
from pitmark.synth.further_defects import ALL_KINDS, draw_any_defect
from pitmark.synth.lighting import Lamp, Rig, shade
from pitmark.synth.maps import Material, SurfaceMaps
from pitmark.synth.stamping import stamp

LAMP = Rig(
    (Lamp((-0.3, -0.2), (0.2, 0.2), 6.0),), 0.2, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.0, 0.0)
)


def lit(maps):
    return shade(maps, LAMP).mean(axis=2)


def surface():
    return SurfaceMaps.of((160, 160), Material((0.3, 0.3, 0.3), (0.04, 0.04, 0.04), (0.2, 0.2)))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_defect_shows_inside_its_mask_and_leaves_the_rest_alone(kind):
    seen = []
    for seed in range(6):
        maps = surface()
        patch = draw_any_defect(kind, np.random.default_rng(seed), Shape(36, 1.0, 0.7))
        assert patch.kind == kind
        placed = stamp(maps, patch, (80, 80), np.ones((160, 160), bool))
        change = np.abs(lit(maps) - lit(surface()))
        assert placed.mask_hw.any()
        assert np.isfinite(change).all()
        far = np.ones((160, 160), bool)
        x1, y1, x2, y2 = bounds_xyxy(placed.mask_hw)
        far[max(0, y1 - 16) : y2 + 16, max(0, x1 - 16) : x2 + 16] = False
        assert change[far].max() < 0.02
        seen.append(float(np.percentile(change[placed.mask_hw], 90)))
    assert np.median(seen) > 0.02


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_larger_defect_covers_more_and_a_fainter_one_shows_less(kind):
    def covered(size):
        masks = [
            draw_any_defect(kind, np.random.default_rng(s), Shape(size, 1.0)).mask_hw.sum()
            for s in range(8)
        ]
        return np.median(masks)

    def shown(contrast):
        total = 0.0
        for seed in range(8):
            maps = surface()
            patch = draw_any_defect(kind, np.random.default_rng(seed), Shape(30, contrast))
            stamp(maps, patch, (80, 80), np.ones((160, 160), bool))
            total += float(np.abs(lit(maps) - lit(surface())).sum())
        return total

    assert covered(48) > 1.5 * covered(16)
    assert shown(0.3) < shown(1.2)


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInputError, match="no defect kind is called 'dragon'"):
        draw_any_defect("dragon", np.random.default_rng(0), Shape(10, 1.0))
