"""The bench of needs: it thins as it says, parts no group, and knows the best class."""

import numpy as np
import pytest

from bench import needs as bench
from tests.quality.planted_classes import clouds


def pool(counts=(120, 120, 60), apart=(1.5, 3.0, 3.0), per_group=1):
    vectors, labels = clouds(counts, apart=apart)
    groups = np.array([f"g{n // per_group}" for n in range(len(labels))])
    return bench.Pool(
        "toy", "classification", vectors.astype(np.float32), labels, groups,
        ["a", "b", "c"], [0, 1, 2], None,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def alike(monkeypatch):
    monkeypatch.setattr(bench, "vector_weights", lambda: None)
    monkeypatch.setattr(bench, "_HALVINGS", 3)


def test_chosen_classes_are_thinned_and_what_is_left_shares_no_group():
    toy = pool(per_group=3)
    for seed in range(5):
        known, rest, chosen = bench._thin(toy, 10, 2, np.random.default_rng(seed))
        counts = np.bincount(toy.labels[known], minlength=3)
        assert len(chosen) == 2
        assert all(10 <= counts[c] <= 30 for c in chosen)
        assert not set(toy.groups[known]) & set(toy.groups[rest])


def test_as_many_are_added_as_three_classes_can_give_twice():
    assert bench._added(pool((120, 90, 50)), 30) == 20
    assert bench._added(pool((120, 90, 85)), 30) == 30
    assert bench._added(pool((40, 12, 11)), 30) == 5


def test_a_draw_foretells_and_measures_the_same_classes():
    toy = pool()
    draw = bench._draw(toy, 20, 2, 0)
    assert set(draw.gains) == set(draw.true) <= {0, 1, 2}
    assert all(len(v) == 6 for v in draw.true.values())
    assert draw.mean(draw.best) >= draw.mean(draw.named)
    first, second = bench._results(toy, 20, [draw, draw], 1.0)
    assert (first["metric"], second["metric"]) == ("best_class_named", "interval_coverage")
    assert first["median"] in (0.0, 1.0)
    assert first["peer"] == "fewest images"


def test_a_class_that_brings_nothing_is_not_named_before_one_that_does():
    draws = [
        bench._draw(pool((150, 120, 120), (1.8, 1.8, 7.0)), 30, 3, seed) for seed in range(4)
    ]
    assert all(d.named != 2 for d in draws)
    assert all(d.mean(d.best) > 0 for d in draws)
