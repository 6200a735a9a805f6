"""Class folders, MVTec layout, CSV tables and DeepPCB."""

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import BoxShape, ImageClass, mask_shape
from pitmark.formats.registry import read_folder
from tests.formats.folders import by_name, put_pictures, put_text, reasons
from tests.formats.image_files import saved

MASK = np.zeros((30, 40), np.uint8)
MASK[3:9, 4:20] = 255


def test_the_folder_is_the_class_also_inside_splits(tmp_path):
    put_pictures(tmp_path, "x/train/dent/a.png", "x/val/good/b.png", "x/val/c.png")
    listing = read_folder(tmp_path)
    assert listing.format == "folders"
    assert [(i.shapes, i.split) for i in listing.images] == [
        ((ImageClass("dent"),), "train"),
        (None, "val"),
        ((ImageClass("good"),), "val"),
    ]
    assert listing.good_class == "good"


def test_one_folder_of_images_is_not_taken_for_a_class(tmp_path):
    put_pictures(tmp_path, "pictures/a.png", "pictures/b.png")
    assert read_folder(tmp_path).format == "images"


def test_mvtec_good_images_have_nothing_to_mark_and_defects_their_mask(tmp_path):
    names = ["train/good/0.png", "test/good/0.png", "test/bent/0.png", "test/cut/0.png"]
    put_pictures(tmp_path, *names, "test/cut/1.png")
    for target in ("bent/0_mask.png", "cut/1.png"):
        put_pictures(tmp_path, f"ground_truth/{target}")
        (tmp_path / "ground_truth" / target).write_bytes(saved(MASK, "PNG"))
    listing = read_folder(tmp_path)
    found = by_name(listing)
    assert listing.format == "mvtec"
    assert (found["train/good/0.png"].shapes, found["train/good/0.png"].split) == ((), "train")
    assert found["test/bent/0.png"].shapes == (mask_shape("bent", MASK > 0),)
    assert found["test/cut/0.png"].shapes == (ImageClass("cut"),)
    assert found["test/cut/1.png"].shapes == (mask_shape("cut", MASK > 0),)
    assert found["test/cut/1.png"].split == "test"


def test_mvtec_categories_side_by_side_are_metadata(tmp_path):
    for category in ("screw", "pill"):
        put_pictures(tmp_path, f"{category}/train/good/0.png", f"{category}/test/bad/0.png")
    listing = read_folder(tmp_path)
    assert {i.metadata["category"] for i in listing.images} == {"screw", "pill"}


def test_training_folders_with_defects_are_class_folders_and_not_mvtec(tmp_path):
    put_pictures(tmp_path, "train/good/0.png", "train/bad/1.png", "test/bad/0.png")
    assert read_folder(tmp_path).format == "folders"


def test_a_broken_mvtec_mask_makes_its_image_a_problem(tmp_path):
    put_pictures(tmp_path, "train/good/0.png", "test/bent/0.png")
    put_text(tmp_path, "ground_truth/bent/0_mask.png", "no image")
    listing = read_folder(tmp_path)
    assert [i.name for i in listing.images] == ["train/good/0.png"]
    assert "test/bent/0.png: ground_truth/bent/0_mask.png is not an image" in reasons(listing)


def read_csv(tmp_path, text):
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    put_text(tmp_path, "labels.csv", text)
    listing = read_folder(tmp_path)
    assert listing.format == "csv"
    return listing


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_rows_are_classes_and_boxes_with_metadata_and_split(tmp_path, mark):
    rows = [
        "Image,Label,x1,y1,x2,y2,split,lot,power",
        "images/a.png,dent,1,2,11,22,val,0047,0.5",
        "a.png,wet,,,,,val,0047,0.5",
        "b.png,,,,,,,,",
    ]
    listing = read_csv(tmp_path, "\n".join(rows).replace(",", mark))
    a, b = listing.images
    assert a.shapes == (BoxShape("dent", (1, 2, 11, 22)), ImageClass("wet"))
    assert (a.split, a.metadata) == ("val", {"lot": "0047", "power": 0.5})
    assert (b.shapes, b.split, b.metadata) == ((), None, {})


def test_csv_keeps_what_each_labeler_said(tmp_path):
    listing = read_csv(tmp_path, "image,label,labeler\na.png,dent,Ann\na.png,good,Bob\n")
    a, b = listing.images
    assert a.by_labeler == {"Ann": (ImageClass("dent"),), "Bob": (ImageClass("good"),)}
    assert a.shapes == (ImageClass("dent"),)
    assert (b.shapes, b.by_labeler) == (None, {})


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a.png,dent,1,2,1,9", "no area"),
        ("a.png,dent,1,2,,9", "not made of numbers"),
        ("a.png,dent,1,2,x,9", "not made of numbers"),
        ("a.png,,1,2,5,9", "no usable class name"),
        ("gone.png,dent,,,,", "gone.png: named in labels.csv, but not there"),
        ("../a2.png,dent,,,,", "../a2.png: named in labels.csv, but not there"),
    ],
)
def test_csv_rows_that_cannot_be_are_named(tmp_path, row, why):
    listing = read_csv(tmp_path, f"image,label,x1,y1,x2,y2\n{row}\nb.png,ok,,,,\n")
    assert by_name(listing)["images/b.png"].shapes == (ImageClass("ok"),)
    assert why in reasons(listing)


def test_several_csv_tables_must_be_splits(tmp_path):
    put_text(tmp_path, "other.csv", "image,label\n")
    with pytest.raises(InvalidInputError, match=r"several tables .*labels\.csv, other\.csv"):
        read_csv(tmp_path, "image,label\n")
    for name in ("labels", "other"):
        (tmp_path / f"{name}.csv").unlink()
    put_text(tmp_path, "train.csv", "image,label\na.png,dent\n")
    put_text(tmp_path, "val.csv", "image,label\nb.png,dent\n")
    assert [i.split for i in read_folder(tmp_path).images] == ["train", "val"]


def test_a_table_without_label_column_is_no_label_table(tmp_path):
    put_pictures(tmp_path, "a/1.png", "b/2.png")
    put_text(tmp_path, "notes.csv", "image,class\na/1.png,x\n")
    assert read_folder(tmp_path).format == "folders"
    with pytest.raises(InvalidInputError, match="no CSV file with the columns"):
        read_folder(tmp_path, format="csv")


def put_pcb(tmp_path, *lines):
    put_pictures(tmp_path, *(f"g/01/0{n}_{k}.jpg" for n in (1, 2) for k in ("test", "temp")))
    put_text(tmp_path, "g/01_not/01.txt", "\n".join(lines))
    return read_folder(tmp_path)


def test_deeppcb_boxes_and_the_template_as_metadata(tmp_path):
    listing = put_pcb(tmp_path, "1 2 11 22 1", "3 4 9 9 6")
    one, two = listing.images
    assert listing.format == "deeppcb"
    assert one.shapes == (
        BoxShape("open", (1, 2, 11, 22)),
        BoxShape("pin-hole", (3, 4, 9, 9)),
    )
    assert one.metadata == {"reference": "g/01/01_temp.jpg"}
    assert two.shapes is None
    assert len(listing.classes) == 6


@pytest.mark.parametrize(
    "line", ["1 2 3 4", "1 2 9 9 7", "1 2 9 9 0", "1 2 9 9 -1", "a b c d 1"]
)
def test_deeppcb_lines_that_cannot_be_are_named(tmp_path, line):
    listing = put_pcb(tmp_path, line, "3 4 9 9 6")
    assert len(listing.images[0].shapes) == 1
    assert f"cannot read the line {line!r}" in reasons(listing)
