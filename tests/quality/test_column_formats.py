"""Columns that one source fills in another format than the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.quality.column_formats import column_formats

PLANTS = np.repeat(["north", "south", "east", "west"], 60)


def values(seed=0, *, mean=37.5, spread=0.7):
    return np.random.default_rng(seed).normal(mean, spread, len(PLANTS))


@pytest.mark.parametrize(
    ("mean", "spread", "factor", "offset", "units"),
    [
        (37.5, 0.7, 1.8, 32, ("degrees Celsius", "degrees Fahrenheit")),
        (37.5, 0.7, 1, 273.15, ("degrees Celsius", "kelvin")),
        (99.5, 1.3, 1 / 1.8, -32 / 1.8, ("degrees Fahrenheit", "degrees Celsius")),
        (78, 13, 2.20462, 0, ("kilograms", "pounds")),
        (6, 0.8, 18.016, 0, ("mmol/l of glucose", "mg/dl of glucose")),
        (170, 9, 1 / 2.54, 0, ("centimeters", "inches")),
        (12, 2, 0.001, 0, ("a thousandth of that unit", "a unit")),
    ],
)
def test_another_unit_is_named_with_its_source(mean, spread, factor, offset, units):
    column = values(mean=mean, spread=spread)
    south = PLANTS == "south"
    column[south] = column[south] * factor + offset
    (found,) = column_formats({"reading": column}, PLANTS)
    assert (found.column, found.kind, found.sources) == ("reading", "scale", ("south",))
    assert found.usual == ("east", "north", "west")
    assert found.units == units
    assert np.array_equal(found.rows, np.flatnonzero(south))
    for words in ("reading", "south", units[1]):
        assert words in found.sentence()


def test_a_scale_of_no_known_unit_is_told_as_a_line():
    column = values(mean=50, spread=4)
    column[PLANTS == "west"] = column[PLANTS == "west"] * 7.3 + 9
    (found,) = column_formats({"x": column}, PLANTS)
    assert found.units is None
    assert found.slope == pytest.approx(7.3, rel=0.3)
    assert "times as much" in found.sentence()


def test_older_patients_or_a_few_outliers_are_no_other_format():
    column = values(mean=50, spread=10)
    column[PLANTS == "south"] += 15
    column[::40] = 5000
    assert column_formats({"age": column}, PLANTS) == []


def test_codes_of_another_list_are_named_with_both_lists():
    rng = np.random.default_rng(1)
    sex = rng.choice(["F", "M"], len(PLANTS)).tolist()
    sex = [{"F": 2, "M": 1}[v] if p == "east" else v for v, p in zip(sex, PLANTS, strict=True)]
    (found,) = column_formats({"sex": sex}, PLANTS)
    assert (found.kind, found.sources) == ("codes", ("east",))
    assert {w.split()[0] for w in found.written} == {"1", "2"}
    assert {w.split()[0] for w in found.written_usually} == {"F", "M"}


def test_a_source_that_lacks_some_codes_is_no_other_format():
    rng = np.random.default_rng(2)
    code = rng.choice(["a", "b", "c", "d"], len(PLANTS))
    code[PLANTS == "north"] = "a"
    assert column_formats({"code": code}, PLANTS) == []


def test_a_few_numbers_are_codes_and_not_measures():
    rng = np.random.default_rng(3)
    grade = rng.integers(1, 5, len(PLANTS)).astype(np.float64)
    grade[PLANTS == "west"] *= 10
    (found,) = column_formats({"grade": grade}, PLANTS)
    assert (found.kind, found.sources, found.units) == ("codes", ("west",), None)


@pytest.mark.parametrize(("common", "differences"), [(0.7, 0), (0.3, 1)])
def test_sources_that_share_half_of_their_codes_speak_one_language(common, differences):
    rng = np.random.default_rng(4)
    code = rng.choice(["a", "b"], len(PLANTS)).astype(object)
    code[(PLANTS == "east") & (rng.random(len(PLANTS)) > common)] = "c"
    code[(PLANTS != "east") & (rng.random(len(PLANTS)) > common)] = "d"
    assert len(column_formats({"code": code}, PLANTS)) == differences


def test_a_code_that_is_mostly_unknown_is_judged_by_what_is_known():
    rng = np.random.default_rng(5)
    sex = rng.choice(["F", "M"], len(PLANTS)).astype(object)
    for unknown in (float("nan"), None, "", "nan"):
        gaps = sex.copy()
        gaps[(PLANTS == "north") & (rng.random(len(PLANTS)) < 0.6)] = unknown
        gaps[PLANTS == "north"] = [{"F": "w"}.get(v, v) for v in gaps[PLANTS == "north"]]
        gaps[(PLANTS == "north") & (gaps == "M")] = "m"
        (found,) = column_formats({"sex": gaps}, PLANTS, least_cases=10)
        assert {w.split()[0] for w in found.written} == {"w", "m"}


def test_dates_the_other_way_round_are_told_by_an_example():
    days = [f"2025-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(len(PLANTS))]
    south = [".".join(reversed(d.split("-"))) for d in days]
    mixed = [s if p == "south" else d for d, s, p in zip(days, south, PLANTS, strict=True)]
    (found,) = column_formats({"day": mixed}, PLANTS)
    assert (found.kind, found.sources) == ("pattern", ("south",))
    assert found.written[0] in south
    assert found.written_usually[0] in days
    assert column_formats({"day": days}, PLANTS) == []


def test_a_decimal_comma_is_another_format():
    written = [f"{v:.2f}" for v in values(mean=50, spread=9)]
    comma = [
        t.replace(".", ",") if p == "west" else t for t, p in zip(written, PLANTS, strict=True)
    ]
    (found,) = column_formats({"x": comma}, PLANTS)
    assert (found.kind, found.sources) == ("pattern", ("west",))


def test_numbers_written_as_texts_with_some_below_a_limit_are_still_measures():
    column = values(mean=6, spread=0.8)
    column[PLANTS == "north"] *= 18.016
    written = [f"{v:.3g}" for v in column]
    written[::10] = ["<5"] * len(written[::10])
    (found,) = column_formats({"glucose": written}, PLANTS)
    assert found.units == ("mmol/l of glucose", "mg/dl of glucose")
    assert not set(found.rows.tolist()) & set(range(0, len(PLANTS), 10))


def test_two_sources_with_the_same_other_unit_are_one_party():
    column = values()
    odd = np.isin(PLANTS, ["north", "west"])
    sources = np.concatenate([PLANTS, np.repeat("home", 60)])
    column = np.concatenate([np.where(odd, column * 1.8 + 32, column), values(5)[:60]])
    (found,) = column_formats({"temperature": column}, sources)
    assert found.sources == ("north", "west")


def test_unknown_values_and_small_sources_are_left_out():
    column = values().tolist()
    column[3], column[4], column[5] = None, "", float("nan")
    sources = [*PLANTS.tolist(), *["tiny"] * 5]
    fahrenheit = [99.0, 98.5, 100.1, 99.4, 101.0]
    assert column_formats({"t": [*column, *fahrenheit]}, sources) == []
    (found,) = column_formats({"t": [*column, *fahrenheit]}, sources, least_cases=5)
    assert found.sources == ("tiny",)


def test_one_source_or_none_and_empty_columns_have_no_differences():
    assert column_formats({"x": [None] * 240, "y": values()}, ["only"] * 240) == []
    assert column_formats({"x": [None] * 240, "y": [1.0] * 240}, PLANTS) == []
    assert column_formats({"x": []}, []) == []
    assert column_formats({}, PLANTS) == []


def test_a_column_of_another_length_is_refused():
    with pytest.raises(InvalidInputError, match="column x has 3 values, but there are 240"):
        column_formats({"x": [1, 2, 3]}, PLANTS)


@given(st.integers(0, 10_000), st.permutations(range(4)))
def test_neither_the_order_of_cases_nor_of_sources_matters(seed, turned):
    column = values(seed)
    column[PLANTS == "south"] = column[PLANTS == "south"] * 1.8 + 32
    order = np.concatenate([np.arange(60) + 60 * k for k in turned])
    order = order[np.random.default_rng(seed).permutation(len(order))]
    (one,) = column_formats({"t": column}, PLANTS)
    (two,) = column_formats({"t": column[order]}, PLANTS[order])
    assert one.sentence() == two.sentence()
    assert set(order[two.rows].tolist()) == set(one.rows.tolist())
