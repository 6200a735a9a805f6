from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.core.splits import SplitItem, assign_folds, assign_parts

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
populations = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["dent", "scratch", "pit mark", ""])),
    min_size=1,
    max_size=60,
).map(
    lambda rows: [
        SplitItem(f"i{n}", f"g{group}", (name,) if name else ())
        for n, (group, name) in enumerate(rows)
    ]
)


@given(populations, st.integers(0, 5))
def test_a_group_never_parts(items, seed):
    parts = assign_parts(items, SHARES, seed=seed)
    assert set(parts) == {i.key for i in items}
    for group in {i.group for i in items}:
        assert len({parts[i.key] for i in items if i.group == group}) == 1


@given(populations, st.randoms())
def test_the_order_of_images_does_not_matter(items, random):
    shuffled = list(items)
    random.shuffle(shuffled)
    assert assign_parts(items, SHARES) == assign_parts(shuffled, SHARES)


def test_shares_and_classes_come_out_even_without_groups():
    items = [
        SplitItem(f"i{n}", f"i{n}", ("rare" if n % 10 == 0 else "common",)) for n in range(200)
    ]
    parts = assign_parts(items, SHARES)
    assert Counter(parts.values()) == {"train": 140, "val": 30, "test": 30}
    rare = Counter(parts[i.key] for i in items if i.classes == ("rare",))
    assert rare == {"train": 14, "val": 3, "test": 3}


def test_counts_are_met_exactly_without_groups():
    items = [SplitItem(f"i{n}", f"i{n}", (f"c{n % 7}",)) for n in range(1360)]
    shares = {"train": 40 / 1360, "val": 10 / 1360, "test": 1310 / 1360}
    assert Counter(assign_parts(items, shares).values()) == {
        "train": 40,
        "val": 10,
        "test": 1310,
    }


def test_another_seed_gives_another_assignment():
    items = [SplitItem(f"i{n}", f"i{n}", ()) for n in range(50)]
    assert assign_parts(items, SHARES, seed=0) != assign_parts(items, SHARES, seed=1)


def test_a_part_with_no_share_gets_nothing():
    items = [SplitItem(f"i{n}", f"i{n}", ("a",)) for n in range(30)]
    parts = assign_parts(items, {"train": 0.5, "val": 0.0, "test": 0.5})
    assert "val" not in parts.values()


def test_a_fixed_group_stays_where_it_was_when_images_are_added():
    old = [SplitItem(f"i{n}", f"g{n // 3}", ("a",)) for n in range(30)]
    before = assign_parts(old, SHARES)
    fixed = {i.group: before[i.key] for i in old}
    new = [*old, *(SplitItem(f"n{n}", f"h{n}", ("b",)) for n in range(30))]
    after = assign_parts(new, SHARES, seed=9, fixed=fixed)
    assert all(after[i.key] == before[i.key] for i in old)
    assert {"train", "val", "test"} <= set(after.values())


@given(populations, st.integers(2, 5))
def test_folds_keep_groups_together(items, folds):
    numbers = assign_folds(items, folds)
    assert all(0 <= n < folds for n in numbers)
    by_group: dict[str, set[int]] = {}
    for item, number in zip(items, numbers, strict=True):
        by_group.setdefault(item.group, set()).add(number)
    assert all(len(found) == 1 for found in by_group.values())


def test_every_fold_holds_every_class_when_there_are_enough():
    items = [SplitItem(f"i{n}", f"i{n}", (f"c{n % 4}",)) for n in range(48)]
    numbers = assign_folds(items, 3)
    seen = Counter(zip(numbers, (i.classes[0] for i in items), strict=True))
    assert set(seen.values()) == {4}


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: assign_parts([], {"train": 0.5}), "sum to 1"),
        (lambda: assign_parts([SplitItem("a", "g", ())] * 2, {"t": 1.0}), "twice"),
        (lambda: assign_folds([], 1), "at least 2"),
        (
            lambda: assign_parts([SplitItem("a", "g", ())], {"t": 1.0}, fixed={"g": "x"}),
            "unknown 'x'",
        ),
    ],
)
def test_impossible_splits_are_refused(call, match):
    with pytest.raises(InvalidInputError, match=match):
        call()
