import numpy as np
import pytest

from pitmark.synth.pattern_families import FAMILIES
from pitmark.synth.patterns import Pattern, paint_pattern


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sheet_is_seeded_standardized_and_finite(family):
    sheet = paint_pattern(family, 128, np.random.default_rng(3))
    again = paint_pattern(family, 128, np.random.default_rng(3))
    other = paint_pattern(family, 128, np.random.default_rng(4))
    assert np.array_equal(sheet.tone_hw, again.tone_hw)
    assert not np.array_equal(sheet.tone_hw, other.tone_hw)
    assert abs(float(sheet.tone_hw.mean())) < 0.3
    assert 0.5 < float(sheet.tone_hw.std()) < 1.1
    assert np.isfinite(sheet.relief_hw).all()
    assert sheet.relief_hw.dtype == np.float32


def test_a_view_lies_inside_its_sheet_whatever_the_turn():
    # A sheet of ones: any pixel taken from outside would be 0.
    ones = np.ones((320, 320), np.float32)
    sheet = Pattern(ones, ones)
    for seed in range(60):
        view = sheet.view(144, np.random.default_rng(seed))
        assert view.tone_hw.shape == (144, 144)
        assert view.tone_hw.min() > 0.99


def test_families_differ_more_than_sheets_of_one_family():
    def spectrum(family, seed):
        tone = paint_pattern(family, 128, np.random.default_rng(seed)).tone_hw
        power = np.abs(np.fft.rfft2(tone)) ** 2
        rings = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.rfftfreq(128)[None]) * 20
        return np.log([power[rings.astype(int) == k].mean() + 1e-9 for k in range(10)])

    plain, clouds = spectrum("plain", 0), spectrum("clouds", 0)
    assert np.abs(plain - clouds).mean() > 2 * np.abs(plain - spectrum("plain", 1)).mean()
