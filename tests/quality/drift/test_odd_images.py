import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from pitmark.core.errors import InvalidInputError
from pitmark.quality.drift.monitor import DriftMonitor
from pitmark.quality.drift.odd_images import MOST_TAILS, OddImages, count_odd
from pitmark.quality.drift.reference import DriftReference
from tests.quality.drift_streams import observations

DARK = 2
RED = 6


def _one(count, images=120, weight=1.0):
    return OddImages(images, 10, np.array([float(count)]), np.array([weight]))


def _evidence(known, odd, blocks, weight=1.0):
    """Of a change before the first block, the only moment."""
    starts = np.zeros(1, np.int64)
    total = np.array([float(odd)])
    return _one(known, weight=weight).log_evidence(np.zeros((1, 1)), total, starts, blocks)[
        0, 0
    ]


@settings(deadline=None)
@given(st.integers(0, 120), st.integers(1, 40), st.data())
def test_the_evidence_is_the_ratio_of_two_mixtures_to_the_best_single_chance(
    known, blocks, data
):
    odd = data.draw(st.integers(0, 10 * blocks))
    images, new = 120, 10 * blocks

    def mixed(k, n):
        return special.betaln(k + 0.5, n - k + 0.5) - np.log(np.pi)

    share = (known + odd) / (images + new)
    best = special.xlogy(known + odd, share) + special.xlogy(
        images + new - known - odd, 1 - share
    )
    expected = mixed(known, images) + mixed(odd, new) - best
    assert _evidence(known, odd, blocks) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("chance", [0.001, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("blocks", [1, 5])
def test_without_a_change_the_evidence_is_at_most_one_on_average_at_any_chance(chance, blocks):
    known, new = np.arange(121), np.arange(10 * blocks + 1)
    likely = np.outer(
        stats.binom.pmf(known, 120, chance), stats.binom.pmf(new, 10 * blocks, chance)
    )
    each = np.exp([[_evidence(k, n, blocks) for n in new] for k in known])
    assert (likely * each).sum() <= 1.0


def test_images_that_come_together_count_for_less():
    assert _evidence(0, 10, 1, weight=0.25) == pytest.approx(_evidence(0, 10, 1) / 4)
    assert _one(0).correlated(np.array([0.25])).weight == pytest.approx(0.25)


def test_a_figure_without_odd_images_borrows_the_resemblance_of_the_others():
    counts = OddImages(100, 10, np.array([0.0, -1.0, -1.0]), np.ones(3))
    found = counts.correlated(np.array([1.0, 0.2, 0.1])).weight
    assert found == pytest.approx([0.2, 0.2, 0.1])


def test_only_figures_with_rare_images_are_counted():
    values = np.zeros((100, 2))
    values[:, 1] = np.linspace(-3, 3, 100)
    values[:2, 0] = 3
    tails = np.array([MOST_TAILS + 1, MOST_TAILS - 1])
    found = count_odd(values, tails, np.ones(2), bound=3.0, block=10)
    assert found is not None
    assert found.count.tolist() == [2, -1]
    assert count_odd(values, tails - 2, np.ones(2), bound=3.0, block=10) is None


def _gray(rng, count):
    """A gray camera whose images hardly ever have a black area."""
    statistics, embeddings, scores = observations(rng, count)
    statistics[:, [DARK, RED]] = 0
    return statistics, embeddings, scores


def _reference(images=120):
    return DriftReference.fit(*_gray(np.random.default_rng(0), images))


def _alarm_after(monitor, change, count):
    rng = np.random.default_rng(1)
    for number, row in enumerate(zip(*_gray(rng, count), strict=True), start=1):
        change(row[0], number)
        if monitor.update(*row).alarm:
            return number
    return None


def test_a_figure_that_never_moved_alarms_when_half_of_ten_images_move():
    def tinted(statistics, number):
        statistics[RED] = 0.2 * (number % 2)

    for images in (60, 120, 300):
        monitor = DriftMonitor(_reference(images))
        assert _alarm_after(monitor, tinted, 100) <= 30
        assert monitor.state.causes[0].name == "red_balance"


def test_a_rare_image_is_no_drift():
    def sometimes(statistics, number):
        statistics[DARK] = 0.5 * (number % 100 == 0)

    assert (
        _alarm_after(DriftMonitor(_reference(), run_length_images=1000), sometimes, 1000)
        is None
    )


def test_a_reference_of_before_odd_images_were_counted_still_loads_and_watches():
    new = _reference()
    assert new.baseline.odd is not None
    again = DriftReference.from_bytes(new.to_bytes())
    assert again.baseline.odd is not None
    assert again.baseline.odd.count == pytest.approx(new.baseline.odd.count)
    old = DriftReference.from_bytes(_without(new.to_bytes(), "odd_count", "odd_weight"))
    assert old.baseline.odd is None

    def tinted(statistics, number):
        statistics[RED] = 0.2

    assert _alarm_after(DriftMonitor(old), tinted, 100) is not None


def test_odd_images_that_cannot_be_are_refused():
    with np.load(io.BytesIO(_reference().to_bytes())) as stored:
        arrays = dict(stored)
    arrays["odd_count"] = arrays["odd_count"] + 121
    with pytest.raises(InvalidInputError, match="odd images cannot be"):
        DriftReference.from_bytes(_written(arrays))
    arrays["odd_count"] = np.zeros(3)
    with pytest.raises(InvalidInputError, match="do not fit together"):
        DriftReference.from_bytes(_written(arrays))


def test_with_conditions_no_odd_images_are_counted():
    tags = [{"camera": str(n % 2)} for n in range(120)]
    rows = _gray(np.random.default_rng(0), 120)
    made = DriftReference.fit(*rows, tags=tags, conditions=("camera",))
    assert made.baseline.odd is None


def test_the_state_of_an_older_version_is_refused():
    reference = _reference()
    stored = {**DriftMonitor(reference).to_json(), "version": 2}
    with pytest.raises(InvalidInputError, match="drift state"):
        DriftMonitor.from_json(stored, reference)


def _without(data, *names):
    with np.load(io.BytesIO(data)) as stored:
        return _written({n: a for n, a in stored.items() if n not in names})


def _written(arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()
