from dataclasses import replace

import numpy as np
import pytest

from pitmark.synth.arrays import bounds_xyxy
from pitmark.synth.defects import KINDS
from pitmark.synth.factory import make_factory, plan, render
from pitmark.synth.finishes import FINISHES
from pitmark.synth.layout import STATIONS, clearance
from pitmark.synth.view import View

SMALL = (224, 168)


@pytest.fixture(scope="module")
def whole():
    return plan(5, 400, size_wh=SMALL)


@pytest.fixture(scope="module")
def parts(whole):
    """Every ninth shot."""
    return {i: render(whole, i) for i in range(0, 400, 9)}


def without_defects(whole, index):
    """The same plan with one shot sound."""
    shots = list(whole.shots)
    shots[index] = replace(shots[index], defects=(), given_kinds=())
    return replace(whole, shots=tuple(shots))


def test_the_same_seed_gives_identical_bytes_in_any_order(whole, parts):
    fresh = plan(5, 400, size_wh=SMALL)
    for index in (180, 9, 90):
        again = render(fresh, index)
        assert again.image_hwc.tobytes() == parts[index].image_hwc.tobytes()
        assert again.given_labels == parts[index].given_labels
        assert again.metadata == parts[index].metadata


def test_the_factory_yields_what_render_gives():
    whole = plan(8, 3, size_wh=SMALL)
    made = list(make_factory(8, 3, SMALL))
    assert len(made) == 3
    for index, part in enumerate(made):
        np.testing.assert_array_equal(part.image_hwc, render(whole, index).image_hwc)


def test_images_are_photographs_of_the_wanted_size_with_full_tones(parts):
    for part in parts.values():
        assert part.image_hwc.shape == (168, 224, 3)
        assert part.image_hwc.dtype == np.uint8
        assert part.image_hwc.flags.c_contiguous
    tones = np.concatenate([p.image_hwc.ravel()[::50] for p in parts.values()])
    assert np.percentile(tones, 1) < 30
    assert np.percentile(tones, 99) > 170


def test_every_planned_defect_is_painted_and_its_box_bounds_its_mask(whole, parts):
    for index, part in parts.items():
        planned = whole.shots[index].defects
        assert [d.kind for d in part.defects] == [d.kind for d in planned]
        for defect in part.defects:
            assert defect.mask_hw.shape == (168, 224)
            assert defect.mask_hw.sum() >= 3
            assert defect.box_xyxy == bounds_xyxy(defect.mask_hw)


def test_images_without_defects_have_no_masks_and_no_labels(whole, parts):
    good = [i for i in parts if not whole.shots[i].defects]
    assert good
    for index in good:
        assert parts[index].defects == ()
        assert parts[index].given_labels == ()


def test_defects_lie_on_the_plain_surface_of_the_casing(whole, parts):
    for index, part in parts.items():
        shot = whole.shots[index]
        station, finish = STATIONS[shot.station], FINISHES[shot.finish]
        view = View(station, shot.pose, SMALL)
        free = clearance(station, finish, *view.grid_mm()) > 0.0
        for defect in part.defects:
            assert not (defect.mask_hw & ~free).any()


def test_a_defect_changes_the_image_inside_its_mask_more_than_outside(whole):
    # Pit marks under the dim camera are the planted exception: nearly invisible.
    checked = dict.fromkeys(KINDS, 0)
    for shot in whole.shots:
        if len(shot.defects) != 1 or shot.camera == "cam2":
            continue
        kind = shot.defects[0].kind
        if checked[kind] == 3:
            continue
        checked[kind] += 1
        part = render(whole, shot.index)
        sound = render(without_defects(whole, shot.index), shot.index)
        change = np.abs(part.image_hwc.astype(int) - sound.image_hwc).max(axis=-1)
        mask = part.defects[0].mask_hw
        assert change[mask].mean() > 20 * change[~mask].mean()
        assert np.percentile(change[mask], 75) >= 3
    assert min(checked.values()) >= 2


def test_pit_marks_show_much_less_under_the_dim_camera(whole):
    strength = {"cam1": [], "cam2": []}
    for shot in whole.shots:
        if shot.camera not in strength or len(strength[shot.camera]) == 8:
            continue
        if [d.kind for d in shot.defects] != ["pit mark"]:
            continue
        part = render(whole, shot.index)
        sound = render(without_defects(whole, shot.index), shot.index)
        change = np.abs(part.image_hwc.astype(int) - sound.image_hwc).max(axis=-1)
        strength[shot.camera].append(np.percentile(change[part.defects[0].mask_hw], 75))
    assert np.median(strength["cam2"]) < 0.5 * np.median(strength["cam1"])
    assert np.median(strength["cam2"]) >= 2


def test_exact_duplicates_share_their_bytes_and_next_frames_only_their_looks(whole):
    for first, copy in whole.exact_duplicates[:2]:
        one, two = render(whole, first), render(whole, copy)
        assert one.image_hwc.tobytes() == two.image_hwc.tobytes()
        assert one.metadata == two.metadata
    for first, following in whole.near_duplicates[:3]:
        one, two = (render(whole, i).image_hwc.astype(int) for i in (first, following))
        assert (one != two).mean() > 0.3
        assert np.abs(one - two).mean() < 6


def test_the_last_lot_is_brighter_and_bluer_on_the_same_product(whole):
    levels, blues = {"old": [], "new": []}, {"old": [], "new": []}
    for shot in whole.shots:
        age = "new" if shot.lot == "L6" else "old"
        if shot.finish != "silver" or shot.camera != "cam1" or len(levels[age]) == 5:
            continue
        image = render(whole, shot.index).image_hwc.astype(float)
        levels[age].append(image.mean())
        blues[age].append(image[..., 2].mean() / image[..., 0].mean())
    assert np.mean(levels["new"]) > np.mean(levels["old"]) + 8
    assert min(blues["new"]) > max(blues["old"])


def test_metadata_names_camera_lot_shift_part_and_time(whole, parts):
    for index, part in parts.items():
        shot = whole.shots[index]
        assert part.metadata == {
            "camera": shot.camera,
            "lot": shot.lot,
            "shift": shot.shift,
            "part": shot.part,
            "time": shot.time.isoformat(),
            "finish": shot.finish,
        }
        assert part.labeler == shot.labeler


def test_given_boxes_are_close_to_the_truth_and_inside_the_image(whole, parts):
    overlaps = []
    for index, part in parts.items():
        kinds = [label.kind for label in part.given_labels]
        assert kinds == list(whole.shots[index].given_kinds)
        for label, defect in zip(part.given_labels, part.defects, strict=True):
            x0, y0, x1, y1 = label.box_xyxy
            assert 0 <= x0 < x1 <= 224
            assert 0 <= y0 < y1 <= 168
            a0, b0, a1, b1 = defect.box_xyxy
            inner = max(0, min(x1, a1) - max(x0, a0)) * max(0, min(y1, b1) - max(y0, b0))
            union = (x1 - x0) * (y1 - y0) + (a1 - a0) * (b1 - b0) - inner
            overlaps.append(inner / union)
    assert min(overlaps) > 0.2
    assert np.median(overlaps) > 0.65
    assert np.median(overlaps) < 0.99


def test_a_larger_image_shows_the_same_scene():
    small, large = (plan(6, 4, size_wh=size) for size in (SMALL, (448, 336)))
    for index in range(4):
        one = render(small, index).image_hwc.astype(float)
        two = render(large, index).image_hwc.astype(float)
        shrunk = two.reshape(168, 2, 224, 2, 3).mean(axis=(1, 3))
        assert np.abs(one - shrunk).mean() < 8
