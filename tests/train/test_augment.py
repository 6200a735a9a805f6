from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import BoxShape, mask_shape
from pitmark.core.preprocess import PreprocessSpec, cut
from pitmark.train.augment import (
    Augmentation,
    mirror,
    quarter_turn,
    random_piece,
    random_window,
    render,
)
from pitmark.train.batches import BatchMaker, collate, scene_weights, task_augmentation
from pitmark.train.compose import mosaic, paste_defect
from pitmark.train.dataset import SceneCache, make_scene, shrink_mask, usable
from pitmark.train.windows import relight
from tests.train.runs import TASKS, planned
from tests.train.toys import Toys, mixed


def spec_for(task, preprocess):
    return InspectorSpec(task, ("bright",), preprocess)


def bright_scene(box, *, size=(64, 48), task="detection", input_wh=(64, 64), dtype=np.uint8):
    """A dark image with one bright box that is both truth and pixels."""
    x1, y1, x2, y2 = box
    image = np.zeros((size[1], size[0]), dtype=dtype)
    image[y1:y2, x1:x2] = np.iinfo(dtype).max
    high = float(np.iinfo(dtype).max)
    shapes = [BoxShape("bright", tuple(map(float, box)))]
    if task == "segmentation":
        shapes = [mask_shape("bright", image > 0)]
    spec = spec_for(task, PreprocessSpec(input_wh, high=high, overlap_px=0))
    return image, make_scene(image, shapes, spec), spec


def whole_window(scene, input_wh):
    return (0.0, 0.0, input_wh[0] / scene.patch_scale, input_wh[1] / scene.patch_scale)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(64, 48), (40, 90), (31, 17), (33, 47)])
def test_an_unvaried_patch_is_what_the_model_sees_later(size, dtype):
    image, scene, spec = bright_scene((5, 4, 25, 15), size=size, dtype=dtype)
    image = image // 2 + np.arange(size[0], dtype=dtype)[None, :]
    scene = make_scene(image, (), spec)
    piece = render(scene, whole_window(scene, (64, 64)), (64, 64))
    trained = collate([piece], spec.preprocess).images.numpy()
    served = cut(image, spec.preprocess).data
    assert np.abs(trained - served).max() < 0.03


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_boxes_move_with_the_pixels(seed):
    _, scene, _ = bright_scene((20, 10, 40, 30))
    rng = np.random.default_rng(seed)
    piece = random_piece(scene, (64, 64), Augmentation(light=0.0), rng, fill=0.0)
    for x1, y1, x2, y2 in piece.boxes_xyxy:
        inside = np.zeros((64, 64), dtype=bool)
        inside[round(y1) : round(y2), round(x1) : round(x2)] = True
        assert piece.pixels[..., 0][inside].mean() > 0.8
        grown = np.zeros((64, 64), dtype=bool)
        grown[max(0, round(y1) - 3) : round(y2) + 3, max(0, round(x1) - 3) : round(x2) + 3] = 1
        assert piece.pixels[..., 0][~grown].max(initial=0) < 0.05


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_masks_move_with_the_pixels(seed):
    _, scene, _ = bright_scene((20, 10, 40, 30), task="segmentation")
    rng = np.random.default_rng(seed)
    piece = random_piece(scene, (64, 64), Augmentation(light=0.0), rng, fill=0.0)
    bright = piece.pixels[..., 0] > 0.5
    both = (bright & (piece.mask_hw == 1)).sum()
    assert both >= 0.8 * (bright | (piece.mask_hw == 1)).sum()


def test_two_mirrors_and_four_turns_change_nothing():
    _, scene, _ = bright_scene((20, 10, 40, 30))
    piece = render(scene, (0, 0, 64, 48), (64, 48))
    for step, times in ((mirror, 2), (quarter_turn, 4)):
        other = piece
        for _ in range(times):
            other = step(other)
        assert np.array_equal(other.pixels, piece.pixels)
        assert np.allclose(other.boxes_xyxy, piece.boxes_xyxy)


def test_nothing_is_flipped_or_turned_where_the_label_book_forbids_it():
    _, scene, _ = bright_scene((2, 2, 12, 8))
    how = Augmentation(flips=False, turns=False, zoom=(1.0, 1.0), light=0.0)
    for seed in range(12):
        piece = random_piece(scene, (64, 48), how, np.random.default_rng(seed))
        assert piece.boxes_xyxy[0, 0] < 20
        assert piece.boxes_xyxy[0, 1] < 20


def test_the_rim_of_a_sound_image_is_shown_nearly_as_often_as_its_middle():
    tiled = PreprocessSpec((96, 96), mode="tile", overlap_px=16)
    dark = np.zeros((300, 400), dtype=np.uint8)
    scene = make_scene(dark, [], spec_for("segmentation", tiled))
    how = Augmentation(zoom=(0.9, 1.1), focus=0.6)
    rng, shown, windows = np.random.default_rng(0), np.zeros((300, 400)), 2000
    for _ in range(windows):
        x1, y1, x2, y2 = np.rint(random_window(scene, (96, 96), how, rng)).astype(int)
        shown[y1:y2, x1:x2] += 1
    rim = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]]).mean()
    assert rim > 0.4 * shown[150, 200]
    corners = shown[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() > 0.15 * shown[150, 200]


def test_relighting_keeps_the_range_and_strength_zero_changes_nothing():
    rng = np.random.default_rng(0)
    pixels = rng.random((20, 30, 3), dtype=np.float32)
    assert relight(pixels, 0.0, rng) is pixels
    for _ in range(20):
        out = relight(pixels, 1.0, rng)
        assert out.dtype == np.float32
        assert out.min() >= 0
        assert out.max() <= 1


def test_a_crack_of_one_pixel_survives_shrinking_to_half():
    mask = np.zeros((64, 64), dtype=bool)
    mask[31] = True
    assert shrink_mask(mask, (0, 0, 64, 64), (32, 32)).any(axis=0).all()


def test_a_mosaic_holds_all_four_scenes():
    _, scene, _ = bright_scene((0, 0, 64, 48))
    how = Augmentation(turns=False, zoom=(1.0, 1.0), light=0.0)
    piece = mosaic((scene,) * 4, (64, 64), how, np.random.default_rng(0))
    _, scene, _ = bright_scene((0, 0, 64, 48), task="segmentation")
    masked = mosaic((scene,) * 4, (64, 64), how, np.random.default_rng(0))
    assert (masked.mask_hw == 1).mean() > 0.95
    assert (masked.pixels > 0.9).mean() > 0.95
    assert 0 < len(piece.boxes_xyxy) <= 4
    assert (piece.boxes_xyxy >= 0).all()
    assert (piece.boxes_xyxy <= 64).all()


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_a_pasted_defect_brings_its_truth(task):
    _, scene, spec = bright_scene((20, 10, 32, 20), task=task)
    donor = render(scene, (0, 0, 64, 64), (64, 64))
    empty = make_scene(np.full((64, 64), 60, np.uint8), (), spec)
    ground = render(empty, (0, 0, 64, 64), (64, 64))
    piece = paste_defect(ground, donor, np.random.default_rng(3))
    if task == "detection":
        x1, y1, x2, y2 = piece.boxes_xyxy[0].astype(int)
    else:
        ys, xs = np.nonzero(piece.mask_hw)
        x1, y1, x2, y2 = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
    assert (x2 - x1, y2 - y1) == (12, 10)
    assert piece.pixels[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1].min() > 0.5
    assert ground.pixels.max() < 0.3


def test_images_without_a_truth_for_the_task_are_not_used():
    toys = mixed("classification", per_kind=1)
    toys.add("spot", split="val")
    spec = planned(toys)
    unlabeled = type(toys.images[0])(toys.images[0].image, None, "train")
    assert len(usable([*toys.images, unlabeled], spec)) == 3


def test_rare_classes_are_shown_more_often_than_their_share():
    toys = Toys("detection").add_many(["good"] * 10 + ["spot"] * 8 + ["bar"] * 2)
    spec = planned(toys)
    weights = scene_weights(SceneCache(toys.images, toys.load, spec), spec)
    assert weights.sum() == pytest.approx(1)
    assert weights[:10].sum() == pytest.approx(0.3)
    assert weights[-1] > weights[12] > weights[0]


def synthetic_copy(image, number):
    record = replace(image.image, sha256=f"{number:064x}", synthetic=True)
    return replace(image, image=record)


@pytest.mark.parametrize("how", ["synthetic", "repeated"])
def test_made_images_bring_a_class_up_to_the_usual_number_and_no_further(how):
    toys = Toys("detection").add_many(["good"] * 6 + ["spot"] * 9 + ["bar"] * 4)
    spec, bars = planned(toys), toys.images[-4:]

    def shown(more):
        extra = [bars[n % 4] for n in range(more)]
        if how == "synthetic":
            extra = [synthetic_copy(image, n) for n, image in enumerate(extra)]
        images = [*toys.images, *extra]
        weights = scene_weights(SceneCache(images, toys.load, spec), spec)
        return weights[6:15].sum(), weights[15:].sum()

    spots, bars_alone = shown(0)
    assert bars_alone / spots == pytest.approx((4 / 9) ** 0.5)
    # Of 9 and 4 images 6.5 is usual.
    for more in (20, 60):
        spots, all_bars = shown(more)
        assert all_bars / spots == pytest.approx((6.5 / 9) ** 0.5)
    few_spots, few_bars = shown(1)
    assert few_bars / few_spots == pytest.approx((5 / 9) ** 0.5)


def test_made_images_take_nothing_from_a_class_that_has_more_than_is_usual():
    toys = Toys("detection").add_many(["spot"] * 9 + ["bar"] * 4)
    spec = planned(toys)
    made = [synthetic_copy(toys.images[n % 9], n) for n in range(30)]
    weights = scene_weights(SceneCache([*toys.images, *made], toys.load, spec), spec)
    spots = weights[:9].sum() + weights[13:].sum()
    assert spots / weights[9:13].sum() == pytest.approx((9 / 4) ** 0.5)


def test_scenes_beyond_the_cap_are_decoded_again():
    toys = mixed("detection", per_kind=1)
    seen = []

    def load(sha):
        seen.append(sha)
        return toys.load(sha)

    cache = SceneCache(toys.images, load, planned(toys), cap_bytes=64 * 64 + 10)
    for position in (0, 0, 1, 0):
        assert cache[position].pixels.shape == (64, 64)
    assert len(seen) == 3


@pytest.mark.parametrize("task", TASKS)
def test_a_batch_follows_from_seed_and_step_alone(task):
    toys = mixed(task, per_kind=2)
    spec = planned(toys)
    how = task_augmentation(task, flips=True, turns=True)
    makers = []
    for _ in range(2):
        cache = SceneCache(usable(toys.images, spec), toys.load, spec)
        makers.append(BatchMaker(cache, spec, how, scene_weights(cache, spec), 3))
    makers[0].batch(0, 4, 0.0)
    one, other = (m.batch(5, 4, 0.1) for m in makers)
    assert one.images.shape == (4, 3, 64, 64)
    assert (one.images == other.images).all()
    assert (one.masks == other.masks).all()
    assert not (one.images == makers[0].batch(6, 4, 0.1).images).all()
