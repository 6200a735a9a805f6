from itertools import combinations

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.slices.columns import columns_of
from pitmark.quality.slices.search import RuleSearch, evidence, skew_of


def some_columns(rng, count):
    return {
        "camera": rng.choice(["cam1", "cam2", "cam3"], count),
        "lot": rng.choice(["a", "b", "c", "d"], count),
        "size": rng.normal(size=count),
        "shift": rng.choice(["day", "night"], count),
    }


def by_trying_all(columns, excess, least, depth):
    """The best rule by counting every conjunction one by one."""
    skew = skew_of(excess)
    per_depth = {d: [] for d in range(1, depth + 1)}
    for d in per_depth:
        for chosen in combinations(columns.conditions, d):
            if len({c.column for c in chosen}) == d:
                inside = np.logical_and.reduce([columns.meets(c) for c in chosen])
                per_depth[d].append((chosen, inside))
    best = (-np.inf, ())
    for rules in per_depth.values():
        for chosen, inside in rules:
            cases = int(inside.sum())
            if cases >= least:
                total = np.array(excess[inside].sum())
                gain = float(evidence(total, np.array(cases), skew) - np.log(len(rules)))
                best = max(best, (gain, chosen), key=lambda pair: pair[0])
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_search_finds_what_trying_every_rule_finds(seed):
    rng = np.random.default_rng(seed)
    known = some_columns(rng, 240)
    columns = columns_of(known, 240, least_cases=8)
    failed = rng.random(240) < 0.2 + 0.4 * ((known["camera"] == "cam2") & (known["size"] > 0.5))
    excess = (failed - failed.mean()) / failed.std()
    found = RuleSearch(columns, np.arange(240), least_cases=8).best(excess, least_gain=-99)
    gain, rule = by_trying_all(columns, excess, 8, 3)
    assert found.gain == pytest.approx(gain)
    assert set(found.conditions) == set(rule)


def test_bounds_leave_tables_out_without_changing_the_answer():
    rng = np.random.default_rng(1)
    known = some_columns(rng, 3000)
    columns = columns_of(known, 3000, least_cases=200)
    failed = rng.random(3000) < np.where(known["camera"] == "cam2", 0.5, 0.05)
    excess = (failed - failed.mean()) / failed.std()
    search = RuleSearch(columns, np.arange(3000), least_cases=200)
    found = search.best(excess)
    assert [(c.name, c.value) for c in found.conditions] == [("camera", "cam2")]
    assert search.tables < 4 + 6 + 4


def test_only_the_rows_that_are_searched_count():
    camera = np.array(["a", "b"] * 100)
    failed = np.zeros(200)
    failed[:100:2] = 1
    columns = columns_of({"camera": camera}, 200, least_cases=5)
    rows = np.arange(100, 200)
    excess = failed[rows] - failed[rows].mean()
    assert RuleSearch(columns, rows, least_cases=5).best(excess) is None


def test_a_longer_rule_must_earn_its_length():
    rng = np.random.default_rng(5)
    known = some_columns(rng, 2000)
    columns = columns_of(known, 2000, least_cases=20)
    failed = rng.random(2000) < np.where(known["lot"] == "b", 0.6, 0.1)
    excess = (failed - failed.mean()) / failed.std()
    found = RuleSearch(columns, np.arange(2000), least_cases=20).best(excess)
    assert [(c.name, c.value) for c in found.conditions] == [("lot", "b")]


def test_numbers_are_cut_and_names_are_kept():
    values = np.arange(100.0)
    columns = columns_of({"size": values, "shift": [1, 2] * 50}, 100, least_cases=5)
    told = {(c.name, c.value) for c in columns.conditions}
    assert ("shift", "1") in told
    assert ("size", "at most 49.5") in told
    assert ("size", "above 49.5") in told
    half = next(c for c in columns.conditions if c.value == "above 49.5")
    assert columns.meets(half).tolist() == (values > 49.5).tolist()


def test_unknown_values_belong_to_no_condition():
    size = [None if n % 4 == 0 else float(n) for n in range(200)]
    camera = ["" if n % 2 else "cam1" for n in range(200)]
    columns = columns_of({"size": size, "camera": camera}, 200, least_cases=5)
    for condition in columns.conditions:
        inside = columns.meets(condition)
        missing = "size" if condition.name == "size" else "camera"
        unknown = [v in (None, "") for v in {"size": size, "camera": camera}[missing]]
        assert not (inside & np.array(unknown)).any()


def test_a_column_of_another_length_is_named():
    with pytest.raises(InvalidInputError, match="column lot has 2 values, not 3"):
        columns_of({"lot": ["a", "b"]}, 3, least_cases=1)


def test_evidence_without_skew_is_half_of_z_squared_and_less_with_it():
    total, cases = np.array(12.0), np.array(16)
    assert evidence(total, cases, 0.0) == pytest.approx(4.5)
    assert evidence(total, cases, 3.0) < 4.5
    assert evidence(-total, cases, 3.0) == 0
