import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.slices.group_rates import group_rates


def patients(seed, count=1200):
    rng = np.random.default_rng(seed)
    sex = rng.choice(["female", "male"], count)
    ill = rng.random(count) < 0.4
    return rng, sex, ill


def test_escapes_and_overkill_are_told_apart():
    rng, sex, ill = patients(0)
    # Women who are ill are missed more often; nobody is rejected more often.
    chance = np.where(ill, np.where(sex == "female", 0.6, 0.95), 0.1)
    found = group_rates({"sex": sex}, ill, rng.random(len(ill)) < chance)
    (worse,) = (r for r in found if r.unequal)
    assert (worse.rate, worse.value) == ("escapes", "female")
    assert worse.evidence.inside == pytest.approx(0.4, abs=0.08)
    assert "defects missed" in worse.sentence()
    assert found[0] is worse


def test_equal_treatment_is_not_accused():
    accused = 0
    for seed in range(20):
        rng, sex, ill = patients(seed, 400)
        rejected = rng.random(400) < np.where(ill, 0.8, 0.15)
        accused += any(r.unequal for r in group_rates({"sex": sex}, ill, rejected))
    assert accused <= 4


def test_many_visits_of_one_person_count_as_one():
    people = np.repeat(np.arange(40), 10)
    sex = np.where(people % 2, "female", "male")
    ill = np.ones(400, dtype=bool)
    rejected = ~np.isin(people, [1, 3, 5, 2])
    single = group_rates({"sex": sex}, ill, rejected)
    grouped = group_rates({"sex": sex}, ill, rejected, groups=people.tolist())
    assert any(r.unequal for r in single)
    assert not any(r.unequal for r in grouped)


def test_arrays_must_fit():
    with pytest.raises(InvalidInputError, match="2 cases, but 3 answers"):
        group_rates({}, np.ones(2, bool), np.ones(3, bool))
