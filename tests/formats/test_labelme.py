import base64

import numpy as np
import pytest

from pitmark.core.labels import BoxShape, ImageClass, PolygonShape, mask_shape, shape_area_px
from pitmark.formats.images import encode_png
from pitmark.formats.registry import read_folder
from tests.formats.folders import by_name, put_pictures, put_text, reasons


def labelme(*shapes, path="a.png", **more):
    data = {"version": "5.0", "shapes": list(shapes), "imagePath": path, "imageData": None}
    return data | {"imageWidth": 40, "imageHeight": 30} | more


def shape(kind, *points, **more):
    return {"label": "dent", "shape_type": kind, "points": [list(p) for p in points]} | more


def read_one(tmp_path, *shapes, **more):
    put_pictures(tmp_path, "a.png", "b.png")
    put_text(tmp_path, "a.json", labelme(*shapes, **more))
    listing = read_folder(tmp_path)
    assert listing.format == "labelme"
    return listing


def test_polygons_and_rectangles_drawn_from_any_corner(tmp_path):
    triangle = shape("polygon", (1, 1), (9, 1), (9, 7))
    listing = read_one(tmp_path, triangle, shape("rectangle", (20, 18), (10, 8)))
    assert listing.images[0].shapes == (
        PolygonShape("dent", (((1, 1), (9, 1), (9, 7)),)),
        BoxShape("dent", (10, 8, 20, 18)),
    )
    assert listing.images[1].shapes is None


def test_a_circle_is_given_by_its_center_and_a_point_on_it(tmp_path):
    (circle,) = read_one(tmp_path, shape("circle", (20, 15), (20, 25))).images[0].shapes
    assert shape_area_px(circle) == pytest.approx(np.pi * 100, rel=0.01)


def test_a_mask_is_placed_at_its_first_corner(tmp_path):
    cut = np.array([[1, 0, 1], [0, 1, 1]], np.uint8)
    text = base64.b64encode(encode_png(cut)).decode()
    expected = np.zeros((30, 40), bool)
    expected[7:9, 5:8] = cut
    listing = read_one(tmp_path, shape("mask", (5, 7), (7, 8), mask=text))
    assert listing.images[0].shapes == (mask_shape("dent", expected),)


GOOD_MASK = base64.b64encode(encode_png(np.ones((2, 2), np.uint8))).decode()


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (shape("point", (3, 3)), "'point' of 'dent'"),
        (shape("line", (3, 3), (9, 9)), "has no area"),
        (shape("polygon", (3, 3), (9, 9)), "has no area"),
        (shape("polygon", (3, 3), (9, float("nan")), (9, 9)), "not made of numbers"),
        (shape("rectangle", (3, 3), (3, 9)), "has no area"),
        (shape("circle", (300, 300), (301, 301)), "outside"),
        (shape("mask", (39, 29), (40, 30), mask=GOOD_MASK), "beyond the image"),
        (shape("mask", (float("inf"), 0), (4, 3), mask=GOOD_MASK), "no place"),
        (shape("mask", (1, 1), (2, 2), mask="%%%"), "not base64"),
        (shape("mask", (1, 1), (2, 2), mask="aGVsbG8="), "not an image"),
        (shape("polygon", (1, 1), (9, 1), (9, 7), label=None), "no usable class name"),
        (shape("polygon", (1, 1), (9, 1), (9, 7), label="  "), "no usable class name"),
        ({"label": "dent", "points": "junk"}, "has no area"),
    ],
)
def test_shapes_that_cannot_be_are_dropped_and_named_and_the_image_stays(tmp_path, item, why):
    listing = read_one(tmp_path, item)
    assert listing.images[0].shapes == ()
    assert why in reasons(listing)


def test_flags_that_are_set_are_classes_of_the_whole_image(tmp_path):
    listing = read_one(tmp_path, flags={"blurred": True, "dirty": False})
    assert listing.images[0].shapes == (ImageClass("blurred"),)


def test_an_outline_beyond_the_rim_is_cut_off_and_counted(tmp_path):
    listing = read_one(tmp_path, shape("polygon", (-10, 5), (10, 5), (10, 15), (-10, 15)))
    assert shape_area_px(listing.images[0].shapes[0]) == 100
    assert any("outlines reached beyond" in n for n in listing.notes)


def test_labels_in_a_folder_of_their_own_find_their_images(tmp_path):
    put_pictures(tmp_path, "data/a.png")
    for number, path in enumerate(["a.png", "..\\data\\a.png", "/home/me/a.jpg"]):
        root = tmp_path / str(number)
        put_pictures(root, "data/a.png")
        put_text(root, "label/a.json", labelme(path=path))
        assert read_folder(root).images[0].shapes == ()


def test_an_image_path_is_never_followed_outside(tmp_path):
    put_pictures(tmp_path, "secret.png")
    put_pictures(tmp_path / "root", "b.png")
    put_text(tmp_path / "root", "x.json", labelme(path="../secret.png"))
    listing = read_folder(tmp_path / "root")
    assert [i.name for i in listing.images] == ["b.png"]
    assert "x.json: its image '../secret.png' is not in the folder" in reasons(listing)


def test_an_embedded_image_is_not_looked_at(tmp_path):
    listing = read_one(tmp_path, shape("rectangle", (1, 1), (5, 5)), imageData="!" * 1000)
    assert (len(listing.images[0].shapes), listing.problems) == (1, [])


def test_two_files_for_one_image_are_a_problem(tmp_path):
    put_text(tmp_path, "z.json", labelme(shape("rectangle", (1, 1), (5, 5))))
    listing = read_one(tmp_path)
    assert "z.json: a.png has labels already" in reasons(listing)


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000, "\x00", '{"shapes": 1e999}'])
def test_a_broken_file_makes_its_image_a_problem(tmp_path, text):
    put_pictures(tmp_path, "c.png")
    put_text(tmp_path, "c.json", text)
    listing = read_one(tmp_path)
    if text.startswith('{"'):
        assert any("not LabelMe's" in n for n in listing.notes)
    else:
        assert "c.png" not in by_name(listing)
        assert "c.png: c.json " in reasons(listing)
