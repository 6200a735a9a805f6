import numpy as np
import pytest

from pitmark.core.errors import NotFoundError
from pitmark.synth.painted_scenes import SCENE_FAMILIES, SCENE_KINDS, paint_scene
from pitmark.synth.scene_bank import SIDE_PX, SceneBank, paint_bank, paint_shard

SCENES = [paint_scene(5, n, 96) for n in range(40)]


def test_the_same_scene_is_painted_again_bit_by_bit():
    first, again = SCENES[3], paint_scene(5, 3, 96)
    for one, other in zip(first.shots, again.shots, strict=True):
        assert np.array_equal(one.image_hwc, other.image_hwc)
        assert np.array_equal(one.kinds_hw, other.kinds_hw)
    assert np.array_equal(first.families_hw, again.families_hw)


def test_about_two_pictures_in_five_show_no_defect_and_kinds_are_mixed():
    kinds = [shot.kinds_hw for scene in SCENES for shot in scene.shots]
    sound = np.mean([not k.any() for k in kinds])
    assert 0.25 <= sound <= 0.6
    seen = {int(v) for k in kinds for v in np.unique(k)} - {0}
    assert len(seen) > 8
    assert max(seen) <= len(SCENE_KINDS)


def test_pictures_are_exposed_and_differ_between_the_shots():
    for scene in SCENES:
        assert scene.families_hw.max() < len(SCENE_FAMILIES)
        for shot in scene.shots:
            assert shot.image_hwc.dtype == np.uint8
            assert shot.image_hwc.shape == (96, 96, 3)
        assert not np.array_equal(scene.shots[0].image_hwc, scene.shots[1].image_hwc)
    spread = [s.image_hwc.std() for scene in SCENES for s in scene.shots]
    assert np.median(spread) > 10


def test_both_shots_show_the_same_surface():
    def structure(image_hwc):
        grey = image_hwc.mean(axis=2)
        return np.abs(np.gradient(grey, axis=0)).ravel()

    own, foreign = [], []
    for n, scene in enumerate(SCENES):
        first, second = (structure(s.image_hwc) for s in scene.shots)
        other = structure(SCENES[(n + 1) % len(SCENES)].shots[1].image_hwc)
        own.append(np.corrcoef(first, second)[0, 1])
        foreign.append(np.corrcoef(first, other)[0, 1])
    assert np.median(own) > np.median(foreign) + 0.15


def test_a_bank_gives_back_what_was_painted_and_is_not_painted_twice(tmp_path):
    paint_shard(tmp_path, 0, 7, scenes=3)
    paint_shard(tmp_path, 2, 7, scenes=2)
    bank = SceneBank(tmp_path)
    assert len(bank) == 5
    drawn = bank.draw(np.array([4, 0]))
    expected = paint_scene(7, 2001, SIDE_PX)
    assert np.array_equal(drawn.images_nshwc[0, 1], expected.shots[1].image_hwc)
    assert np.array_equal(drawn.kinds_nshw[0, 0], expected.shots[0].kinds_hw)
    assert np.array_equal(drawn.families_nhw[0], expected.families_hw[4::8, 4::8])
    before = (tmp_path / "00000.images.npy").stat().st_mtime_ns
    paint_bank(tmp_path, [0, 2], seed=7, workers=1)
    assert (tmp_path / "00000.images.npy").stat().st_mtime_ns == before


def test_an_empty_bank_says_so(tmp_path):
    with pytest.raises(NotFoundError, match="no painted scenes"):
        SceneBank(tmp_path)
