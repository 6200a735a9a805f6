import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import BoxShape, ImageClass, PolygonShape, mask_shape
from pitmark.core.predictions import Prediction
from pitmark.ops.images.overlays import dashes, grown
from pitmark.ops.images.palette import class_color
from pitmark.ops.images.picture_chips import chip_text
from pitmark.ops.images.pictures import around, data_uri, picture

GRAY = np.full((240, 320), 128, dtype=np.uint8)


def opened(jpeg):
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)


def near(image, color, within=110):
    """Which pixels have about this color."""
    return np.abs(image - np.array(color)).sum(axis=2) < within


def boxes(*rows):
    """A prediction of boxes (x1, y1, x2, y2, score, class)."""
    table = np.array(rows, dtype=np.float32).reshape(-1, 6)
    return Prediction(
        (320, 240), 0.9, boxes_xyxy=table[:, :4], box_scores=table[:, 4],
        box_classes=table[:, 5].astype(np.int64),
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 700),
    st.integers(1, 700),
    st.sampled_from([(), (3,)]),
    st.sampled_from([np.uint8, np.uint16]),
    st.integers(16, 400),
)
def test_any_image_becomes_a_jpeg_no_larger_than_asked(width, height, channels, kind, side):
    pixels = np.arange(width * height * (3 if channels else 1)) % 251
    shown = opened(
        picture(pixels.reshape(height, width, *channels).astype(kind), max_side=side)
    )
    assert max(shown.shape[:2]) <= side
    assert max(shown.shape[:2]) == side or max(shown.shape[:2]) == 8 * max(width, height)


def test_dark_16_bit_values_are_stretched_to_be_seen():
    pixels = np.linspace(100, 900, 240 * 320).reshape(240, 320).astype(np.uint16)
    shown = opened(picture(pixels))
    assert shown.min() < 10
    assert shown.max() > 245


def test_something_that_is_no_image_is_refused():
    with pytest.raises(InvalidInputError, match="an image must be"):
        picture(np.zeros((4, 4), dtype=np.float32))


def test_a_label_is_outlined_in_the_color_of_its_class():
    classes = ("scratch", "dent", "pit mark")
    shown = opened(
        picture(GRAY, shapes=[BoxShape("dent", (60, 60, 260, 200))], classes=classes)
    )
    on_line = near(shown[100:160, 55:66], class_color(1)).any(axis=1)
    assert on_line.all()
    assert not near(shown, class_color(0)).any()
    assert not near(shown, class_color(2)).any()


def test_a_predicted_box_is_dashed():
    said = boxes((60, 60, 260, 200, 0.9, 1))
    shown = opened(picture(GRAY, prediction=said, classes=("scratch", "dent")))
    on_line = near(shown[70:190, 55:66], class_color(1), within=160).any(axis=1)
    assert 0.25 < on_line.mean() < 0.85


def test_a_box_of_one_pixel_in_a_large_image_is_seen():
    pixels = np.full((3000, 4000), 128, dtype=np.uint8)
    shown = opened(picture(pixels, shapes=[BoxShape("pit", (2000, 1500, 2001, 1501))]))
    assert near(shown, class_color(0)).sum() >= 12


def test_a_hair_thin_mask_does_not_vanish_in_a_small_picture():
    mask = np.zeros((1500, 2000), dtype=bool)
    mask[700, 200:1800] = True
    pixels = np.full((1500, 2000), 128, dtype=np.uint8)
    shown = opened(picture(pixels, shapes=[mask_shape("scratch", mask)]))
    row = round(700 * 320 / 2000)
    touched = np.abs(shown[row - 3 : row + 4, 60:260] - 128).sum(axis=2).max(axis=0) > 60
    assert touched.all()


def test_a_mask_is_tinted_inside_and_leaves_the_rest_alone():
    mask = np.zeros((240, 320), dtype=bool)
    mask[80:160, 100:220] = True
    shown = opened(picture(GRAY, shapes=[mask_shape("dent", mask)]))
    amber = np.array(class_color(0)) - 128
    middle = (shown[120, 160] - 128) @ amber / np.linalg.norm(amber)
    assert middle > 15
    assert np.abs(shown[220, 30] - 128).max() < 8


def test_a_polygon_with_a_hole_is_not_tinted_in_its_hole():
    outer = ((40.0, 40.0), (280.0, 40.0), (280.0, 200.0), (40.0, 200.0))
    inner = ((120.0, 90.0), (200.0, 90.0), (200.0, 150.0), (120.0, 150.0))
    shown = opened(picture(GRAY, shapes=[PolygonShape("dent", (outer, inner))]))
    assert np.abs(shown[120, 160] - 128).max() < 8
    assert np.abs(shown[120, 80] - 128).max() > 15


def test_the_class_of_a_whole_image_is_a_chip_in_its_color():
    shown = opened(picture(GRAY, shapes=[ImageClass("good")], classes=("bad", "good")))
    assert near(shown[:40, :100], class_color(1)).sum() > 150
    assert np.abs(shown[120, 160] - 128).max() < 8


def test_a_predicted_class_is_told_in_the_lower_left_corner():
    said = Prediction((320, 240), 0.5, class_probs=np.array([0.1, 0.9], dtype=np.float32))
    shown = opened(picture(GRAY, prediction=said, classes=("good", "dent")))
    assert np.abs(shown[210:, :90] - 128).max() > 60
    assert np.abs(shown[:180] - 128).max() < 8


def test_one_map_glows_and_maps_of_classes_have_their_colors():
    maps = np.zeros((2, 24, 32), dtype=np.float16)
    maps[1, 8:16, 10:22] = 0.95
    glow = opened(picture(GRAY, prediction=Prediction((320, 240), 0.9, maps_khw=maps[1:])))
    assert glow[120, 160, 0] - glow[120, 160, 2] > 60
    said = Prediction((320, 240), 0.9, maps_khw=maps)
    called = opened(picture(GRAY, prediction=said, classes=("scratch", "dent")))
    assert called[120, 160, 2] > called[120, 160, 0]
    for shown in (glow, called):
        assert np.abs(shown[20, 20] - 128).max() < 8


def test_a_focus_shows_a_part_and_only_the_labels_in_it():
    pixels = np.full((1000, 1000), 128, dtype=np.uint8)
    shapes = [BoxShape("dent", (100, 100, 140, 140)), BoxShape("scratch", (800, 800, 900, 900))]
    part = around((100, 100, 140, 140), (1000, 1000))
    jpeg = picture(pixels, shapes=shapes, classes=("dent", "scratch"), focus_xyxy=part)
    shown = opened(jpeg)
    assert near(shown, class_color(0)).sum() > 300
    assert not near(shown, class_color(1)).any()


@given(
    st.floats(0, 900), st.floats(0, 700), st.floats(0.5, 300), st.floats(0.5, 300),
    st.integers(20, 1200), st.integers(20, 1200),
)  # fmt: skip
def test_the_surroundings_of_a_box_lie_on_the_image_and_hold_it(x, y, w, h, width, height):
    box = (min(x, width - 1), min(y, height - 1), min(x + w, width), min(y + h, height))
    if box[2] <= box[0] or box[3] <= box[1]:
        return
    part = around(box, (width, height))
    assert part[0] >= 0
    assert part[1] >= 0
    assert part[2] <= width + 1e-6
    assert part[3] <= height + 1e-6
    assert part[0] <= box[0] + 1e-6
    assert part[2] >= box[2] - 1e-6


def test_a_crowd_of_boxes_and_odd_shapes_is_drawn_all_the_same():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 200, (300, 2))
    many = [BoxShape(f"c{n % 30}", (x, y, x + 9, y + 9)) for n, (x, y) in enumerate(corners)]
    empty = mask_shape("nothing", np.zeros((240, 320), dtype=bool))
    off = BoxShape("off", (400, 300, 500, 380))
    shown = opened(picture(GRAY, shapes=[*many, empty, off]))
    assert np.abs(shown - 128).max() > 100


def test_a_chip_is_short_and_writes_only_what_its_font_can():
    assert chip_text("scratch", 0) == "scratch"
    assert chip_text("scratch", 0, 0.987) == "scratch 0.99"
    assert chip_text("傷", 4) == "#5"
    assert len(chip_text("x" * 200, 0)) <= 24


def test_a_data_address_holds_the_file():
    head, text = data_uri(b"jpeg").split(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(text) == b"jpeg"


@given(st.floats(0.5, 9), st.floats(0, 9), st.lists(st.integers(0, 50), min_size=2, max_size=6))
def test_dashes_cover_their_share_of_a_line(on, off, xs):
    points = np.array([(float(x), float(n)) for n, x in enumerate(xs)])
    total = np.hypot(*np.diff(points, axis=0).T).sum()
    lengths = [np.hypot(*np.diff(d, axis=0).T).sum() for d in dashes(points, on, off)]
    expected = total * on / (on + off)
    assert abs(sum(lengths) - expected) <= on + 1e-6


@given(st.integers(0, 4), st.integers(0, 11), st.integers(0, 9))
def test_a_grown_point_is_a_square(reach, row, column):
    mask = np.zeros((12, 10), dtype=bool)
    mask[row, column] = True
    rows, columns = np.indices(mask.shape)
    near_it = np.maximum(abs(rows - row), abs(columns - column)) <= reach
    assert (grown(mask, reach) == near_it).all()
