import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.plain_masks import plain_staple
from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.quality.agreement.staple import PatternCounts, expected_dice, staple


def noisy(true, rng, miss, alarm):
    flip = np.where(true, rng.random(true.shape) < miss, rng.random(true.shape) < alarm)
    return true ^ flip


def scene(seed=0, images=3, rates=((0.05, 0.01), (0.2, 0.02), (0.1, 0.1))):
    rng = np.random.default_rng(seed)
    truths = [rng.random((40, 50)) < 0.15 for _ in range(images)]
    return truths, [[noisy(t, rng, *r) for r in rates] for t in truths]


def counted(images):
    counts = PatternCounts(len(images[0]))
    for masks in images:
        counts.add(masks)
    return counts


def test_the_estimate_is_that_of_the_published_formulas_pixel_by_pixel():
    _, images = scene()
    ours = staple(counted(images))
    rows = np.stack([np.concatenate([m[k].ravel() for m in images]) for k in range(3)])
    plain = plain_staple(rows)
    np.testing.assert_allclose(ours.sensitivity, plain.sensitivity, atol=1e-7)
    np.testing.assert_allclose(ours.specificity, plain.specificity, atol=1e-7)
    chances = np.concatenate([ours.probability(m).ravel() for m in images])
    np.testing.assert_allclose(chances, plain.probability, atol=1e-7)
    assert ours.converged


def test_known_sensitivities_and_specificities_are_recovered():
    _, images = scene(images=20)
    found = staple(counted(images))
    np.testing.assert_allclose(found.sensitivity, (0.95, 0.8, 0.9), atol=0.02)
    np.testing.assert_allclose(found.specificity, (0.99, 0.98, 0.9), atol=0.01)


def test_the_consensus_is_nearer_to_the_truth_than_anybody():
    truths, images = scene(images=10)
    found = staple(counted(images))
    wrong = sum(
        ((found.probability(m) > 0.5) ^ t).sum() for t, m in zip(truths, images, strict=True)
    )
    alone = [
        sum((m[k] ^ t).sum() for t, m in zip(truths, images, strict=True)) for k in range(3)
    ]
    assert wrong < min(alone)


def test_empty_masks_give_an_empty_consensus_and_no_sensitivity():
    nothing = np.zeros((5, 6), dtype=bool)
    found = staple(counted([[nothing, nothing]]))
    assert found.sensitivity == (None, None)
    assert found.specificity == (1, 1)
    chance = found.probability([nothing, nothing])
    assert chance.max() < 1e-6
    assert expected_dice(chance, chance > 0.5) == pytest.approx(1)


def test_full_masks_give_a_full_consensus_and_no_specificity():
    everything = np.ones((5, 6), dtype=bool)
    found = staple(counted([[everything, everything]]))
    assert found.specificity == (None, None)
    assert found.probability([everything, everything]).min() > 1 - 1e-6


def test_somebody_who_did_not_answer_says_nothing():
    _, images = scene(images=4)
    counts = counted(images)
    counts.add([images[0][0], None, None])
    found = staple(counts)
    chance = found.probability([images[0][0], None, None])
    assert 0.5 < chance[images[0][0]].min() <= 1
    assert np.isfinite(chance).all()


def test_pixels_outside_the_field_are_not_counted():
    _, images = scene(images=1)
    field = np.zeros((40, 50), dtype=bool)
    field[:20] = True
    cut = PatternCounts(3)
    cut.add(images[0], field_hw=field)
    half = PatternCounts(3)
    half.add([m[:20] for m in images[0]])
    assert staple(cut).sensitivity == staple(half).sensitivity


@settings(max_examples=40, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))))
def test_no_masks_however_odd_give_nan(stack):
    counts = PatternCounts(len(stack))
    counts.add(list(stack))
    found = staple(counts)
    chance = found.probability(list(stack))
    assert np.isfinite(chance).all()
    assert ((chance >= 0) & (chance <= 1)).all()
    assert 0 <= expected_dice(chance, chance > 0.5) <= 1
    for rate in (*found.sensitivity, *found.specificity):
        assert rate is None or 0 <= rate <= 1


def test_masks_that_do_not_fit_are_refused():
    counts = PatternCounts(2)
    one, other = np.ones((2, 2), bool), np.ones((3, 3), bool)
    with pytest.raises(InvalidInputError, match="1 masks, 2 labelers"):
        counts.add([one])
    with pytest.raises(InvalidInputError, match="differ in size"):
        counts.add([one, other])
    with pytest.raises(InvalidInputError, match="nobody answered"):
        counts.add([None, None])
    with pytest.raises(NotEnoughDataError, match="no pixel was counted"):
        staple(counts)
    counts.add([one, one])
    with pytest.raises(InvalidInputError, match="did not occur"):
        staple(counts).probability([one, ~one])
