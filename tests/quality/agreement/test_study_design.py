from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.quality.agreement.study_design import StudyItem, blind_order, choose_images


def items(**counts):
    return [
        StudyItem(f"{name}{n}", name, f"{name}{n}")
        for name, k in counts.items()
        for n in range(k)
    ]


def test_every_class_gets_the_same_number_of_places_as_far_as_it_reaches():
    chosen = choose_images(items(good=500, dent=40, blister=3), 30)
    counts = Counter(k.rstrip("0123456789") for k in chosen)
    assert len(chosen) == len(set(chosen)) == 30
    assert counts["blister"] == 3
    assert abs(counts["good"] - counts["dent"]) <= 1


def test_half_of_the_places_go_to_the_hardest():
    easy = items(dent=50)
    hard = [StudyItem(f"hard{n}", "dent", f"h{n}", hardness=n + 1.0) for n in range(30)]
    chosen = choose_images([*easy, *hard], 20, hard_share=0.5)
    assert {f"hard{n}" for n in range(20, 30)} <= set(chosen)
    none = choose_images([*easy, *hard], 20, hard_share=0.0)
    assert sum("hard" in k for k in none) < 15


def test_two_images_of_one_part_are_taken_only_when_there_is_nothing_else():
    rows = [StudyItem(f"i{n}", "dent", f"part{n // 3}") for n in range(30)]
    few = choose_images(rows, 10)
    assert len({int(k[1:]) // 3 for k in few}) == 10
    assert len(choose_images(rows, 25)) == 25


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 12), min_size=1),
    st.integers(2, 40),
    st.floats(0, 1),
)
def test_the_choice_is_complete_unique_and_repeatable(counts, count, hard):
    rows = [
        StudyItem(f"{s}{n}", s, f"{s}{n // 2}", hardness=float(n % 3))
        for s, k in counts.items()
        for n in range(k)
    ]
    if len(rows) < 2:
        with pytest.raises(NotEnoughDataError, match="1 images to choose from"):
            choose_images(rows, count)
        return
    chosen = choose_images(rows, count, hard_share=hard, seed=3)
    assert len(chosen) == len(set(chosen)) == min(count, len(rows))
    assert chosen == choose_images(rows[::-1], count, hard_share=hard, seed=3)


def test_orders_are_permutations_of_their_own_for_everybody_and_every_trial():
    orders = {(w, t): blind_order(30, w, t) for w in ("anna", "ben") for t in (1, 2)}
    assert all(sorted(o) == list(range(30)) for o in orders.values())
    assert len(set(orders.values())) == 4
    assert blind_order(30, "anna", 1) == orders["anna", 1]
    assert blind_order(30, "anna", 1, seed=1) != orders["anna", 1]


def test_impossible_studies_are_refused():
    with pytest.raises(InvalidInputError, match="at least 2 images"):
        choose_images(items(a=5), 1)
    with pytest.raises(InvalidInputError, match="hard ones"):
        choose_images(items(a=5), 3, hard_share=2)
