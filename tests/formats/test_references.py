"""Pairs of an image and its reference, by the rule that a person writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.formats.references import ReferenceRule
from pitmark.formats.registry import read_folder
from tests.formats.folders import put_pictures, put_text


def pairs(root, rule, **more):
    """Name of every image that was read, and the name of its reference."""
    listing = read_folder(root, reference=rule, **more)
    base = root.resolve()
    return {i.name: i.reference.relative_to(base).as_posix() for i in listing.images}


def test_a_reference_is_named_after_its_image(tmp_path):
    put_pictures(tmp_path, "a.png", "a_temp.png", "b.jpg", "b_temp.png")
    assert pairs(tmp_path, "{name}_temp") == {"a.png": "a_temp.png", "b.jpg": "b_temp.png"}


def test_images_may_be_called_otherwise_themselves_and_zeros_are_kept(tmp_path):
    put_pictures(tmp_path, *(f"x/00{n}_{k}.jpg" for n in (1, 2) for k in ("test", "temp")))
    assert pairs(tmp_path, "{n}_test={n}_temp") == {
        "x/001_test.jpg": "x/001_temp.jpg",
        "x/002_test.jpg": "x/002_temp.jpg",
    }


def test_the_reference_may_have_the_plain_name(tmp_path):
    put_pictures(tmp_path, "7.png", "7_test.png", "8.png")
    assert pairs(tmp_path, "{n}_test={n}") == {"7_test.png": "7.png"}
    rule = ReferenceRule.parse("{n}_test={n}")
    assert [n for n in ("7.png", "7_test.png") if rule.names(n)] == ["7.png"]


def test_references_in_a_folder_of_their_own_are_found_from_below(tmp_path):
    put_pictures(tmp_path, "lot/images/a.png", "lot/golden/a.png", "lot/images/b.png")
    put_pictures(tmp_path, "lot/golden/b.bmp")
    wanted = {"lot/images/a.png": "lot/golden/a.png", "lot/images/b.png": "lot/golden/b.bmp"}
    assert pairs(tmp_path, "golden/{name}") == wanted
    assert pairs(tmp_path, "../golden/{name}") == wanted


def test_one_file_serves_all_images_and_the_nearest_goes_first(tmp_path):
    put_pictures(tmp_path, "golden.png", "a.png", "in/golden.png", "in/b.png", "c/d.png")
    assert pairs(tmp_path, "golden.png") == {
        "a.png": "golden.png",
        "in/b.png": "in/golden.png",
        "c/d.png": "golden.png",
    }


def test_one_file_may_lie_elsewhere_or_be_named_from_where_the_user_stands(
    tmp_path, monkeypatch
):
    put_pictures(tmp_path, "in/a.png", "in/b.png", "golden.png")
    listing = read_folder(tmp_path / "in", reference=str(tmp_path / "golden.png"))
    assert {i.reference.name for i in listing.images} == {"golden.png"}
    monkeypatch.chdir(tmp_path)
    listing = read_folder(tmp_path / "in", reference="in/b.png")
    assert [i.name for i in listing.images] == ["a.png"]


def test_a_column_of_the_metadata_names_the_reference(tmp_path):
    put_pictures(tmp_path, "a.png", "b.png", "t/one.png")
    put_text(tmp_path, "metadata.csv", "image,master\na.png,t/one.png\nb.png,t/one\n")
    found = pairs(tmp_path, "{master}")
    assert found == {"a.png": "t/one.png", "b.png": "t/one.png"}


def test_deeppcb_names_its_templates_in_metadata(tmp_path):
    put_pictures(tmp_path, *(f"g/01/01_{k}.jpg" for k in ("test", "temp")))
    put_text(tmp_path, "g/01_not/01.txt", "1 2 11 22 1")
    assert pairs(tmp_path, "{reference}") == {"g/01/01_test.jpg": "g/01/01_temp.jpg"}
    assert pairs(tmp_path, "{n}_test={n}_temp") == {"g/01/01_test.jpg": "g/01/01_temp.jpg"}


def test_references_are_no_images_and_bring_no_classes(tmp_path):
    put_pictures(tmp_path, "dent/a.png", "good/b.png", "master/a.png", "master/b.png")
    put_pictures(tmp_path, "master/nobody_asks.png")
    listing = read_folder(tmp_path, reference="master/{name}", task="classification")
    assert [i.name for i in listing.images] == ["dent/a.png", "good/b.png"]
    assert listing.classes == ("dent", "good")
    assert any("3 files are references, not imported as images" in n for n in listing.notes)


def test_names_of_references_are_not_held_against_the_pattern(tmp_path):
    put_pictures(tmp_path, "cam1_a.png", "cam1_a-ref.png")
    listing = read_folder(tmp_path, pattern="cam{camera}_{part}", reference="{name}-ref")
    assert [i.metadata for i in listing.images] == [{"camera": 1, "part": "a"}]
    assert not any("do not match" in n for n in listing.notes)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("{name}_temp", r"2 of 3 images have no reference .first: b.png, looked for b_temp."),
        ("{n}_x={n}_temp", r"3 of 3 images .* it does not match \{n\}_x"),
        ("{master}", r"4 of 4 images .* it does not match \{master\}"),
        ("absent.png", r"4 of 4 images have no reference .* looked for absent.png"),
    ],
)
def test_missing_references_are_counted_and_the_first_is_named(tmp_path, rule, why):
    put_pictures(tmp_path, "a.png", "a_temp.png", "b.png", "c.png")
    with pytest.raises(InvalidInputError, match=why) as caught:
        read_folder(tmp_path, reference=rule)
    assert caught.value.hint


@pytest.mark.parametrize("rule", ["", "{name", "name}_x", "{a b}_x", "{}", "/", "{a}{b}=c"])
def test_a_rule_that_names_nothing_is_refused(tmp_path, rule):
    put_pictures(tmp_path, "a.png")
    with pytest.raises(InvalidInputError, match=r"names no reference|cannot be used"):
        read_folder(tmp_path, reference=rule)


def test_no_image_is_its_own_reference_and_none_lies_outside(tmp_path):
    put_pictures(tmp_path, "in/a.png", "out.png")
    for rule in ("{name}", "../{name}", "../out"):
        with pytest.raises(InvalidInputError, match="1 of 1 images have no reference"):
            read_folder(tmp_path / "in", reference=rule)


words = st.text("abc01_", min_size=1, max_size=6)


@given(words, words, st.sampled_from(["", "deep/er/"]))
def test_what_a_rule_finds_it_also_takes_for_a_reference(name, ending, folder):
    rule = ReferenceRule.parse("{name}" + f"-{ending}")
    image = f"{folder}{name}.png"
    found = rule.find(image, {f"{folder}{name}-{ending}.jpg"}.__contains__)
    assert found == f"{folder}{name}-{ending}.jpg"
    assert rule.names(found)
    assert not rule.names(image)
