"""What correcting planted faults brings: which images are corrected, and what is measured."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bench.faults_draws import Judged, _groups
from bench.faults_gain import _box_figure, _corrected, _Noisy, _planted
from bench.faults_plants import plant
from bench.label_faults import read_arguments
from pitmark.core.labels import BoxShape
from pitmark.core.predictions import Prediction
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.metrics.paired import paired_difference

SIZE_WH = (300, 200)
CLASSES = ("a", "b")
SOURCE = SimpleNamespace(task="detection")


def images_of(count=60):
    rng = np.random.default_rng(0)
    out = []
    for number in range(count):
        corners = [(20 + 100 * n, float(rng.uniform(10, 140))) for n in range(3)]
        shapes = tuple(
            BoxShape(CLASSES[int(rng.integers(2))], (x, y, x + 50, y + 40)) for x, y in corners
        )
        record = ImageRecord(f"{number:064d}", *SIZE_WH, "L", f"{number}.png")
        out.append(LabeledImage(record, shapes, "train"))
    return out


def found_in(image, *, lost=0):
    """What a good detector says, less its first boxes."""
    kept = image.shapes[lost:]
    return Prediction(
        SIZE_WH,
        0.0,
        boxes_xyxy=np.array([s.box_xyxy for s in kept]).reshape(-1, 4),
        box_scores=np.linspace(0.7, 0.95, len(kept)),
        box_classes=np.array([CLASSES.index(s.label) for s in kept], dtype=np.int64),
    )


def test_about_one_label_in_seven_is_at_fault_and_every_fault_is_counted():
    images = images_of()
    noisy = _planted(images, 0)
    total = sum(noisy.faults.values())
    assert total == round(0.15 * 3 * len(images))
    before = {i.image.sha256: i.shapes for i in images}
    changed = {i.image.sha256 for i in noisy.images if i.shapes != before[i.image.sha256]}
    assert changed == set(noisy.faults)


def test_the_person_stops_at_half_of_the_faults_and_has_looked_at_few_sound_images():
    images = images_of()
    clean = {i.image.sha256: i.shapes for i in images}
    made = plant(images, "class", 0.2, np.random.default_rng(2))
    given = [replace(i, shapes=made.changed.get(i.image.sha256, i.shapes)) for i in images]
    noisy = _Noisy(given, dict.fromkeys(made.changed, 1))
    seen = Judged(tuple(given), CLASSES, {i.image.sha256: found_in(i) for i in images})
    corrected, looked_at = _corrected(SOURCE, seen, noisy, clean)
    faulty = [sha for sha in corrected if sha in made.changed]
    assert len(faulty) == 6
    # Going down any other order, half of the faults would take half of the images.
    assert len(corrected) <= 9
    assert looked_at == pytest.approx(len(corrected) / 60)
    assert all(corrected[sha] == clean[sha] for sha in corrected)


def test_a_better_model_gains_with_an_interval_above_zero_and_the_same_one_gains_nothing():
    images = [replace(i, split="test") for i in images_of()]
    groups = [i.image.sha256 for i in images]

    def figure(lost):
        found = {i.image.sha256: found_in(i, lost=lost) for i in images}
        return _box_figure(Judged(tuple(images), CLASSES, found))

    gain = paired_difference(figure(1), figure(0), len(images), groups=groups).difference
    assert gain.value == pytest.approx(1 / 3, abs=0.05)
    assert 0 < gain.low < gain.value < gain.high + 1e-9
    same = paired_difference(figure(1), figure(1), len(images), groups=groups).difference
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_what_a_detector_is_trained_with_can_be_told():
    told = ["--scenario", "gain", "--data", "x", "--cache", "kept", "--image-steps", "500"]
    told += ["--plantings", "6", "--side", "160", "--pattern", "{part}_{n}"]
    found = read_arguments([*told, "--group-by", "part"])
    assert (found.image_steps, found.plantings, found.side) == (500, 6, 160)
    assert (str(found.cache), found.group_by, found.task) == ("kept", ["part"], None)


def test_parts_are_named_by_a_table_or_by_the_file_names(tmp_path):
    (tmp_path / "parts.csv").write_text("image,part_group\na.png,1\n")
    plain = SimpleNamespace(metadata="parts.csv", group_by=None, pattern=None)
    assert _groups(tmp_path, plain) == (tmp_path / "parts.csv", ("part_group",))
    (tmp_path / "parts.csv").unlink()
    named = SimpleNamespace(metadata=None, group_by=["part"], pattern="{part}_{n}")
    assert _groups(tmp_path, named) == (None, ("part",))
    assert _groups(tmp_path, SimpleNamespace()) == (None, ())
