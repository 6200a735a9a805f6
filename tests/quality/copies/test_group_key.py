from itertools import combinations

import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.copies.group_key import grouping_of, propose_group_keys, share_leaked


def _parts(parts=12, shots=4):
    """Names such as line2_part007_exp3.png, and links between the shots of one part."""
    names = [
        f"cam/line{p % 3}_part{p:03}_exp{s}.png" for p in range(parts) for s in range(shots)
    ]
    links = [
        (p * shots + a, p * shots + b)
        for p in range(parts)
        for a, b in combinations(range(shots), 2)
    ]
    return names, links


def test_the_part_number_in_the_name_is_proposed_first():
    names, links = _parts()
    best = propose_group_keys(names, [{}] * len(names), links)[0]
    assert (best.count, best.largest, best.held) == (12, 4, 1.0)
    assert best.key == "name:start-1"
    assert best.lift == pytest.approx(47 / 3)
    assert "100% of the 72 pairs" in best.why


def test_a_column_is_proposed_where_names_say_nothing():
    names = [f"{n * 7919 % 997:03}.png" for n in range(40)]
    metadata = [{"lot": f"L{n // 5}", "shift": n % 2} for n in range(40)]
    links = [(n, n + 1) for n in range(0, 40, 5)]
    best = propose_group_keys(names, metadata, links)[0]
    assert (best.key, best.count) == ("metadata:lot", 8)


def test_two_columns_together_may_be_the_key():
    metadata = [{"line": n % 4, "hour": n // 4 % 5} for n in range(60)]
    links = [(a, b) for a, b in combinations(range(60), 2) if a % 20 == b % 20]
    keys = propose_group_keys(["x"] * 60, metadata, links)
    assert (keys[0].key, keys[0].count) == ("metadata:hour,line", 20)


def test_runs_of_a_counter_are_cut_where_it_jumps():
    numbers = [*range(10, 20), *range(500, 510), *range(2000, 2010)]
    names = [f"img{n}.png" for n in numbers]
    links = [(n, n + 1) for n in range(29) if n not in (9, 19)]
    keys = {k.key: k for k in propose_group_keys(names, [{}] * 30, links)}
    assert keys["name:run"].count == 3
    assert keys["name:run"].held == 1.0


def test_days_are_read_from_dates_in_names():
    names = [f"p{n % 4}-2024-05-{n // 4 + 10}.jpg" for n in range(24)]
    groups = grouping_of("name:day", names, [{}] * 24)
    assert groups[0] == groups[3] == "2024-05-10"
    assert len(set(groups)) == 6


def test_what_is_nothing_but_the_class_is_no_key():
    names = [f"{'good' if n < 20 else 'bad'}/{n * 37 % 101}.png" for n in range(40)]
    classes = ["good"] * 20 + ["bad"] * 20
    links = [(n, n + 1) for n in range(19)]
    keys = propose_group_keys(names, [{}] * 40, links, classes=classes)
    assert "name:folder" not in {k.key for k in keys}
    assert "name:folder" in {k.key for k in propose_group_keys(names, [{}] * 40, links)}


def test_without_look_alikes_nothing_is_proposed():
    names, _ = _parts()
    assert propose_group_keys(names, [{}] * len(names), []) == []


def test_links_that_cross_all_groups_propose_nothing():
    names, _ = _parts()
    links = [(n, (n + 17) % 48) for n in range(48)]
    keys = propose_group_keys(names, [{}] * 48, links)
    assert all(k.key != "name:start-1" for k in keys)


def test_likeness_alone_is_a_candidate():
    alike = [[0, 1, 2], [5, 6]]
    links = [(0, 1), (1, 2), (5, 6)]
    (key,) = propose_group_keys(["a"] * 10, [{}] * 10, links, alike=alike)
    assert (key.key, key.groups[5], key.groups[9]) == ("similarity", "alike 2", None)


@pytest.mark.parametrize(("sizes", "share"), [([1, 1, 1], 0.0), ([2, 2], 0.7), ([3], 0.91)])
def test_a_random_split_leaks_what_its_groups_make_likely(sizes, share):
    groups = [str(n) for n, size in enumerate(sizes) for _ in range(size)]
    assert share_leaked(groups) == pytest.approx(share)


def test_an_unknown_key_lists_those_that_there_are():
    with pytest.raises(InvalidInputError, match="no group key 'tile'") as caught:
        grouping_of("tile", ["a_1.png"], [{"lot": 3}])
    assert "metadata:lot" in caught.value.hint


def test_any_columns_may_be_asked_for():
    groups = grouping_of("metadata:a,b,c", ["x"] * 2, [{"a": 1, "b": 2, "c": 3}, {"a": 1}])
    assert groups == ("1/2/3", None)


def test_lengths_that_differ_are_refused():
    with pytest.raises(InvalidInputError, match="2 names, 1 rows"):
        propose_group_keys(["a", "b"], [{}], [])
