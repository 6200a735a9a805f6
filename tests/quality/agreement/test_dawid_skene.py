import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.quality.agreement.dawid_skene import Smoothing, dawid_skene, with_model
from pitmark.quality.agreement.votes import Votes, majority

PLAIN = Smoothing(right=1e-9, wrong=1e-9, prior=1e-9)


def simulated(seed=0, things=800, rights=(0.95, 0.9, 0.55, 0.55, 0.55), classes=3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, things)
    columns = []
    for right in rights:
        wrong = (truth + 1 + rng.integers(0, classes - 1, things)) % classes
        columns.append(np.where(rng.random(things) < right, truth, wrong))
    return truth, np.stack(columns, axis=1), rng


def plain_em(table, classes, steps):
    """Dawid and Skene written out loop by loop, without smoothing."""
    q = np.array([[np.mean(row == k) for k in range(classes)] for row in table])
    for _ in range(steps):
        prior = q.mean(axis=0)
        confusion = np.zeros((table.shape[1], classes, classes))
        for who in range(table.shape[1]):
            for true in range(classes):
                for called in range(classes):
                    mine = table[:, who] == called
                    confusion[who, true, called] = q[mine, true].sum() / q[:, true].sum()
        fresh = np.ones_like(q) * prior
        for row in range(len(table)):
            for true in range(classes):
                for who in range(table.shape[1]):
                    fresh[row, true] *= confusion[who, true, table[row, who]]
        q = fresh / fresh.sum(axis=1, keepdims=True)
    return q


def test_the_estimate_is_that_of_the_algorithm_written_out():
    _, table, _ = simulated(things=120)
    found = dawid_skene(Votes.of(table, 3), smoothing=PLAIN)
    wanted = plain_em(table, 3, found.steps)
    np.testing.assert_allclose(found.consensus.probabilities, wanted, atol=1e-6)


def test_confusions_of_known_labelers_are_recovered():
    _, table, _ = simulated(things=3000)
    found = dawid_skene(Votes.of(table, 3))
    rights = found.confusions[:, np.arange(3), np.arange(3)].mean(axis=1)
    np.testing.assert_allclose(rights, (0.95, 0.9, 0.55, 0.55, 0.55), atol=0.04)
    assert found.converged
    np.testing.assert_allclose(found.confusions.sum(axis=2), 1)


def test_two_careful_people_outweigh_three_careless_ones():
    truth, table, _ = simulated()
    votes = Votes.of(table, 3)
    better = (dawid_skene(votes).consensus.classes == truth).mean()
    assert better > (majority(votes).classes == truth).mean() + 0.03


def test_repeated_trials_count_for_the_same_labeler():
    _, table, _ = simulated(rights=(0.9, 0.7))
    votes = Votes.of(np.repeat(table, 2, axis=1), 3, labelers=[0, 0, 1, 1])
    assert dawid_skene(votes).confusions.shape == (2, 3, 3)


def test_a_model_that_is_right_helps_where_votes_are_few():
    truth, table, rng = simulated(rights=(0.7, 0.7))
    said = np.where(rng.random(len(truth)) < 0.9, truth, rng.integers(0, 3, len(truth)))
    probs = np.full((len(truth), 3), 0.05)
    probs[np.arange(len(truth)), said] = 0.9
    votes = Votes.of(table, 3)
    joined = with_model(votes, probs)
    assert joined.model_weight > 0.3
    alone = (dawid_skene(votes).consensus.classes == truth).mean()
    assert (joined.consensus.classes == truth).mean() > alone + 0.1


def test_a_model_that_knows_nothing_does_not_count():
    truth, table, rng = simulated(rights=(0.8, 0.8, 0.8))
    probs = np.full((len(truth), 3), 0.01)
    probs[np.arange(len(truth)), rng.integers(0, 3, len(truth))] = 0.98
    votes = Votes.of(table, 3)
    joined = with_model(votes, probs)
    assert joined.model_weight <= 0.05
    same = joined.consensus.classes == dawid_skene(votes).consensus.classes
    assert same.mean() > 0.98


def test_a_thing_without_votes_is_unknown_or_what_the_model_says():
    table = np.array([[0, 0], [1, 1], [-1, -1]])
    votes = Votes.of(table, 2)
    alone = dawid_skene(votes).consensus
    assert (alone.classes[2], alone.confidence[2]) == (-1, 0)
    assert majority(votes).classes.tolist() == [0, 1, -1]
    probs = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8]])
    assert with_model(votes, probs).consensus.classes[2] == 1


def test_ties_go_to_the_class_that_is_called_more_often():
    votes = Votes.of([[0, 1], [1, 1], [1, 1]], 2)
    held = majority(votes)
    assert held.classes[0] == 1
    assert held.confidence[0] == pytest.approx(0.5)


@settings(max_examples=50, deadline=None)
@given(
    arrays(
        np.int64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.integers(-1, 2)
    )
)
def test_no_votes_however_odd_give_nan(table):
    if (table < 0).all():
        with pytest.raises(NotEnoughDataError, match="no votes"):
            Votes.of(table, 3)
        return
    votes = Votes.of(table, 3)
    voted = (table >= 0).any(axis=1)
    for found in (majority(votes), dawid_skene(votes).consensus):
        assert np.isfinite(found.probabilities).all()
        np.testing.assert_allclose(found.probabilities[voted].sum(axis=1), 1)
        assert ((found.classes >= 0) == voted).all()
    even = with_model(votes, np.full((len(table), 3), 1 / 3))
    assert np.isfinite(even.consensus.probabilities).all()


def test_votes_and_probabilities_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInputError, match=r"-1\.\.1, found 0 to 3"):
        Votes.of([[0, 3]], 2)
    with pytest.raises(InvalidInputError, match="2 columns, 1 labelers"):
        Votes.of([[0, 1]], 2, labelers=[0])
    votes = Votes.of([[0, 1]], 2)
    with pytest.raises(InvalidInputError, match=r"shape \(1, 2\), found \(2, 2\)"):
        with_model(votes, np.full((2, 2), 0.5))
    with pytest.raises(InvalidInputError, match="sum to 1"):
        with_model(votes, np.array([[0.5, 0.9]]))
