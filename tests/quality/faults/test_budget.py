from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.quality.faults.budget import MOST_FAULTS, within_budget
from pitmark.quality.faults.class_faults import Fault


def fault(score, kind="missed_object", key="a"):
    return Fault(key, kind, score, "a test", None, None, "wrong")


def test_a_flood_of_one_kind_does_not_drown_the_other():
    flood = [fault(0.8, key=f"m{n}") for n in range(2000)]
    few = [fault(0.4, "wrong_class", f"w{n}") for n in range(5)]
    told = within_budget([*flood, *few], 300)
    assert [f.kind for f in told[:5]] == ["wrong_class"] * 5
    assert [f.score for f in told[:5]] == [0.4] * 5


@given(st.lists(st.floats(0.01, 1), max_size=60), st.integers(0, 500))
def test_no_kind_expects_more_than_its_share_and_the_order_stays(scores, labels):
    faults = [fault(s, key=f"k{n:03d}") for n, s in enumerate(scores)]
    told = within_budget(faults, labels)
    assert sum(f.score for f in told) <= MOST_FAULTS * max(labels, 10) + 1e-6
    before = {f.key: f.score for f in faults}
    assert all(a.score >= b.score for a, b in pairwise(told))
    assert all(f.score <= before[f.key] + 1e-9 for f in told)


def test_within_the_budget_nothing_changes():
    faults = [fault(0.9), fault(0.2, key="b")]
    assert within_budget(faults, 300) == faults


def test_no_fault_is_no_fault():
    assert within_budget([], 10) == []
    assert within_budget([fault(1.0)], 0)[0].score == pytest.approx(1.0, abs=1e-3)
