import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.quality.rules.search import Answers, Feature, find_rule, rounded


def inspected(seed, *, limits=(2.4, 3.0, 3.6), count=60, rule=True):
    """Answers of labelers with their own limits on length, and what can be measured."""
    rng = np.random.default_rng(seed)
    length = np.exp(rng.normal(np.log(3.0), 0.5, count))
    aspect = np.exp(rng.normal(-1, 0.4, count))
    table = {
        "length": length,
        "area": length**2 * aspect,
        "contrast": rng.normal(30, 8, count),
        "position across": rng.random(count),
    }
    camera = rng.choice(["cam1", "cam2"], count)
    second, place, who = [], [], []
    for number, limit in enumerate(limits):
        said = length > limit if rule else rng.random(count) < 0.5
        second.append(said ^ (rng.random(count) < 0.05))
        place.append(np.arange(count))
        who += [f"labeler {number}"] * count
    rows = np.concatenate(place)
    features = [
        Feature(name, values[rows], "mm", log=name in ("length", "area"), measure=None)
        for name, values in table.items()
    ]
    features.append(Feature("camera", camera[rows], choices=True))
    return Answers(np.concatenate(second), rows.tolist(), who), features


def test_the_planted_feature_and_the_limits_of_all_labelers_are_named():
    found = find_rule(*inspected(0))
    assert found.verdict == "limit"
    assert found.feature.name == "length"
    assert found.proposed == pytest.approx(3.0, rel=0.1)
    own = {o.labeler: o.limit.value for o in found.by_labeler}
    assert own["labeler 0"] < own["labeler 1"] < own["labeler 2"]
    assert own["labeler 0"] == pytest.approx(2.4, rel=0.15)
    assert found.scores[0].behind == 0
    assert [s.gain for s in found.scores] == sorted(
        (s.gain for s in found.scores), reverse=True
    )


def test_without_a_rule_that_is_said():
    verdicts = [find_rule(*inspected(seed, rule=False)).verdict for seed in range(5)]
    assert verdicts.count("no rule") >= 4
    told = find_rule(*inspected(0, rule=False))
    assert told.proposed is None
    assert "better than chance" in told.reason


def test_where_a_camera_decides_a_condition_is_told_instead_of_a_limit():
    answers, features = inspected(3)
    second = features[-1].values == "cam2"
    found = find_rule(Answers(second, answers.groups, answers.labelers), features)
    assert (found.verdict, found.proposed) == ("condition", None)
    assert found.condition in ("camera cam1", "camera cam2")


def test_a_feature_that_matters_without_parting_the_names_gives_no_limit():
    rng = np.random.default_rng(0)
    values = rng.random(1500)
    second = rng.random(1500) < 0.1 + 0.25 * values
    found = find_rule(
        Answers(second, range(1500), ["anna"] * 1500), [Feature("contrast", values)]
    )
    assert found.verdict == "no rule"
    assert "no limit parts the names" in found.reason


@pytest.mark.parametrize(
    ("count", "share", "match"),
    [(8, 0.5, "10 are needed"), (60, 0.03, "5 of each are needed"), (0, 0.5, "5 of each")],
)
def test_too_little_is_told_and_not_guessed(count, share, match):
    values = np.arange(count, dtype=np.float64)
    # Each image twice, so that few images still carry enough answers.
    rows = np.repeat(np.arange(count), 2)
    second = values[rows] < share * count
    found = find_rule(
        Answers(second, rows.tolist(), ["anna"] * len(rows)), [Feature("length", values[rows])]
    )
    assert found.verdict == "cannot be said"
    assert match in found.reason


def test_features_that_never_differ_or_are_no_numbers_are_passed_over():
    answers, features = inspected(0)
    same = Feature("same", np.ones(180))
    lost = Feature("lost", np.full(180, np.nan))
    zero = Feature("zero", np.arange(180.0), log=True)
    serial = Feature("serial", np.arange(180).astype(str), choices=True)
    names = {s.name for s in find_rule(answers, [*features, same, lost, zero, serial]).scores}
    assert names == {f.name for f in features}
    nothing = find_rule(answers, [same, lost])
    assert (nothing.verdict, nothing.reason) == (
        "cannot be said",
        "no feature differs between the objects",
    )


def test_a_feature_of_another_length_is_refused():
    answers, _ = inspected(0)
    with pytest.raises(InvalidInputError, match="3 values for 180 answers"):
        find_rule(answers, [Feature("length", np.ones(3))])


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (2.897, 2.61, 3.2, 2.9),
        (41.3, 38, 46, 42),
        (0.01234, 0.011, 0.0138, 0.0125),
        (3, 3, 3, 3),
    ],
)
def test_a_limit_has_no_more_digits_than_its_interval(value, low, high, expected):
    assert rounded(value, low, high) == pytest.approx(expected)


@given(st.floats(0.01, 1e4), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_a_rounded_limit_stays_in_its_interval(value, below, above):
    low, high = value * (1 - below), value * (1 + above)
    found = rounded(value, low, high)
    assert abs(found - value) <= (high - low) / 8 * (1 + 1e-9)
