import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import BoxShape
from pitmark.formats.registry import read_folder
from pitmark.formats.voc import parse_xml
from tests.formats.folders import by_name, put_pictures, put_text, reasons


def xml(*boxes, filename="a.png", size=(40, 30)):
    objects = "".join(
        f"<object><name>dent</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin>"
        f"<xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>"
        for a, b, c, d in boxes
    )
    return (
        f"<annotation><filename>{filename}</filename><size><width>{size[0]}</width>"
        f"<height>{size[1]}</height></size>{objects}</annotation>"
    )


def read_xml(tmp_path, text):
    put_pictures(tmp_path, "JPEGImages/a.png", "JPEGImages/b.png")
    put_text(tmp_path, "Annotations/a.xml", text)
    return read_folder(tmp_path, format="voc")


def test_corners_are_taken_as_they_stand(tmp_path):
    listing = read_xml(tmp_path, xml((1, 2, 11, 22)))
    images = by_name(listing)
    assert images["JPEGImages/a.png"].shapes == (BoxShape("dent", (1, 2, 11, 22)),)
    assert images["JPEGImages/b.png"].shapes is None


def test_boxes_without_area_are_named_and_the_image_stays(tmp_path):
    listing = read_xml(tmp_path, xml((5, 5, 5, 5), (9, 9, 3, 3), ("x", 1, 2, 3)))
    assert by_name(listing)["JPEGImages/a.png"].shapes == ()
    assert reasons(listing).count("JPEGImages/a.png: box of 'dent'") == 3
    assert "(5, 5, 5, 5) has no area" in reasons(listing)


@pytest.mark.parametrize("filename", ["other/path/a.jpg", "a", "", "b_renamed.png"])
def test_a_wrong_file_name_inside_falls_back_to_the_name_of_the_xml(tmp_path, filename):
    listing = read_xml(tmp_path, xml((1, 2, 11, 22), filename=filename))
    assert len(by_name(listing)["JPEGImages/a.png"].shapes) == 1


def test_a_size_of_zero_is_not_held_against_the_labels_but_another_one_is(tmp_path):
    assert len(read_xml(tmp_path, xml((1, 2, 9, 9), size=(0, 0))).images[0].shapes) == 1
    listing = read_xml(tmp_path, xml((1, 2, 9, 9), size=(400, 300)))
    assert listing.images[0].shapes is None
    assert "400x300 pixels, the image has 40x30" in reasons(listing)


def test_image_sets_give_the_splits(tmp_path):
    put_text(tmp_path, "ImageSets/Main/train.txt", "a\n")
    put_text(tmp_path, "ImageSets/Main/trainval.txt", "a\nb\n")
    put_text(tmp_path, "ImageSets/Main/test.txt", "b\ngone\n")
    listing = read_xml(tmp_path, xml())
    assert [i.split for i in listing.images] == ["train", "test"]
    assert any("belong to no image (first: gone)" in n for n in listing.notes)


BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><annotation>&y;</annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hosts">]><annotation>&x;</annotation>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, "<!DOCTYPE annotation><annotation/>"])
def test_document_types_and_entities_are_refused(tmp_path, text):
    listing = read_xml(tmp_path, text)
    assert [i.name for i in listing.images] == ["JPEGImages/b.png"]
    assert "JPEGImages/a.png: Annotations/a.xml declares a document type" in reasons(listing)


@pytest.mark.parametrize(
    "text", ["", "<annotation>", "hello", "<a></b>", "<a/>" * 2, "<a>\0</a>"]
)
def test_broken_xml_makes_its_image_a_problem_and_the_rest_is_read(tmp_path, text):
    listing = read_xml(tmp_path, text)
    assert [i.name for i in listing.images] == ["JPEGImages/b.png"]
    assert "a.xml is not valid XML" in reasons(listing)


def test_deeply_nested_xml_is_harmless():
    with pytest.raises(InvalidInputError, match="not valid XML"):
        parse_xml("<a>" * 100_000, "x.xml")
    assert parse_xml("<a>" * 50_000 + "</a>" * 50_000, "x.xml").tag == "a"
