import json

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import BoxShape, PolygonShape, mask_shape, shape_mask
from pitmark.core.rle import counts_to_text, encode_mask
from pitmark.formats.registry import read_folder
from tests.formats.folders import by_name, put_pictures, put_text, reasons

CATEGORIES = [{"id": 7, "name": "scratch"}, {"id": 3, "name": "dent"}]
MASK = np.zeros((30, 40), bool)
MASK[4:9, 10:22] = True


def coco(*annotations, images=None, categories=CATEGORIES):
    images = images or [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}]
    numbered = [
        {"id": n, "image_id": 1, "category_id": 7, **a} for n, a in enumerate(annotations)
    ]
    return {"images": images, "annotations": numbered, "categories": categories}


def read_one(tmp_path, *annotations, **options):
    put_pictures(tmp_path, "a.png")
    put_text(tmp_path, "annotations.json", coco(*annotations, **options))
    listing = read_folder(tmp_path)
    assert listing.format == "coco"
    return listing


def test_a_box_is_x_y_width_height(tmp_path):
    listing = read_one(tmp_path, {"bbox": [1, 2, 10, 20]})
    assert listing.images[0].shapes == (BoxShape("scratch", (1, 2, 11, 22)),)


def test_classes_are_in_the_order_of_their_ids(tmp_path):
    assert read_one(tmp_path).classes == ("dent", "scratch")


def test_an_image_without_annotations_is_looked_at_and_one_not_listed_is_unlabeled(tmp_path):
    put_pictures(tmp_path, "b.png")
    images = by_name(read_one(tmp_path))
    assert images["a.png"].shapes == ()
    assert images["b.png"].shapes is None


def test_an_outline_is_a_list_of_x_and_y(tmp_path):
    listing = read_one(tmp_path, {"segmentation": [[1, 1, 9, 1, 9, 7]], "bbox": [0, 0, 1, 1]})
    assert listing.images[0].shapes == (
        PolygonShape("scratch", (((1.0, 1.0), (9.0, 1.0), (9.0, 7.0)),)),
    )


def test_outlines_that_overlap_are_joined_and_leave_no_hole(tmp_path):
    rings = [[2, 2, 12, 2, 12, 12, 2, 12], [6, 6, 20, 6, 20, 20, 6, 20]]
    (shape,) = read_one(tmp_path, {"segmentation": rings}).images[0].shapes
    expected = np.zeros((30, 40), bool)
    expected[2:12, 2:12] = expected[6:20, 6:20] = True
    assert np.array_equal(shape_mask(shape, (40, 30)), expected)


@pytest.mark.parametrize("crowd", [0, 1])
@pytest.mark.parametrize("compressed", [False, True])
def test_masks_are_read_as_counts_and_as_text(tmp_path, crowd, compressed):
    counts = encode_mask(MASK)
    rle = {"size": [30, 40], "counts": counts_to_text(counts) if compressed else list(counts)}
    listing = read_one(tmp_path, {"segmentation": rle, "iscrowd": crowd})
    assert listing.images[0].shapes == (mask_shape("scratch", MASK),)
    assert len(listing.notes) == crowd


@pytest.mark.parametrize(
    ("segmentation", "why"),
    [
        ({"size": [30, 40], "counts": [5, 5]}, "does not cover the image"),
        ({"size": [30, 40], "counts": [-5, 1205]}, "does not cover the image"),
        ({"size": [30, 40], "counts": [1200]}, "marks no pixel"),
        ({"size": [40, 30], "counts": [0, 1200]}, "size"),
        ({"size": [30, 40], "counts": "P" * 100_000}, "no readable run lengths"),
        ({"size": [30, 40], "counts": "!!"}, "character"),
        ({"size": [30, 40], "counts": [1e400, None]}, "no readable run lengths"),
        ([[1, 1, 2, 2, 3, 3]], "no area"),
        ([[100, 100, 120, 100, 120, 120]], "outside"),
        ([[1, 1, None, 1, 9, 9]], "not made of numbers"),
        ([[1, 1, 2, 2, 3, 9]] * 1001, "1001 parts"),
    ],
)
def test_masks_and_outlines_that_cannot_be_are_dropped_and_named(tmp_path, segmentation, why):
    listing = read_one(tmp_path, {"segmentation": segmentation})
    assert listing.images[0].shapes == ()
    assert why in reasons(listing)
    assert "a.png: " in reasons(listing)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ([5, 5, 0, 9], "no area"),
        ([5, 5, -3, 9], "no area"),
        ([100, 5, 9, 9], "outside the image of 40x30"),
        ([float("nan"), 5, 9, 9], "not made of numbers"),
        (["5", 5, 9, 9], "not made of numbers"),
        ([5, 5, 10**400, 9], "not made of numbers"),
        ([5, 5, 9], "neither outline nor box"),
        (None, "neither outline nor box"),
    ],
)
def test_boxes_that_cannot_be_are_dropped_and_named_and_the_image_stays(tmp_path, box, why):
    listing = read_one(tmp_path, {"bbox": box}, {"bbox": [1, 1, 5, 5]})
    assert listing.images[0].shapes == (BoxShape("scratch", (1, 1, 6, 6)),)
    assert why in reasons(listing)


def test_a_box_beyond_the_rim_is_clipped_and_counted(tmp_path):
    listing = read_one(tmp_path, {"bbox": [-5, 20, 20, 100]})
    assert listing.images[0].shapes == (BoxShape("scratch", (0, 20, 15, 30)),)
    assert any("1 boxes reached beyond" in n for n in listing.notes)


def test_an_unknown_category_and_an_unknown_image_are_problems(tmp_path):
    listing = read_one(tmp_path, {"category_id": 99, "bbox": [1, 1, 5, 5]}, {"image_id": 8})
    assert "unknown category 99" in reasons(listing)
    assert "image id 8" in reasons(listing)


def test_labels_for_another_size_are_not_trusted(tmp_path):
    images = [{"id": 1, "file_name": "a.png", "width": 30, "height": 40}]
    listing = read_one(tmp_path, {"bbox": [1, 1, 5, 5]}, images=images)
    assert listing.images[0].shapes is None
    assert "30x40 pixels, the image has 40x30, probably drawn before" in reasons(listing)


def test_a_file_name_that_leads_outside_is_never_followed(tmp_path):
    put_pictures(tmp_path, "outside.png")
    images = [{"id": 1, "file_name": "../outside.png"}, {"id": 2, "file_name": "/etc/hosts"}]
    root = tmp_path / "root"
    put_pictures(root, "b.png")
    put_text(root, "c.json", coco(images=images))
    listing = read_folder(root)
    assert [i.name for i in listing.images] == ["b.png"]
    assert "../outside.png: named in c.json, but not there" in reasons(listing)


def test_several_files_give_the_splits(tmp_path):
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    for split, name in (("train2017", "a.png"), ("val2017", "b.png")):
        images = [{"id": 1, "file_name": name}]
        put_text(tmp_path, f"annotations/instances_{split}.json", coco(images=images))
    assert [i.split for i in read_folder(tmp_path).images] == ["train", "val"]


def test_an_image_in_several_files_keeps_its_first_labels(tmp_path):
    put_pictures(tmp_path, "a.png")
    put_text(tmp_path, "one.json", coco({"bbox": [1, 1, 5, 5]}))
    put_text(tmp_path, "two.json", coco({"bbox": [1, 1, 5, 5]}))
    listing = read_folder(tmp_path)
    assert len(listing.images[0].shapes) == 1
    assert any("in several COCO files" in n for n in listing.notes)


def test_an_image_listed_twice_in_one_file_keeps_all_labels(tmp_path):
    images = [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "a.png"}]
    boxes = {"bbox": [1, 1, 5, 5]}, {"bbox": [9, 9, 5, 5], "image_id": 2}
    assert len(read_one(tmp_path, *boxes, images=images).images[0].shapes) == 2


def test_one_broken_file_does_not_hide_the_other(tmp_path):
    put_text(tmp_path, "x.json", '{"images": [], "annotations": [], "categories": [')
    listing = read_one(tmp_path, {"bbox": [1, 1, 5, 5]})
    assert len(listing.images[0].shapes) == 1
    assert "x.json is not valid JSON" in reasons(listing)


@pytest.mark.parametrize(
    "text",
    [
        '{"images": "annotations" "categories"',
        '{"images":' + "[" * 100_000 + '"annotations" "categories"',
        '["images", "annotations", "categories"]',
    ],
    ids=["broken", "deep", "list"],
)
def test_files_that_cannot_be_read_at_all_are_an_error(tmp_path, text):
    put_pictures(tmp_path, "a.png")
    put_text(tmp_path, "a.json", text)
    with pytest.raises(InvalidInputError, match=r"no COCO file could be read: .*a\.json"):
        read_folder(tmp_path, format="coco")


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
@pytest.mark.parametrize("junk", [None, 5, {}, [1, None, [], {}], [{"id": []}]])
def test_junk_in_the_place_of_lists_never_falls_over(tmp_path, key, junk):
    put_pictures(tmp_path, "a.png")
    data = coco({"bbox": [1, 1, 5, 5]})
    data[key] = junk
    (tmp_path / "a.json").write_text(json.dumps(data))
    assert len(read_folder(tmp_path).images) == 1


def test_a_compressed_mask_of_another_tool_is_read(tmp_path):
    """The text that the reference implementation gives for a block in 5 x 5 pixels."""
    put_pictures(tmp_path, "a.png", size_wh=(5, 5))
    block = np.zeros((5, 5), bool)
    block[1:4, 1:4] = True
    rle = {"size": [5, 5], "counts": "6320004"}
    images = [{"id": 1, "file_name": "a.png"}]
    put_text(tmp_path, "a.json", coco({"segmentation": rle}, images=images))
    assert read_folder(tmp_path).images[0].shapes == (mask_shape("scratch", block),)
