from collections import Counter

import numpy as np

from pitmark.core.labels import BoxShape, ImageClass
from pitmark.core.preprocess import PreprocessSpec, cut
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.ops.models.calibrating import calibration_patches, stratified


def item(number, *labels, split="train", box=(2.0, 2.0, 9.0, 9.0), size=(64, 64)):
    record = ImageRecord(f"{number:064x}", *size, "L", f"{number}.png")
    return LabeledImage(record, tuple(BoxShape(n, box) for n in labels), split)


def test_a_class_that_is_rare_and_never_first_is_among_the_chosen():
    images = [item(n, "scratch", "dent") for n in range(90)]
    images.append(item(90, "scratch", "pit mark"))
    images += [item(n) for n in range(91, 95)]
    chosen = stratified(images, 8)
    seen = Counter(s.label for i in chosen for s in i.shapes)
    assert len(chosen) == 8
    assert seen["pit mark"] == 1
    assert seen["scratch"] > 1
    assert any(not i.shapes for i in chosen)


def test_every_image_is_chosen_once_and_always_in_the_same_order():
    images = [item(n, *("ab" if n % 3 else "b")) for n in range(7)]
    chosen = stratified(images, 100)
    assert sorted(i.image.sha256 for i in chosen) == sorted(i.image.sha256 for i in images)
    assert stratified(images[::-1], 100) == chosen
    assert stratified([], 5) == []


def test_classes_of_whole_images_take_turns():
    images = [
        LabeledImage(item(n).image, (ImageClass("good" if n else "crack"),), "train")
        for n in range(20)
    ]
    labels = [i.shapes[0].label for i in stratified(images, 4)]
    assert labels == ["crack", "good", "good", "good"]


def test_the_tile_with_the_defect_is_among_the_patches_of_a_large_image():
    spec = PreprocessSpec((32, 32), mode="tile", overlap_px=8)
    pixels = np.zeros((320, 320), dtype=np.uint8)
    pixels[205:215, 105:115] = 255
    image = item(1, "dent", box=(105.0, 205.0, 115.0, 215.0), size=(320, 320))
    patches = calibration_patches(spec, [image], lambda sha: pixels)
    assert 1 < len(patches) <= 4 < len(cut(pixels, spec))
    assert patches[0].max() == (1 - spec.mean) / spec.std
    assert patches.dtype == np.float32


def test_training_images_are_measured_and_all_where_none_is_for_training():
    spec = PreprocessSpec((32, 32), overlap_px=0)
    shades = {f"{n:064x}": np.full((64, 64), n, dtype=np.uint8) for n in (10, 200)}
    images = [item(10, "a"), item(200, "a", split="val")]
    learned = calibration_patches(spec, images, shades.__getitem__)
    assert len(learned) == 1
    assert learned.max() < 0
    held = [item(200, "a", split="val")]
    assert calibration_patches(spec, held, shades.__getitem__).max() > 0


def test_there_are_never_more_patches_than_asked_for():
    spec = PreprocessSpec((32, 32), mode="tile", overlap_px=0)
    images = [item(n, "a", size=(128, 128)) for n in range(9)]
    pixels = np.zeros((128, 128), dtype=np.uint8)
    assert len(calibration_patches(spec, images, lambda sha: pixels, most=10)) == 10
