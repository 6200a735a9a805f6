"""What every format must pass: write then read gives the same, save for stated losses."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitmark.core.errors import ConflictError, InvalidInputError, UnknownFormatError
from pitmark.core.labels import (
    BoxShape,
    ImageClass,
    MaskShape,
    PolygonShape,
    mask_shape,
    shape_box,
    shape_mask,
)
from pitmark.formats.registry import FORMATS, detect_format, read_folder, write_folder
from tests.formats.folders import SIZE_WH, labeled, picture, put_pictures

WRITABLE = sorted(n for n, f in FORMATS.items() if f.write)
LABELS = st.sampled_from(["scratch", "pit mark", "Ölfleck", "a,b", "No. 7"])
WIDTH, HEIGHT = SIZE_WH


@st.composite
def boxes(draw):
    x1, y1 = draw(st.floats(0, WIDTH - 1)), draw(st.floats(0, HEIGHT - 1))
    x2, y2 = draw(st.floats(x1 + 0.5, WIDTH)), draw(st.floats(y1 + 0.5, HEIGHT))
    return BoxShape(draw(LABELS), (x1, y1, x2, y2))


@st.composite
def polygons(draw):
    box = draw(boxes())
    x1, y1, x2, y2 = box.box_xyxy
    middle = (x1 + x2) / 2
    return PolygonShape(box.label, (((x1, y2), (middle, y1), (x2, y2)),))


@st.composite
def mask_shapes(draw):
    bits = draw(st.binary(min_size=20, max_size=20))
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[5:15, 10:26] = np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(10, 16)
    mask[5, 10] = True
    return mask_shape(draw(LABELS), mask)


CLASSES = LABELS.map(ImageClass)
# What each format holds without loss.
HELD = {
    "coco": st.one_of(boxes(), polygons(), mask_shapes()),
    "csv": st.one_of(boxes(), CLASSES),
    "folders": CLASSES,
    "images": None,
    "labelme": st.one_of(boxes(), polygons(), mask_shapes()),
    "masks": mask_shapes(),
    "mvtec": mask_shapes(),
    "voc": boxes(),
    "yolo": st.one_of(boxes(), polygons()),
}
# Formats that keep one shape an image.
SINGLE = {"folders", "masks", "mvtec"}
ANY_SHAPE = st.one_of(boxes(), polygons(), mask_shapes(), CLASSES)


@st.composite
def data_sets(draw, name, held):
    most = 1 if name in SINGLE else 4
    least = 1 if name == "folders" else 0
    shapes = st.lists(held, min_size=least, max_size=most).map(tuple)
    if name != "mvtec":
        shapes = st.one_of(st.none(), shapes)
    lists = draw(st.lists(shapes, min_size=1, max_size=5))
    split = st.sampled_from(["train", "val", "test"])
    if name == "mvtec":
        return [labeled(i, s, split="test") for i, s in enumerate(lists)]
    return [labeled(i, s, split=draw(split)) for i, s in enumerate(lists)]


def write_and_read(name, items, **options):
    """Everything written and read again, by content of the image."""
    blobs = {item.image.sha256: data for item, data in items}
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        summary = write_folder(name, [i for i, _ in items], blobs.__getitem__, out)
        listing = read_folder(out, format=name)
        known = {data: sha256 for sha256, data in blobs.items()}
        found = {known[image.path.read_bytes()]: image for image in listing.images}
        assert len(found) == len(listing.images)
    return summary, listing, found


def same_shape(first, second):
    if type(first) is not type(second) or first.label != second.label:
        return False
    if isinstance(first, BoxShape):
        return np.allclose(first.box_xyxy, second.box_xyxy, atol=1e-6)
    if isinstance(first, PolygonShape):
        return np.allclose(first.rings, second.rings, atol=1e-6)
    return first == second


def same_shapes(first, second):
    if first is None or second is None:
        return first is second
    rest = list(second)
    for shape in first:
        match = next((s for s in rest if same_shape(shape, s)), None)
        if match is None:
            return False
        rest.remove(match)
    return not rest


@pytest.mark.parametrize("name", [n for n in WRITABLE if HELD[n] is not None])
def test_write_then_read_gives_the_same_shapes_and_splits(name):
    @given(data_sets(name, HELD[name]))
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def check(items):
        summary, listing, found = write_and_read(name, items)
        assert (summary.files, summary.lost, listing.problems) == (len(items), [], [])
        for item, _ in items:
            image = found[item.image.sha256]
            assert same_shapes(item.shapes, image.shapes), (item.shapes, image.shapes)
            assert image.split == item.split

    check()


@pytest.mark.parametrize("name", WRITABLE)
def test_shapes_that_a_format_cannot_hold_are_counted_as_lost(name):
    @given(st.lists(st.lists(ANY_SHAPE, max_size=3).map(tuple), min_size=1, max_size=4))
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    def check(shape_lists):
        items = [labeled(i, shapes, split="test") for i, shapes in enumerate(shape_lists)]
        summary, listing, found = write_and_read(name, items)
        assert listing.problems == []
        assert len(found) == summary.files == len(items)
        for item, _ in items:
            changed = not same_shapes(item.shapes, found[item.image.sha256].shapes)
            assert summary.lost or not changed, item.shapes

    check()


@pytest.mark.parametrize("name", WRITABLE)
def test_what_was_written_is_recognized(name, tmp_path):
    first, second = ("scratch", "dent") if name == "folders" else ("scratch", "scratch")
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[3:9, 4:8] = True
    shape = {
        "folders": ImageClass,
        "images": ImageClass,
        "csv": ImageClass,
        "masks": lambda label: mask_shape(label, mask),
        "mvtec": lambda label: mask_shape(label, mask),
    }.get(name, lambda label: BoxShape(label, (1, 2, 30, 20)))
    items = [
        labeled(1, (shape(first),), split="test"),
        labeled(2, (shape(second),), split="test"),
        labeled(3, (ImageClass("dent"),) if name == "folders" else ()),
    ]
    blobs = {i.image.sha256: data for i, data in items}
    write_folder(name, [i for i, _ in items], blobs.__getitem__, tmp_path)
    assert detect_format(tmp_path) == name


@pytest.mark.parametrize("name", WRITABLE)
def test_hostile_and_equal_names_are_written_inside_the_folder_under_different_names(
    name, tmp_path
):
    names = ["../../x.png", "..\\..\\x.png", "/etc/X.png", "con.png", "a/x.png", "\n.png"]
    items = [labeled(i, (), name=n, split="test") for i, n in enumerate(names)]
    blobs = {i.image.sha256: data for i, data in items}
    out = tmp_path / "deep" / "out"
    summary = write_folder(name, [i for i, _ in items], blobs.__getitem__, out)
    files = [p for p in out.rglob("*.png") if "masks" not in p.parts]
    assert summary.files == len(files) == len(names)
    assert len({str(p).casefold() for p in files}) == len(names)
    assert list(tmp_path.iterdir()) == [tmp_path / "deep"]
    assert not any(p.stem.casefold() == "con" for p in files)


@pytest.mark.parametrize("name", WRITABLE)
def test_metadata_comes_back_from_every_format(name, tmp_path):
    item, data = labeled(1, (), metadata={"lot": "0047", "camera": 2, "mm": 0.5}, group="A")
    write_folder(name, [item], lambda _: data, tmp_path)
    (image,) = read_folder(tmp_path, format=name).images
    assert image.metadata == {"lot": "0047", "camera": 2, "mm": 0.5, "group": "A"}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_format_falls_over_a_folder_of_another_kind(name, tmp_path):
    put_pictures(tmp_path, "a/x.png", "b/y.png")
    (tmp_path / "a.json").write_text(json.dumps([1, 2]))
    (tmp_path / "b.xml").write_text("<html/>")
    (tmp_path / "a/x.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "c.csv").write_text("")
    if name in ("coco", "csv"):
        with pytest.raises(InvalidInputError, match=r"no (COCO|CSV) file"):
            read_folder(tmp_path, format=name)
    else:
        listing = read_folder(tmp_path, format=name)
        assert {i.name for i in listing.images} <= {"a/x.png", "b/y.png"}


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path):
    put_pictures(tmp_path, "mine.png")
    with pytest.raises(ConflictError, match="not an empty folder"):
        write_folder("coco", [], lambda _: b"", tmp_path)
    assert (tmp_path / "mine.png").read_bytes() == picture(0)


def test_a_format_that_is_only_read_says_so(tmp_path):
    with pytest.raises(InvalidInputError, match="deeppcb is only read"):
        write_folder("deeppcb", [], lambda _: b"", tmp_path / "out")
    with pytest.raises(UnknownFormatError, match="no format 'cocoa'"):
        write_folder("cocoa", [], lambda _: b"", tmp_path / "out")


def test_class_numbers_follow_the_order_of_the_label_book(tmp_path):
    item, data = labeled(1, (BoxShape("b", (1, 1, 5, 5)),))
    write_folder("yolo", [item], lambda _: data, tmp_path, classes=["z", "b"])
    assert read_folder(tmp_path, format="yolo").classes == ("z", "b")


@pytest.mark.parametrize("name", WRITABLE)
def test_masks_without_a_pixel_are_counted_as_lost(name):
    nothing = mask_shape("dent", np.zeros((HEIGHT, WIDTH), bool))
    summary, listing, _ = write_and_read(name, [labeled(1, (nothing,), split="test")])
    assert "1 x masks without a pixel were left out" in summary.lost
    assert listing.problems == []


@pytest.mark.parametrize("name", ["coco", "labelme", "masks", "mvtec", "voc"])
def test_an_outline_with_a_hole_keeps_its_extent_and_where_possible_its_hole(name):
    outer = ((5.0, 5.0), (25.0, 5.0), (25.0, 25.0), (5.0, 25.0))
    inner = ((10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0))
    ring = PolygonShape("ring", (outer, inner))
    summary, _, found = write_and_read(name, [labeled(1, (ring,), split="test")])
    (image,) = found.values()
    (shape,) = image.shapes
    assert len(summary.lost) == 1
    assert shape_box(shape) == (5, 5, 25, 25)
    if name != "voc":
        assert isinstance(shape, MaskShape)
        assert np.array_equal(shape_mask(shape, SIZE_WH), shape_mask(ring, SIZE_WH))


def test_labelme_says_that_a_class_given_twice_becomes_one():
    twice = labeled(0, (ImageClass("scratch"), ImageClass("scratch")), split="test")
    summary, _, found = write_and_read("labelme", [twice])
    assert found[twice[0].image.sha256].shapes == (ImageClass("scratch"),)
    assert any("given twice" in text for text in summary.lost)
