import numpy as np
import pytest
from PIL import Image

from pitmark.core.labels import mask_shape
from pitmark.formats.folder_words import class_folder, without_common_prefix
from pitmark.formats.palette import mask_png
from pitmark.formats.registry import read_folder
from tests.formats.folders import by_name, put_pictures, put_text, reasons
from tests.formats.image_files import saved

FIRST = np.zeros((30, 40), np.uint8)
FIRST[3:9, 4:20] = 1
SECOND = FIRST.copy()
SECOND[20:25, 4:20] = 2


def put(tmp_path, name, data):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def shapes_of(listing, name):
    return by_name(listing)[name].shapes


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("images/a.jpg", "masks/a.png"),
        ("train/images/a.jpg", "train/masks/a.png"),
        ("images/train/a.jpg", "masks/train/a.png"),
        ("training-images/a.jpg", "mask-images/a.png"),
        ("a.png", "ground_truth/a_mask.png"),
        ("a.jpg", "a.png"),
        ("a.png", "a_mask.png"),
        ("deep/er/a.png", "deep/er/a-mask.tif"),
    ],
)
@pytest.mark.parametrize("top", [1, 255])
def test_masks_are_found_beside_the_images_and_in_folders(tmp_path, image, mask, top):
    put_pictures(tmp_path, image)
    put(tmp_path, mask, saved(FIRST * np.uint8(top), "TIFF" if mask.endswith("tif") else "PNG"))
    listing = read_folder(tmp_path)
    assert listing.format == "masks"
    assert [i.name for i in listing.images] == [image]
    assert shapes_of(listing, image) == (mask_shape("defect", FIRST > 0),)


def test_the_folder_names_the_class_and_a_common_prefix_is_cut(tmp_path):
    for folder in ("MT_Crack", "MT_Fray"):
        put_pictures(tmp_path, f"{folder}/Imgs/a.jpg")
        put(tmp_path, f"{folder}/Imgs/a.png", saved(FIRST * np.uint8(255), "PNG"))
    listing = read_folder(tmp_path)
    assert listing.classes == ("Crack", "Fray")
    assert shapes_of(listing, "MT_Fray/Imgs/a.jpg") == (mask_shape("Fray", FIRST > 0),)


@pytest.mark.parametrize("names", ["dent\nscratch\n", "background\ndent\nscratch\n"])
def test_classes_txt_names_the_values(tmp_path, names):
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    put(tmp_path, "masks/a.png", mask_png(SECOND))
    put(tmp_path, "masks/b.png", saved(FIRST * np.uint8(9), "PNG"))
    put_text(tmp_path, "classes.txt", names)
    listing = read_folder(tmp_path)
    assert listing.classes == ("dent", "scratch")
    assert shapes_of(listing, "images/a.png") == (
        mask_shape("dent", SECOND == 1),
        mask_shape("scratch", SECOND == 2),
    )
    assert "images/b.png: value 9 of its mask has no name" in reasons(listing)


def test_without_names_several_values_are_several_classes(tmp_path):
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    put(tmp_path, "masks/a.png", saved(SECOND, "PNG"))
    put(tmp_path, "masks/b.png", saved(FIRST, "PNG"))
    listing = read_folder(tmp_path)
    assert listing.classes == ("class_1", "class_2")
    assert shapes_of(listing, "images/b.png") == (mask_shape("class_1", FIRST > 0),)


def test_classes_named_by_color_keep_apart(tmp_path):
    put_pictures(tmp_path, "images/a.png")
    color = np.zeros((30, 40, 3), np.uint8)
    color[FIRST == 1] = (255, 0, 0)
    color[SECOND == 2] = (0, 255, 0)
    put(tmp_path, "masks/a.png", saved(color, "PNG"))
    assert read_folder(tmp_path).classes == ("class_00ff00", "class_ff0000")


def test_shades_at_the_edges_are_cut_at_half_in_all_masks_alike(tmp_path):
    soft = Image.fromarray(FIRST * np.uint8(255)).resize((80, 60), Image.Resampling.BICUBIC)
    soft = np.asarray(soft.rotate(3, Image.Resampling.BICUBIC).resize((40, 30)))
    few = FIRST * np.uint8(255)
    few[9, 4:20] = 100
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    put(tmp_path, "masks/a.png", saved(soft, "PNG"))
    put(tmp_path, "masks/b.png", saved(few, "PNG"))
    listing = read_folder(tmp_path)
    assert len(np.unique(soft)) > 32
    assert listing.classes == ("defect",)
    assert shapes_of(listing, "images/a.png") == (mask_shape("defect", soft > 127),)
    assert shapes_of(listing, "images/b.png") == (mask_shape("defect", FIRST > 0),)
    assert any("2 masks hold shades" in n for n in listing.notes)


def test_a_mask_saved_as_jpeg_is_cut_at_half(tmp_path):
    put_pictures(tmp_path, "images/a.png")
    put(tmp_path, "masks/a.jpg", saved(FIRST * np.uint8(255), "JPEG", quality=90))
    listing = read_folder(tmp_path)
    assert shapes_of(listing, "images/a.png") == (mask_shape("defect", FIRST > 0),)


def test_an_empty_mask_means_nothing_to_mark_and_no_mask_unlabeled_unless_called_good(tmp_path):
    names = ["images/a.png", "images/b.png", "images/normal-3.png", "images/good/c.png"]
    put_pictures(tmp_path, *names)
    put(tmp_path, "masks/a.png", saved(FIRST * 0, "PNG"))
    found = by_name(read_folder(tmp_path))
    assert [found[n].shapes for n in names] == [(), None, (), ()]


def test_a_mask_of_another_size_is_not_trusted(tmp_path):
    put_pictures(tmp_path, "images/a.png")
    put(tmp_path, "masks/a.png", saved(FIRST.T.copy(), "PNG"))
    listing = read_folder(tmp_path)
    assert shapes_of(listing, "images/a.png") is None
    assert "30x40 pixels, the image has 40x30" in reasons(listing)


def test_a_broken_mask_makes_its_image_a_problem_and_a_mask_alone_is_named(tmp_path):
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    put(tmp_path, "masks/a.png", saved(FIRST, "PNG")[:-30])
    put(tmp_path, "masks/b.png", saved(FIRST, "PNG"))
    put(tmp_path, "masks/z.png", saved(FIRST, "PNG"))
    listing = read_folder(tmp_path)
    assert [i.name for i in listing.images] == ["images/b.png"]
    assert "images/a.png: masks/a.png cannot be decoded" in reasons(listing)
    assert "masks/z.png: is a mask without an image" in reasons(listing)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("crack/a.png", "crack"),
        ("train/crack/a.png", "crack"),
        ("x/train/crack/images/a.png", "crack"),
        ("train/test/a.png", "test"),
        ("train/a.png", None),
        ("images/a.png", None),
        ("a.png", None),
    ],
)
def test_the_class_is_the_innermost_folder_that_means_something(name, found):
    assert class_folder(name) == found


def test_a_prefix_is_cut_only_at_an_underscore_or_dash():
    assert without_common_prefix(["MT_a", "MT_b"]) == {"MT_a": "a", "MT_b": "b"}
    assert without_common_prefix(["scratch", "scrap"]) == {
        "scratch": "scratch",
        "scrap": "scrap",
    }
    assert without_common_prefix(["MT_a"]) == {"MT_a": "MT_a"}
    assert without_common_prefix(["a_", "a_b"]) == {"a_": "a_", "a_b": "b"}
