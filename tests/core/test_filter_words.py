import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.core.filter_words import COLUMNS, LONGEST, OPS, Filter, Term, parse_filter

COLUMN = st.sampled_from(COLUMNS) | st.text(min_size=1, max_size=12).map(lambda k: f"meta.{k}")
VALUE = st.text(max_size=12)


@st.composite
def terms(draw):
    op = draw(st.sampled_from(OPS))
    most = 4 if op == "in" else 1
    values = draw(st.lists(VALUE, min_size=1, max_size=most))
    return Term(draw(COLUMN), op, tuple(values))


@given(st.lists(terms(), max_size=5).map(lambda t: Filter(tuple(t))))
def test_what_is_printed_is_read_back_as_the_same_filter(said):
    assert parse_filter(str(said)) == said


@given(st.text() | st.text(alphabet='class meta.=!<>in has and "\\(),ab1', max_size=60))
def test_any_text_is_a_filter_or_an_error_that_can_be_shown(text):
    try:
        said = parse_filter(text)
    except InvalidInputError:
        return
    assert parse_filter(str(said)) == said


def test_a_filter_reads_as_people_write_it():
    said = parse_filter(
        ' class=scratch and split in (val,"test") AND meta.exposure >= 40'
        ' and name has "lot \\"7\\"" and meta."line speed" <= 2.5 and group != a\\b'
    )
    assert said.terms == (
        Term("class", "=", ("scratch",)),
        Term("split", "in", ("val", "test")),
        Term("meta.exposure", ">=", ("40",)),
        Term("name", "has", ('lot "7"',)),
        Term("meta.line speed", "<=", ("2.5",)),
        Term("group", "!=", ("a\\b",)),
    )


def test_no_words_let_every_image_pass():
    assert parse_filter("  ") == Filter()


def test_what_is_said_of_one_column_can_be_left_out():
    said = parse_filter("class = a and split = val and class != b")
    assert str(said.without("class")) == "split = val"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sha256 = 1", r"no column is called 'sha256' \(character 1"),
        ("class = a and colour = red", r"no column is called 'colour' \(character 15"),
        ("class ~ a", r"character 7: expected one of = != in >= <= has after class"),
        ("class =", "character 8: expected a value for class, it ends there"),
        ("class = and split = val", "character 9: expected a value for class"),
        ("class = a or class = b", r'character 11: expected "and" between two terms'),
        ("class in a", r'character 10: expected "\(" after class in'),
        ("class in (a b)", r'character 13: expected "," or "\)" in the values of class'),
        ('name has "lot', "character 10: a value that begins with"),
        ("meta. = 1", r"character 6: expected a metadata key after 'meta\.'"),
        ("'; DROP TABLE images; --", "character 1: expected a column"),
    ],
)
def test_an_error_names_the_column_or_the_place(text, told):
    with pytest.raises(InvalidInputError, match=told):
        parse_filter(text)


def test_a_filter_is_bounded():
    with pytest.raises(InvalidInputError, match=f"more than the {LONGEST} allowed"):
        parse_filter("class = " + "a" * LONGEST)
    with pytest.raises(InvalidInputError, match="more than 50 terms"):
        parse_filter(" and ".join(["class = a"] * 51))
    with pytest.raises(InvalidInputError, match="more than 1000 values"):
        parse_filter(f"class in ({', '.join(['a'] * 1001)})")
