from pathlib import Path

import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import ImageClass
from pitmark.train.settings import (
    TrainSettings,
    image_label,
    image_steps,
    is_good,
    steps_for_more,
)
from tests.train.toys import mixed


def test_settings_survive_the_way_through_json():
    settings = TrainSettings(
        "thorough",
        3,
        (96, 64),
        500,
        True,
        1,
        Path("w.safetensors"),
        ("intact",),
        "bf16",
        "small",
    )
    assert TrainSettings.from_json(settings.to_json()) == settings
    assert TrainSettings.from_json(TrainSettings().to_json()) == TrainSettings()
    assert TrainSettings.from_json(TrainSettings(init="random").to_json()).init == "random"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preset": "slow"}, "unknown preset 'slow'"),
        ({"image_steps": 0}, "image_steps must be at least 1"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"input_wh": (100, 64)}, "multiples of 32"),
        ({"precision": "fp8"}, "unknown precision"),
        ({"network": "tiny"}, "unknown network 'tiny'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(InvalidInputError, match=message):
        TrainSettings(**changes)


def test_unknown_keys_in_json_are_refused():
    with pytest.raises(InvalidInputError, match="not training settings"):
        TrainSettings.from_json({"presets": "fast"})


def test_more_images_and_slower_presets_mean_more_steps():
    counts = [image_steps(TrainSettings(), n) for n in (5, 25, 50, 100, 1000)]
    assert counts == sorted(counts)
    presets = [image_steps(TrainSettings(p), 50) for p in ("fast", "balanced", "thorough")]
    assert presets == sorted(set(presets))
    assert image_steps(TrainSettings(image_steps=7), 50) == 7


def test_more_images_than_before_mean_as_many_more_steps_as_they_would_from_the_start():
    before, after = (image_steps(TrainSettings(), n) for n in (58, 88))
    assert steps_for_more(before, 58, 88) == pytest.approx(after, abs=1)
    assert steps_for_more(700, 60, 60) == 700
    assert steps_for_more(1, 60, 61) == 1
    assert 1.2 < steps_for_more(1000, 58, 88) / 1000 < 1.4


def test_the_class_of_an_image_is_its_image_class_before_its_first_shape():
    box = mixed("detection", per_kind=1).images[1].shapes[0]
    assert image_label((box, ImageClass("good"))) == "good"
    assert image_label((box,)) == "spot"
    assert image_label(()) is None


def test_an_image_is_good_without_shapes_or_with_a_good_class():
    assert is_good(())
    assert is_good((ImageClass("OK"),))
    assert not is_good((ImageClass("intact"),))
    assert is_good((ImageClass("intact"),), ["intact"])
