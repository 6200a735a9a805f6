import numpy as np

from pitmark.core.predictions import Prediction
from pitmark.ops.images.palette import (
    CLASS_COLORS,
    all_names,
    class_color,
    class_stripes,
    contrast,
    ink_on,
)
from pitmark.ops.pages.style import DARK, LIGHT

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "without red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "without green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
}  # fmt: skip


def oklab(linear_rgb):
    cones = np.array(
        [[0.41222147, 0.53633254, 0.05144599], [0.2119035, 0.68069955, 0.10739696],
         [0.08830246, 0.28171884, 0.6299787]]
    )  # fmt: skip
    lab = np.array(
        [[0.21045426, 0.79361779, -0.00407205], [1.9779985, -2.42859221, 0.45059371],
         [0.0259040, 0.78277177, -0.80867577]]
    )  # fmt: skip
    return np.cbrt(linear_rgb @ cones.T) @ lab.T


def test_any_two_of_the_twelve_colors_differ_for_every_kind_of_eye():
    shares = np.array(CLASS_COLORS) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    for name, eye in EYES.items():
        seen = oklab(np.clip(linear @ eye.T, 0, 1))
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=2) + 9 * np.eye(len(seen))
        # The colors of Okabe and Ito, the usual reference, come to 0.076.
        assert apart.min() > 0.085, name


def test_text_on_every_class_color_is_readable():
    assert all(contrast(ink_on(color), color) >= 4.5 for color in CLASS_COLORS)


def test_text_and_lines_of_both_themes_are_readable():
    for colors in (LIGHT, DARK):
        rgb = {k: hex_rgb(v) for k, v in colors.items() if v.startswith("#")}
        for ground in ("ground", "panel"):
            for ink in ("ink", "quiet", "accent", "second", "warn"):
                assert contrast(rgb[ink], rgb[ground]) >= 4.5, (ink, ground)


def test_a_thirteenth_class_repeats_the_first_color_with_stripes():
    assert class_color(12) == class_color(0)
    assert (class_stripes(11), class_stripes(12), class_stripes(24)) == (0, 1, 2)


def test_contrast_runs_from_1_to_21():
    assert contrast((0, 0, 0), (255, 255, 255)) == 21
    assert contrast((9, 80, 200), (9, 80, 200)) == 1


def test_names_that_the_classes_lack_come_after_them():
    said = Prediction((8, 8), 0.5, class_probs=np.ones(3, dtype=np.float32) / 3)
    assert all_names(("a",), ["z", "b", "a"], said) == ["a", "class 2", "class 3", "b", "z"]


def hex_rgb(text):
    return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))
