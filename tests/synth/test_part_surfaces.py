import numpy as np

from pitmark.synth.maps import Material
from pitmark.synth.part_surfaces import piece_of_part

GROUND = Material((0.9, 0.1, 0.1), (0.04, 0.04, 0.04), (0.2, 0.2))


def pieces(count):
    return [piece_of_part((1, 0), 128, GROUND, np.random.default_rng(n)) for n in range(count)]


def test_a_piece_may_be_changed_without_changing_the_part():
    (first,) = pieces(1)
    first.diffuse_hwc[:] = 0.5
    first.height_hw[:] = 9.0
    (again,) = pieces(1)
    assert not np.allclose(again.diffuse_hwc, 0.5)
    assert not np.allclose(again.height_hw, 9.0)


def test_beside_the_part_lies_the_ground_flat_and_lower():
    both = 0
    for piece in pieces(30):
        ground = np.isclose(piece.diffuse_hwc, GROUND.diffuse, atol=1e-3).all(axis=2)
        if 0.05 < ground.mean() < 0.95:
            both += 1
            assert np.allclose(piece.height_hw[ground], -4.0, atol=0.05)
            assert piece.height_hw[~ground].std() > 0.05
    assert both >= 3


def test_pieces_are_of_several_parts():
    colors = {tuple(np.round(np.median(p.specular_hwc, axis=(0, 1)), 2)) for p in pieces(20)}
    assert len(colors) >= 4
