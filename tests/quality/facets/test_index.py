import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.core.filter_words import Filter, Term, parse_filter
from pitmark.quality.facets.index import FacetIndex
from pitmark.quality.facets.name_column import NameColumn
from pitmark.quality.facets.number_column import NumberColumn
from pitmark.quality.facets.page_order import page_of
from pitmark.quality.facets.word_columns import SetColumn, WordColumn

CLASSES = ("dent", "scratch", "stain")
ROW = st.fixed_dictionaries(
    {
        "split": st.sampled_from(["", "train", "val", "test"]),
        "class": st.sets(st.sampled_from(CLASSES)).map(lambda s: tuple(sorted(s))),
        "width": st.none() | st.integers(0, 30) | st.floats(-5, 5, width=32),
        "name": st.text(alphabet="abA\n/", max_size=4),
    }
)
ROWS = st.lists(ROW, max_size=40)
TERM = st.one_of(
    st.builds(Term, st.just("split"), st.sampled_from(["=", "!="]), st.just(("val",))),
    st.builds(Term, st.just("split"), st.just("in"), st.just(("val", "", "odd"))),
    st.builds(
        Term,
        st.just("class"),
        st.sampled_from(["=", "!=", "has"]),
        st.sampled_from([*CLASSES, ""]).map(lambda c: (c,)),
    ),
    st.builds(
        Term,
        st.just("width"),
        st.sampled_from([">=", "<=", "=", "!="]),
        st.integers(-3, 20).map(lambda n: (str(n),)),
    ),
    st.builds(Term, st.just("width"), st.just("="), st.sampled_from([("",), ("2..9",)])),
    st.builds(
        Term, st.just("name"), st.just("has"), st.text("abA/", max_size=2).map(lambda t: (t,))
    ),
)
FILTER = st.lists(TERM, max_size=3).map(lambda t: Filter(tuple(t)))
KINDS = {"split": WordColumn, "class": SetColumn, "width": NumberColumn, "name": NameColumn}


def _index(rows):
    columns = {name: kind() for name, kind in KINDS.items()}
    for name, column in columns.items():
        column.extend([r[name] for r in rows])
    return FacetIndex(columns)


def _passes(term, row):
    value, asked = row[term.column], term.values
    if term.column == "width":
        low, _, high = asked[0].partition("..")
        if term.op in (">=", "<="):
            limit = float(low)
            return value is not None and (value >= limit if term.op == ">=" else value <= limit)
        if not low:
            return value is None
        found = value is not None and float(low) <= value <= float(high or low)
        return found != (term.op == "!=")
    words = value if isinstance(value, tuple) else (value,)
    words = words or ("",)
    if term.op == "has":
        return any(asked[0].lower() in w.lower() for w in words)
    return any(w in asked for w in words) != (term.op == "!=")


def _left(rows, chosen):
    return [n for n, r in enumerate(rows) if all(_passes(t, r) for t in chosen.terms)]


@given(ROWS, FILTER, st.sampled_from([None, "split", "width", "name"]), st.booleans())
def test_a_page_is_part_of_all_rows_filtered_and_sorted_one_by_one(rows, chosen, sort, turned):
    index = _index(rows)
    left = _left(rows, chosen)
    if sort is None:
        expected = left[::-1] if turned else left
    else:
        there = [n for n in left if rows[n][sort] not in (None, "") or sort == "name"]
        rest = [n for n in left if n not in there]
        sign = -1 if turned else 1
        expected = sorted(there, key=lambda n: sign * _place(rows, sort, n))
        expected += rest
    pages = []
    for offset in range(0, len(rows) + 3, 3):
        total, part = index.page(chosen, sort=sort, turned=turned, offset=offset, limit=3)
        assert total == len(left)
        pages += part.tolist()
    assert pages == expected


def _place(rows, sort, n):
    values = sorted({r[sort] for r in rows if r[sort] not in (None, "") or sort == "name"})
    return values.index(rows[n][sort])


@given(ROWS, FILTER)
def test_counts_are_those_of_the_rows_that_all_other_columns_leave(rows, chosen):
    found = _index(rows).counts(chosen, ["split", "class", "width"], 50)
    for name, (values, more) in found.items():
        left = _left(rows, chosen.without(name))
        assert more == 0
        if name == "width":
            assert sum(count for _, count in values) == len(left)
            for word, count in values:
                term = Term(name, "=", (word,))
                assert count == sum(_passes(term, rows[n]) for n in left)
            continue
        said = {}
        for n in left:
            value = rows[n][name]
            for word in (value or ("",)) if isinstance(value, tuple) else (value,):
                said[word] = said.get(word, 0) + 1
        assert dict(values) == said


@given(ROWS, ROWS, st.data())
def test_an_index_that_was_changed_answers_like_one_made_anew(rows, more, data):
    index = _index(rows)
    index.counts(Filter(), ["split", "class", "width"], 50)
    index.page(Filter(), sort="name", turned=False, offset=0, limit=3)
    for name, column in index.columns.items():
        column.extend([r[name] for r in more])
    every = [*rows, *more]
    if every:
        at = data.draw(st.integers(0, len(every) - 1))
        every[at] = data.draw(ROW)
        for name, column in index.columns.items():
            column.put(np.array([at]), [every[at][name]])
    index.changed(np.zeros(0, dtype=np.intp))
    fresh = _index(every)
    for sort in ("split", "width", "name"):
        asked = {"sort": sort, "turned": False, "offset": 0, "limit": 100}
        one, other = index.page(Filter(), **asked), fresh.page(Filter(), **asked)
        assert one[1].tolist() == other[1].tolist()
    one, other = (i.counts(Filter(), ["split", "class"], 50) for i in (index, fresh))
    assert one == other
    chosen = parse_filter('name has "a"')
    assert index.rows(chosen).tolist() == fresh.rows(chosen).tolist()


@given(
    st.lists(st.integers(0, 5) | st.just(math.inf), max_size=40),
    st.integers(0, 45),
    st.integers(0, 45),
)
def test_a_page_of_keys_is_cut_out_of_their_stable_order(keys, offset, limit):
    found = page_of(np.array(keys, dtype=np.float64), offset=offset, limit=limit)
    whole = np.argsort(np.array(keys, dtype=np.float64), kind="stable")
    assert found.tolist() == whole[offset : offset + limit].tolist()


def test_many_numbers_come_as_eight_ranges_that_hold_all_of_them():
    column = NumberColumn()
    column.extend([*range(1000), None])
    values, more = column.counts(None, 50)
    assert [count for _, count in values] == [125] * 8 + [1]
    assert (values[0][0], values[-2][0], values[-1][0], more) == ("0..124", "875..999", "", 0)


def test_hidden_rows_are_in_no_answer():
    index = _index([{"split": "val", "class": (), "width": 1, "name": n} for n in "abc"])
    index.changed(np.array([1]))
    assert index.rows(Filter()).tolist() == [0, 2]
    assert index.counts(Filter(), ["split"], 5) == {"split": ([("val", 2)], 0)}


def test_only_the_most_frequent_values_are_listed_and_the_rest_is_counted():
    column = WordColumn()
    column.extend(["a", "b", "b", "c", "c", "c"])
    assert column.counts(None, 2) == ([("c", 3), ("b", 2)], 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("width = wide", "width holds numbers, found 'wide'"),
        ("width >= wide", "width holds numbers, found 'wide'"),
        ("width has 4", "width holds numbers: has is for words"),
        ("split >= 4", "split holds words: >= is for numbers"),
        ("meta.lot = 4", r"no image has the metadata 'lot' \(meta.lot\)"),
        ("right = 4", "right is yes or no, found '4'"),
    ],
)
def test_a_comparison_that_makes_no_sense_names_its_column(text, told):
    index = _index([])
    index = FacetIndex({**index.columns, "right": WordColumn()}, truths=["right"])
    with pytest.raises(InvalidInputError, match=told):
        index.rows(parse_filter(text))


def test_a_part_of_almost_all_of_many_names_is_found_as_that_of_few():
    names = [f"Cam{n % 7}/{n:05d}{'é' * (n % 3)}.png" for n in range(50_000)]
    column = NameColumn()
    column.extend(names)
    for part in ("cam", "é.p", "/0", "m3/000", "M3/00001", "cam3/00003", "49999", "", "g"):
        assert column.holds(part).tolist() == [part in n.lower() for n in names], part
