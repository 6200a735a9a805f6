import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.formats.metadata import compile_pattern
from pitmark.formats.registry import read_folder
from pitmark.formats.table import parse_table, typed
from tests.formats.folders import by_name, put_pictures, put_text, reasons


def test_a_pattern_takes_fields_from_the_stem_and_numbers_become_integers(tmp_path):
    put_pictures(tmp_path, "exp3_num_0853.png", "exp6_num_77a.png", "other.png")
    listing = read_folder(tmp_path, pattern="exp{exposure}_num_{num}")
    found = by_name(listing)
    assert found["exp3_num_0853.png"].metadata == {"exposure": 3, "num": 853}
    assert found["exp6_num_77a.png"].metadata == {"exposure": 6, "num": "77a"}
    assert found["other.png"].metadata == {}
    assert any("1 of 3 names do not match" in n and "other.png" in n for n in listing.notes)


def test_folders_can_be_captured_too(tmp_path):
    put_pictures(tmp_path, "deep/line 2/cam1/7.png", "cam1/8.png")
    found = by_name(read_folder(tmp_path, pattern="{line}/cam{camera}/{_}"))
    assert found["deep/line 2/cam1/7.png"].metadata == {"line": "line 2", "camera": 1}
    assert found["cam1/8.png"].metadata == {}


def test_digits_only_and_long_numbers():
    regex = compile_pattern("{a:d}_{b}")
    assert regex.fullmatch("12_x").groupdict() == {"a": "12", "b": "x"}
    assert regex.fullmatch("1x_x") is None


@pytest.mark.parametrize(
    "pattern",
    [
        "plain",
        "{a}{b}",
        "{a}_{a}",
        "{1a}",
        "{a b}",
        "{a:f}",
        "{}",
        "{_}",
        "{a}_{",
        "a}_{b}",
        "",
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(tmp_path, pattern):
    put_pictures(tmp_path, "a.png")
    with pytest.raises(InvalidInputError, match="pattern"):
        read_folder(tmp_path, pattern=pattern)


@given(st.text(st.characters(codec="ascii", exclude_characters="{}/"), max_size=8))
def test_text_between_fields_is_taken_literally(text):
    regex = compile_pattern("{a}" + text + "_{b:d}")
    match = regex.fullmatch("q" + text + "_5")
    assert match is not None
    assert match["b"] == "5"


def test_a_table_is_joined_by_path_or_by_a_file_name_that_is_unique(tmp_path):
    root = tmp_path / "data"
    put_pictures(root, "x/a.png", "x/b.png", "y/b.png")
    put_text(
        tmp_path, "t.csv", "file,lot,ok\na.png,0047,true\nb.png,1,\nx/b.png,2,false\nq,3,\n"
    )
    listing = read_folder(root, metadata_csv=tmp_path / "t.csv")
    found = by_name(listing)
    assert found["x/a.png"].metadata == {"lot": "0047", "ok": True}
    assert found["x/b.png"].metadata == {"lot": 2, "ok": False}
    assert found["y/b.png"].metadata == {}
    assert any("2 rows of t.csv name no image" in n for n in listing.notes)
    assert any("1 images have no row in t.csv (first: y/b.png)" in n for n in listing.notes)


def test_a_split_column_fills_splits_that_are_not_known(tmp_path):
    put_pictures(tmp_path, "train/d/a.png", "z/b.png", "z/c.png")
    put_text(tmp_path, "metadata.csv", "image,split\na.png,test\nb.png,test\nc.png,third\n")
    found = by_name(read_folder(tmp_path))
    assert found["train/d/a.png"].split == "train"
    assert (found["z/b.png"].split, found["z/b.png"].metadata) == ("test", {})
    assert (found["z/c.png"].split, found["z/c.png"].metadata) == (None, {"split": "third"})


def test_a_broken_metadata_csv_in_the_folder_is_a_problem_and_no_more(tmp_path):
    put_pictures(tmp_path, "a.png")
    put_text(tmp_path, "metadata.csv", "lot\n5\n")
    listing = read_folder(tmp_path)
    assert len(listing.images) == 1
    assert "metadata.csv: metadata.csv has no column `image`" in reasons(listing)


def test_tables_that_were_not_used_are_pointed_out(tmp_path):
    put_pictures(tmp_path, "a/1.png", "b/2.png")
    put_text(tmp_path, "extra.csv", "image,lot\n1.png,5\n")
    put_text(tmp_path, "labels.csv", "images/1.png  0.3  mono\n")
    notes = "\n".join(read_folder(tmp_path).notes)
    assert "extra.csv knows lot of images" in notes
    assert "labels.csv was not read" in notes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lot,camera\n1,2\n", "no column `image` or `file`, found lot, camera"),
        ("image,lot,lot\n", "different columns"),
        ("", "needs a header"),
        ('image,lot\n"' + "x" * 200_000, "not a CSV table"),
    ],
)
def test_a_table_that_cannot_be_used_is_an_error(tmp_path, text, why):
    put_pictures(tmp_path / "data", "a.png")
    put_text(tmp_path, "t.csv", text)
    with pytest.raises(InvalidInputError, match=why):
        read_folder(tmp_path / "data", metadata_csv=tmp_path / "t.csv")
    with pytest.raises(InvalidInputError, match=r"gone\.csv cannot be read"):
        read_folder(tmp_path / "data", metadata_csv=tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("007", "007"),
        ("0", 0),
        ("0.25", 0.25),
        ("1e-3", 0.001),
        ("1.5e999", "1.5e999"),
        ("12E4", "12E4"),
        ("01.5", "01.5"),
        ("nan", "nan"),
        ("TRUE", True),
        ("12345678901234567890", "12345678901234567890"),
        ("٣", "٣"),
    ],
)
def test_cells_become_numbers_only_where_nothing_is_lost(text, value):
    found = typed(text)
    assert (type(found), found) == (type(value), value)


@given(st.one_of(st.integers(-(10**14), 10**14), st.booleans(), st.floats(-1e9, 1e9)))
def test_values_that_were_written_come_back(value):
    found = typed(str(value))
    assert found == value


def test_short_and_long_rows_and_quotes_are_read():
    table = parse_table('\ufeffimage,a\n"x,1.png",5,6\ny.png\n\n'.lstrip("\ufeff"), "t")
    assert table.rows == [{"image": "x,1.png", "a": "5"}, {"image": "y.png", "a": ""}]
