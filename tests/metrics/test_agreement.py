import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.acceptance import (
    EFFECTIVENESS,
    KAPPA,
    MISS_RATE,
    kappa_word,
    misses_needed,
)
from pitmark.metrics.agreement import (
    apart,
    class_pairs,
    cohen_kappa,
    coincidences,
    fleiss_kappa,
    krippendorff_alpha,
    left_out_effect,
    object_alpha,
    positive_agreement,
)
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.intervals import Resampling, wilson
from pitmark.metrics.ratings import Ratings


def ratings_of(codes, classes="abcde", labelers=None, **how):
    table = np.asarray(codes)
    names = labelers or [f"p{n}" for n in range(table.shape[1])]
    return Ratings.of(table, classes, names, **how)


def draws_for(ratings, count=200):
    return ClusterDraws(int(ratings.clusters.max(initial=0)) + 1, Resampling(draws=count))


def plain_alpha(codes):
    """Krippendorff's own words: pairs within units against pairs of all values."""
    units = [[v for v in row if v >= 0] for row in codes]
    units = [u for u in units if len(u) > 1]
    values = [v for u in units for v in u]
    n = len(values)
    seen = sum(
        sum(a != b for i, a in enumerate(u) for j, b in enumerate(u) if i != j) / (len(u) - 1)
        for u in units
    )
    expected = sum(a != b for i, a in enumerate(values) for j, b in enumerate(values) if i != j)
    return None if not expected else 1 - (n - 1) * seen / expected


def test_alpha_is_that_of_the_published_example_with_gaps():
    lines = (
        "* * * * * 3 4 1 2 1 1 3 3 * 3",
        "1 * 2 1 3 3 4 3 * * * * * * *",
        "* * 2 1 3 4 4 * 2 1 1 3 3 * 4",
    )
    codes = [[-1 if v == "*" else int(v) - 1 for v in line.split()] for line in lines]
    ratings = ratings_of(np.array(codes).T)
    found = krippendorff_alpha(ratings, draws_for(ratings))
    assert found.value == pytest.approx(0.691, abs=5e-4)
    assert found.low < found.value < found.high


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.int64, st.tuples(st.integers(2, 9), st.integers(2, 4)), elements=st.integers(-1, 2)
    )
)
def test_alpha_is_what_its_definition_says(codes):
    ratings = ratings_of(codes, "abc")
    found = krippendorff_alpha(ratings, draws_for(ratings, 20))
    wanted = plain_alpha(codes.tolist())
    assert found.value == (None if wanted is None else pytest.approx(wanted))


def test_trials_of_one_labeler_are_never_paired():
    once = ratings_of([[0, 0], [1, 1], [0, 1], [2, 2]])
    again = ratings_of(
        [[0, 0, 0], [1, 1, 1], [0, 0, 1], [2, 2, 2]], labelers=["p0", "p0", "p1"]
    )
    # The first labeler repeats every answer: nothing new about the two of them.
    one, other = coincidences(once), coincidences(again)
    np.testing.assert_allclose(other[:, 0] / other[:, 1:].sum(1), one[:, 0] / one[:, 1:].sum(1))
    alone = again.only(["p0"])
    assert not coincidences(alone).any()


def test_fleiss_kappa_is_that_of_the_published_example():
    counts = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    ratings = ratings_of([np.repeat(np.arange(5), row) for row in counts])
    found = fleiss_kappa(ratings, draws_for(ratings))
    assert found.value == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa_takes_only_rows_that_all_answered():
    full = ratings_of([[0, 0], [1, 1], [0, 1]])
    gap = ratings_of([[0, 0], [1, 1], [0, 1], [1, -1]])
    assert fleiss_kappa(gap, draws_for(gap)).value == fleiss_kappa(full, draws_for(full)).value
    assert fleiss_kappa(ratings_of([[0], [1]]), ClusterDraws(2)).value is None


def test_cohens_kappa_of_two_people_by_hand():
    first = np.repeat([0, 0, 1, 1], (20, 5, 10, 15))
    second = np.repeat([0, 1, 0, 1], (20, 5, 10, 15))
    found = cohen_kappa(
        first[:, None], second[:, None], 2, clusters=np.arange(50), draws=ClusterDraws(50)
    )
    assert found.value == pytest.approx(0.4)
    assert found.low < 0.4 < found.high


@pytest.mark.parametrize("codes", [[[0, 0], [0, 0]], [[-1, 0], [0, -1]], np.zeros((0, 2), int)])
def test_what_cannot_be_told_is_none_never_nan(codes):
    ratings = ratings_of(codes, "ab")
    draws = ClusterDraws(2, Resampling(draws=20))
    for found in (krippendorff_alpha(ratings, draws), fleiss_kappa(ratings, draws)):
        assert (found.value, found.low, found.high) == (None, None, None)


def test_full_agreement_is_not_certain_agreement():
    codes = np.repeat(np.arange(10)[:, None] % 2, 2, axis=1)
    ratings = ratings_of(codes, "ab")
    found = krippendorff_alpha(ratings, draws_for(ratings))
    least = wilson(10, 10).low
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 - (1 - least) / 0.5)


def objects(both, first, second, wrong=0):
    """Rows of objects that both, only the first, only the second one marked."""
    rows = [(0, 0)] * both + [(0, 2)] * first + [(2, 0)] * second + [(0, 1)] * wrong
    return ratings_of(rows, ("dent", "scratch", "not seen"), unseen=2)


def test_alpha_of_objects_is_the_share_of_marks_that_meet():
    ratings = objects(80, 10, 10)
    assert object_alpha(ratings, draws_for(ratings)).value == pytest.approx(160 / 180)
    # Over the objects alone there is nothing that both agree not to see.
    assert krippendorff_alpha(ratings, draws_for(ratings)).value < 0


def test_alpha_of_objects_is_the_limit_of_alpha_with_more_and_more_empty_places():
    ratings = objects(30, 4, 7, wrong=5)
    limit = object_alpha(ratings, draws_for(ratings)).value
    empty = np.full((1_000_000, 2), 2)
    more = ratings_of(np.concatenate([ratings.codes, empty]), ("dent", "scratch", "none"))
    sums = coincidences(more).sum(axis=0)
    n, squares = sums[1:].sum(), (sums[1:] ** 2).sum()
    assert limit == pytest.approx(1 - (n - 1) * sums[0] / (n**2 - squares), abs=1e-4)


def test_positive_agreement_is_how_often_another_one_says_it_too():
    ratings = ratings_of([[0, 0]] * 6 + [[0, 1]] * 3 + [[2, 1]])
    assert positive_agreement(ratings, 0, draws_for(ratings)).value == pytest.approx(12 / 15)
    assert positive_agreement(ratings, 1, draws_for(ratings)).value == 0
    assert positive_agreement(ratings, 3, draws_for(ratings)).value is None
    seen = objects(80, 10, 10)
    assert positive_agreement(seen, 0, draws_for(seen)).value == pytest.approx(160 / 180)


def test_leaving_out_the_careless_one_raises_agreement_and_is_clear():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 200)
    careless = np.where(rng.random(200) < 0.5, rng.integers(0, 3, 200), true)
    ratings = ratings_of(np.stack([true, true, careless], axis=1), "abc")
    draws = draws_for(ratings)
    assert left_out_effect(ratings, "p2", draws).low > 0.1
    assert left_out_effect(ratings, "p0", draws).high < 0


def test_of_two_labelers_none_can_be_left_out():
    ratings = ratings_of([[0, 0], [1, 0]])
    assert left_out_effect(ratings, "p0", draws_for(ratings)).value is None


def test_class_pairs_and_parted_images():
    ratings = ratings_of([[0, 1], [0, 1], [2, 2], [1, -1]], clusters=[0, 0, 1, 2])
    pairs = class_pairs(ratings)
    assert (pairs[0, 1], pairs[1, 0], pairs[2, 2]) == (2, 2, 2)
    assert apart(ratings, draws_for(ratings)).tolist() == [1.0, 0.0, 0.0]


def test_ratings_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInputError, match=r"shape \(N, 2\)"):
        Ratings.of([[0]], "ab", ["x", "y"])
    with pytest.raises(InvalidInputError, match=r"-1\.\.1, found 0 to 5"):
        Ratings.of([[0, 5]], "ab", ["x", "y"])
    with pytest.raises(InvalidInputError, match="one image per row"):
        Ratings.of([[0, 1]], "ab", ["x", "y"], clusters=[0, 1])


def test_the_usual_limits_grade_as_the_manual_does():
    assert [EFFECTIVENESS.grade(v) for v in (0.9, 0.8, 0.79, None)] == [
        "acceptable",
        "marginal",
        "not acceptable",
        "cannot be said",
    ]
    assert [MISS_RATE.grade(v) for v in (0.02, 0.05, 0.06)] == [
        "acceptable",
        "marginal",
        "not acceptable",
    ]
    assert [kappa_word(v) for v in (0.9, 0.75, 0.4, 0.3, None)] == [
        "very good",
        "good",
        "moderate",
        "poor",
        "cannot be said",
    ]
    assert (MISS_RATE.text(), KAPPA.text()) == ("miss rate at most 2 %", "kappa at least 0.75")
    assert MISS_RATE.is_shown(0.0, 0.02)
    assert not MISS_RATE.is_shown(0.0, 0.03)


def test_the_number_of_cases_that_show_a_limit_is_the_least_that_does():
    needed = misses_needed(0.02)
    assert wilson(0, needed).high <= 0.02
    assert wilson(0, needed - 4).high > 0.02
