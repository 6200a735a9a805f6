import numpy as np
import pytest

from pitmark.core.errors import NotFoundError, UnknownFormatError
from pitmark.core.labels import ImageClass, mask_shape
from pitmark.formats.registry import FORMATS, detect_format, read_folder
from tests.formats.folders import picture, put_pictures, put_text, reasons
from tests.formats.image_files import saved


def test_a_folder_without_images_is_not_guessed_at(tmp_path):
    put_text(tmp_path, "a.json", "{}")
    with pytest.raises(UnknownFormatError, match="holds no image files"):
        detect_format(tmp_path)
    with pytest.raises(NotFoundError, match="there is no folder"):
        detect_format(tmp_path / "nowhere")


def test_images_without_anything_are_unlabeled_images(tmp_path):
    put_pictures(tmp_path, "a.png", "b.png")
    listing = read_folder(tmp_path)
    assert listing.format == "images"
    assert [i.shapes for i in listing.images] == [None, None]


def test_several_formats_are_listed_with_what_was_found_and_how_to_choose(tmp_path):
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    put_text(tmp_path, "labels.csv", "image,label\na.png,dent\n")
    put_text(tmp_path, "labels/a.txt", "0 0.5 0.5 0.2 0.2\n")
    put_text(tmp_path, "labels/b.txt", "")
    with pytest.raises(
        UnknownFormatError, match=r"csv: .*labels\.csv; yolo: .*a\.txt"
    ) as caught:
        detect_format(tmp_path)
    assert caught.value.hint == "Say which with --format NAME: csv, yolo."
    assert read_folder(tmp_path, format="csv").format == "csv"


def test_two_folders_that_could_both_be_masks_are_asked_about(tmp_path):
    for folder in ("images", "mask", "1st_manual", "2nd_manual"):
        put_pictures(tmp_path, f"{folder}/1.png", f"{folder}/2.png")
    with pytest.raises(UnknownFormatError, match=r"1st_manual and 2nd_manual .*might be meant"):
        detect_format(tmp_path)


def test_class_folders_beside_label_files_lose_to_the_label_files(tmp_path):
    put_pictures(tmp_path, "line1/a.png", "line2/b.png")
    put_text(tmp_path, "line1/a.txt", "0 0.5 0.5 0.2 0.2")
    assert detect_format(tmp_path) == "yolo"


def test_listing_images_does_not_decode_them(tmp_path):
    """Files cut off after their header are listed; decoding would have failed."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.png").write_bytes(picture()[:-20])
    put_text(tmp_path, "a/x.txt", "0 0.5 0.5 0.2 0.2")
    listing = read_folder(tmp_path, format="yolo")
    assert listing.problems == []
    assert len(listing.images) == 1


def test_a_broken_header_is_a_problem_and_the_rest_is_listed(tmp_path):
    put_pictures(tmp_path, "a.png", "b.png")
    (tmp_path / "a.png").write_bytes(b"not an image")
    for name in "ab":
        put_text(tmp_path, f"{name}.txt", "0 0.5 0.5 0.2 0.2")
    listing = read_folder(tmp_path, format="yolo")
    assert [i.name for i in listing.images] == ["b.png"]
    assert "a.png: a.png is not an image" in reasons(listing)


def test_every_format_is_registered_under_its_own_name_with_a_title():
    assert all(name == f.name and f.title for name, f in FORMATS.items())


def test_for_classification_shapes_that_agree_give_the_class(tmp_path):
    put_pictures(tmp_path, "a.png", "b.png", "c.png")
    put_text(tmp_path, "a.txt", "0 0.5 0.5 0.2 0.2\n0 0.3 0.3 0.2 0.2")
    put_text(tmp_path, "b.txt", "0 0.5 0.5 0.2 0.2\n1 0.3 0.3 0.2 0.2")
    put_text(tmp_path, "c.txt", "")
    put_text(tmp_path, "classes.txt", "dent\nscratch\n")
    listing = read_folder(tmp_path, task="classification")
    assert [i.shapes for i in listing.images] == [
        (ImageClass("dent"),),
        None,
        (ImageClass("good"),),
    ]
    assert listing.good_class == "good"
    assert any("1 images hold several classes" in n for n in listing.notes)


def test_for_anomaly_good_means_nothing_to_mark(tmp_path):
    put_pictures(tmp_path, "good/a.png", "bent/b.png")
    listing = read_folder(tmp_path, task="anomaly")
    assert [i.shapes for i in listing.images] == [(ImageClass("bent"),), ()]
    assert (listing.classes, listing.good_class) == (("bent",), None)
    assert read_folder(tmp_path).good_class == "good"


def test_for_detection_masks_stay_and_bare_classes_are_pointed_out(tmp_path):
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    mask = np.zeros((30, 40), np.uint8)
    mask[2:5, 2:9] = 255
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks/a.png").write_bytes(saved(mask, "PNG"))
    listing = read_folder(tmp_path, task="detection")
    assert listing.images[0].shapes == (mask_shape("defect", mask > 0),)
    put_pictures(tmp_path / "more", "bent/a.png", "dented/b.png")
    listing = read_folder(tmp_path / "more", task="detection")
    assert any("2 images have only a class" in n for n in listing.notes)
