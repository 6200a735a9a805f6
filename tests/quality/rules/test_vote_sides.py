import numpy as np

from pitmark.quality.rules.vote_sides import sides_by_sets


def column_and_hits(rates, votes=20, seed=0):
    """Votes of labelers who give the answer at these rates."""
    rng = np.random.default_rng(seed)
    names = np.repeat(list(rates), votes)
    hits = np.concatenate([rng.random(votes) < r for r in rates.values()])
    return names, hits


def test_two_schools_of_labelers_are_one_of_the_cuts():
    names, hits = column_and_hits({"anna": 0.9, "ben": 0.1, "eva": 0.95, "tom": 0.05})
    found = list(sides_by_sets("labeler", names, np.arange(80), hits))
    ((told, side, trials),) = found
    assert told == ("labelers anna, eva", "labelers ben, tom")
    assert set(names[side]) == {"anna", "eva"}
    assert trials == 7


def test_three_labelers_or_numbers_have_no_sets():
    names, hits = column_and_hits({"anna": 0.9, "ben": 0.1, "eva": 0.95})
    assert list(sides_by_sets("labeler", names, np.arange(60), hits)) == []
    assert list(sides_by_sets("size", np.arange(60.0), np.arange(60), hits)) == []


def test_where_some_labelers_are_unknown_there_are_no_sets():
    names, hits = column_and_hits({"anna": 0.9, "": 0.5, "ben": 0.1, "eva": 1.0, "tom": 0.0})
    assert list(sides_by_sets("labeler", names, np.arange(100), hits)) == []
    known = np.flatnonzero(names != "")
    assert len(list(sides_by_sets("labeler", names, known, hits[known]))) == 1
