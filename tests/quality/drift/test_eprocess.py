import numpy as np
import pytest
from scipy import integrate, stats

from pitmark.quality.drift.eprocess import (
    DROPPED,
    PRIOR_VARIANCES,
    Baseline,
    RestartSums,
    gathered,
    log_sum,
)


def _baseline(reference, weight=1.0):
    """The exact summary of some blocks (N, C) of independent normal values."""
    count, components = reference.shape
    return Baseline(
        blocks=count,
        mean=reference.mean(axis=0),
        variance=reference.var(axis=0, ddof=1),
        freedom=np.full(components, count - 1.0),
        weight=np.full(components, weight),
        floor=np.full(components, 1e-12),
    )


def _fed(blocks):
    sums = RestartSums(blocks.shape[1])
    for block in blocks:
        sums.add(block, block)
    return sums


def test_the_evidence_is_the_bayes_factor_of_the_two_sample_t_test():
    rng = np.random.default_rng(0)
    reference, stream = rng.normal(5, 2, (7, 1)), rng.normal(6, 2, (4, 1))
    found = _fed(stream).log_evidence(_baseline(reference))
    for start, value in enumerate(found[:, 0]):
        before, after = np.concatenate([reference, stream[:start]]), stream[start:]
        t = stats.ttest_ind(after, before).statistic[0]
        size = len(before) * len(after) / (len(before) + len(after))
        freedom = len(before) + len(after) - 2
        expected = np.mean([_integrated(t, size, freedom, g) for g in PRIOR_VARIANCES])
        assert np.exp(value) == pytest.approx(expected, rel=1e-4)


def _integrated(t, size, freedom, prior_variance):
    def ratio(delta):
        weight = stats.norm.pdf(delta, scale=np.sqrt(prior_variance))
        return weight * stats.nct.pdf(t, freedom, delta * np.sqrt(size))

    wide = 8 * np.sqrt(prior_variance)
    return integrate.quad(ratio, -wide, wide, limit=200)[0] / stats.t.pdf(t, freedom)


def test_without_a_change_a_bayes_factor_is_one_on_average():
    rng = np.random.default_rng(1)
    # The average is over references, too: that is what "finite reference" asks for.
    columns = 200_000
    sums = _fed(rng.normal(size=(3, columns)))
    log_evidence = sums.log_evidence(_baseline(rng.normal(size=(4, columns))))
    assert np.exp(log_evidence).mean(axis=1) == pytest.approx(1.0, abs=0.1)


def test_location_and_scale_of_a_component_do_not_matter():
    rng = np.random.default_rng(2)
    reference, stream = rng.normal(size=(6, 3)), rng.normal(size=(5, 3))
    plain = _fed(stream).log_evidence(_baseline(reference))
    moved = _fed(7 + 100 * stream).log_evidence(_baseline(7 + 100 * reference))
    assert moved == pytest.approx(plain, abs=1e-8)


def test_evidence_for_a_change_grows_with_its_length_and_names_its_start():
    rng = np.random.default_rng(3)
    baseline = _baseline(rng.normal(size=(30, 1)))
    sums = _fed(rng.normal(size=(4, 1)))
    totals = []
    for _ in range(5):
        shifted = np.array([3.0])
        sums.add(shifted, shifted)
        totals.append(log_sum(sums.log_evidence(baseline))[0])
    assert totals == sorted(totals)
    assert sums.starts[np.argmax(sums.log_evidence(baseline)[:, 0])] == 4


def test_correlated_blocks_weigh_less():
    rng = np.random.default_rng(4)
    reference, stream = rng.normal(size=(30, 1)), rng.normal(3, 1, (5, 1))
    sums = _fed(stream)
    full = log_sum(sums.log_evidence(_baseline(reference)))
    half = log_sum(sums.log_evidence(_baseline(reference, weight=0.5)))
    assert half < full


def test_a_long_stream_keeps_few_moments_and_always_the_first():
    sums = _fed(np.zeros((2000, 1)))
    assert len(sums.starts) < 60
    assert sums.starts[0] == 0
    assert sums.starts[-8:].tolist() == list(range(1992, 2000))


def test_a_moment_that_is_dropped_never_comes_back():
    sums = RestartSums(1)
    seen = set()
    for _ in range(300):
        before = set(sums.starts.tolist())
        sums.add(np.zeros(1), np.zeros(1))
        now = set(sums.starts.tolist())
        assert now <= before | {sums.blocks - 1}
        assert not now & seen
        seen |= before - now


def test_the_sums_before_a_moment_are_those_of_the_blocks_before_it():
    values = np.random.default_rng(5).normal(size=(100, 2))
    sums = _fed(values)
    for row, start in enumerate(sums.starts):
        assert sums.sums[row] == pytest.approx(values[:start].sum(axis=0))
        assert sums.squares[row] == pytest.approx(np.square(values[:start]).sum(axis=0))


def test_log_sum_does_not_overflow():
    assert log_sum(np.array([[1000.0], [1000.0]]))[0] == pytest.approx(1000 + np.log(2))


def test_constant_blocks_are_no_evidence():
    sums = _fed(np.ones((5, 1)))
    baseline = _baseline(np.ones((5, 1)))
    assert np.exp(sums.log_evidence(baseline)).max() <= 1.0


def test_gathered_evidence_counts_only_moments_that_speak_for_a_change():
    log_evidence = np.log([[3.0, 0.5], [0.2, 0.9], [6.0, 1.0]])
    found = gathered(log_evidence, 10)
    assert np.exp(found[0]) == pytest.approx((2 + 5) * 10 * DROPPED)
    assert found[1] == -np.inf


def test_gathered_evidence_does_not_overflow():
    assert gathered(np.array([5000.0, 0.1]), 10) == pytest.approx(5000 + np.log(10 * DROPPED))
