import numpy as np
import pytest

from pitmark.quality.drift.monitor import DriftMonitor
from pitmark.quality.drift.reference import DriftReference
from tests.quality.drift_streams import autoregressive, observations, run_lengths

RUN_LENGTH = 1000


def _normal(rng, shape):
    return rng.normal(size=shape)


def _heavy(rng, shape):
    return rng.standard_t(4, size=shape)


def _skewed(rng, shape):
    return rng.lognormal(0, 1, size=shape)


def _rare(rng, shape):
    return (rng.random(shape) < 0.03).astype(float)


@pytest.mark.parametrize("reference", [60, 300])
@pytest.mark.parametrize("phi", [0.0, 0.9])
@pytest.mark.parametrize("draw", [_normal, _heavy, _skewed, _rare])
def test_without_drift_the_mean_run_is_at_least_the_stated_one(draw, phi, reference):
    lengths = run_lengths(
        draw, phi=phi, reference=reference, streams=30, components=10, run_length=RUN_LENGTH
    )
    # Runs are cut at three times the stated length, so their mean is an underestimate.
    assert lengths.mean() >= RUN_LENGTH


def test_a_tiny_reference_keeps_the_stated_run():
    lengths = run_lengths(
        _normal, phi=0.0, reference=20, streams=40, components=10, run_length=RUN_LENGTH
    )
    assert lengths.mean() >= RUN_LENGTH


def _monitor_runs(phi, reference, *, shuffled, streams=8):
    lengths = []
    for seed in range(streams):
        rng = np.random.default_rng(seed)
        values = autoregressive(rng, reference + 3 * RUN_LENGTH, 28, phi, _normal)
        values *= np.sqrt(1 - phi**2)
        known = values[:reference]
        if shuffled:
            known = rng.permutation(known)
        made = DriftReference.fit(*_observed(known))
        monitor = DriftMonitor(made, run_length_images=RUN_LENGTH)
        rows = zip(*_observed(values[reference:]), strict=True)
        states = (monitor.update(*row) for row in rows)
        lengths.append(next((s.images for s in states if s.alarm), 3 * RUN_LENGTH))
    return np.mean(lengths)


def _observed(values):
    statistics = 0.3 + 0.01 * values[:, :11]
    return statistics, values[:, 12:] / np.arange(1, 17), 0.3 + 0.05 * values[:, 11]


def test_the_monitor_keeps_the_stated_run_on_an_autocorrelated_line():
    assert _monitor_runs(0.9, 300, shuffled=False) >= RUN_LENGTH


def test_the_monitor_learns_the_autocorrelation_that_a_shuffled_reference_hides():
    assert _monitor_runs(0.9, 300, shuffled=True) >= RUN_LENGTH


def test_an_embedding_much_wider_than_its_reference_raises_no_false_alarm():
    lengths = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        reference = DriftReference.fit(*_flat(rng, 60))
        monitor = DriftMonitor(reference, run_length_images=RUN_LENGTH)
        states = (monitor.update(*row) for row in zip(*_flat(rng, 2 * RUN_LENGTH), strict=True))
        lengths.append(next((s.images for s in states if s.alarm), 2 * RUN_LENGTH))
    assert np.mean(lengths) >= RUN_LENGTH


def _flat(rng, count):
    statistics, _, scores = observations(rng, count)
    return statistics, rng.normal(size=(count, 128)), scores
