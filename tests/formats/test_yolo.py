import pytest

from pitmark.core.labels import BoxShape, PolygonShape
from pitmark.formats.data_yaml import parse_data_yaml
from pitmark.formats.registry import read_folder
from tests.formats.folders import by_name, put_pictures, put_text, reasons


def read_line(tmp_path, *lines, names="dent\nscratch\n"):
    put_pictures(tmp_path, "images/a.png")
    put_text(tmp_path, "labels/a.txt", "\n".join(lines))
    if names:
        put_text(tmp_path, "classes.txt", names)
    return read_folder(tmp_path, format="yolo")


def test_a_line_of_five_is_a_box_by_its_center(tmp_path):
    listing = read_line(tmp_path, "1 0.5 0.5 0.5 0.2")
    (shape,) = listing.images[0].shapes
    assert isinstance(shape, BoxShape)
    assert shape.label == "scratch"
    assert shape.box_xyxy == pytest.approx((10, 12, 30, 18))
    assert listing.classes == ("dent", "scratch")


def test_a_longer_line_is_an_outline(tmp_path):
    (shape,) = read_line(tmp_path, "0 0.25 0.5 0.5 0.5 0.5 1").images[0].shapes
    assert shape == PolygonShape("dent", (((10, 15), (20, 15), (20, 30)),))


def test_an_empty_file_means_nothing_to_mark_and_no_file_unlabeled(tmp_path):
    put_pictures(tmp_path, "images/a.png", "images/b.png")
    listing = read_line(tmp_path, "")
    assert by_name(listing)["images/a.png"].shapes == ()
    assert by_name(listing)["images/b.png"].shapes is None
    assert any("1 images have no text file" in n for n in listing.notes)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0 0.5 0.5 0.2", "4 numbers is neither"),
        ("0 0.5 0.5 0.2 0.2 0.9", "6 numbers is neither"),
        ("0 0.5 0.5 0 0.2", "no area"),
        ("0 nan 0.5 0.1 0.2", "not made of numbers"),
        ("0 1.5 0.5 0.1 0.2", "outside the image"),
        ("0.5 0.5 0.5 0.1 0.2", "class number 0.5"),
        ("-1 0.5 0.5 0.1 0.2", "class number -1"),
        ("9 0.5 0.5 0.1 0.2", "class number 9 has no name among 2"),
        ("inf 0.5 0.5 0.1 0.2", "cannot read the line"),
        ("dent 0.5 0.5 0.1 0.2", "cannot read the line"),
    ],
)
def test_a_line_that_cannot_be_is_dropped_and_named(tmp_path, line, why):
    listing = read_line(tmp_path, line, "0 0.5 0.5 0.2 0.2")
    assert len(listing.images[0].shapes) == 1
    assert why in reasons(listing)


def test_without_names_classes_are_numbered(tmp_path):
    listing = read_line(tmp_path, "1 0.5 0.5 0.5 0.2", names="")
    assert listing.classes == ("class_1",)
    assert any("no names of classes" in n for n in listing.notes)


def test_a_file_that_is_not_text_makes_its_image_a_problem(tmp_path):
    put_pictures(tmp_path, "a.png", "b.png")
    put_text(tmp_path, "b.txt", "0 0.5 0.5 0.2 0.2")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe0 0.5")
    listing = read_folder(tmp_path, format="yolo")
    assert [i.name for i in listing.images] == ["b.png"]
    assert "a.png: a.txt is not UTF-8" in reasons(listing)


def test_the_splits_of_data_yaml_are_followed(tmp_path):
    put_pictures(tmp_path, "first/images/a.png", "second/images/b.png")
    put_text(tmp_path, "first/labels/a.txt", "0 0.5 0.5 0.2 0.2")
    put_text(tmp_path, "second/labels/b.txt", "")
    put_text(
        tmp_path, "data.yaml", "train: ../first/images\nval: ./second/images\nnames: [x]\n"
    )
    listing = read_folder(tmp_path)
    assert [i.split for i in listing.images] == ["train", "val"]
    assert listing.classes == ("x",)


@pytest.mark.parametrize(
    "text",
    [
        "names: ['pit mark', \"a, b\", c]",
        "names:\n- pit mark\n- 'a, b'\n- c\n",
        'names:\n  0: pit mark\n  1: "a, b"  # comment\n  2: c\nnc: 3\n',
        "nc: 3\nnames: [pit mark,\n  'a, b', c]\n",
        "names: {0: pit mark, 1: 'a, b', 2: c}",
    ],
)
def test_the_usual_ways_to_write_names_are_read(text):
    assert parse_data_yaml(text).names == {0: "pit mark", 1: "a, b", 2: "c"}


def test_a_hash_inside_quotes_is_no_comment():
    assert parse_data_yaml("names: ['#1', 'b#2']").names == {0: "#1", 1: "b#2"}


def test_paths_of_splits_are_read_and_null_is_none():
    about = parse_data_yaml(
        "train: images/train\nval:\n  - a\n  - b\ntest: null\n# names: [x]\n"
    )
    assert about.splits == {"train": ["images/train"], "val": ["a", "b"], "test": []}
    assert about.names == {}
