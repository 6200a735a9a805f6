import math

import pytest
import torch  # noqa: TID253

from pitmark.train.cell_light import ENERGIES, TONES, cell_energies, cell_tones


def stripes(number, wave_px):
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    turn = math.pi * number / 8
    wave = torch.cos(2 * math.pi / wave_px * (x * math.cos(turn) + y * math.sin(turn)))
    return wave.expand(1, 3, 64, 64)


@pytest.mark.parametrize("scale", range(3))
@pytest.mark.parametrize("number", [0, 3, 6])
def test_stripes_answer_most_at_their_own_direction_and_scale(number, scale):
    (energies,) = cell_energies(stripes(number, 4.0 * 2**scale), (32,))
    usual = energies[0, :, 0, 0].reshape(4, 2, 8)[:, 0]
    assert divmod(int(usual.argmax()), 8) == (scale, number)


def test_energies_of_each_stride_have_the_size_of_its_cells():
    found = cell_energies(torch.rand(2, 3, 96, 96), (8, 16, 32))
    assert [tuple(f.shape) for f in found] == [(2, ENERGIES, n, n) for n in (12, 6, 3)]


def test_more_contrast_means_more_energy_and_none_stays_at_the_floor():
    faint, plain = (cell_energies(c * stripes(2, 4.0), (16,))[0].amax() for c in (0.1, 1.0))
    assert float(plain - faint) == pytest.approx(math.log(10), abs=0.1)
    (flat,) = cell_energies(torch.ones(1, 3, 64, 64), (16,))
    assert torch.allclose(flat, torch.full_like(flat, math.log(0.02)), atol=1e-3)


def test_tones_are_the_means_of_colors_and_the_deviation_of_grey():
    images = torch.zeros(1, 3, 32, 32)
    images[:, 0], images[:, :, :, ::2] = 3.0, 1.0
    tones = cell_tones(images, 32)[0, :, 0, 0]
    assert tones.tolist() == pytest.approx([2.0, 0.5, 0.5, 0.0], abs=2e-3)
    assert len(tones) == TONES
