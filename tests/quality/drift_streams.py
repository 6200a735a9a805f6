"""Streams with known properties, shared by the tests of drift."""

import numpy as np

from pitmark.quality.drift.block_spread import fit_baseline
from pitmark.quality.drift.eprocess import RestartSums, gathered, log_sum

BOUND = 3.0
BLOCK = 10


def autoregressive(rng, count, columns, phi, draw):
    noise = draw(rng, (count + 100, columns))
    for i in range(1, len(noise)):
        noise[i] += phi * noise[i - 1]
    return noise[100:]


def run_lengths(draw, *, phi, reference, streams, components, run_length, seed=0):
    """Images until the alarm of each drift-free stream, cut at three run lengths."""
    rng = np.random.default_rng(seed)
    cut = 3 * run_length
    values = autoregressive(rng, reference + cut, streams * components, phi, draw)
    known = values[:reference]
    center = np.median(known, axis=0)
    scale = 1.4826 * np.median(np.abs(known - center), axis=0)
    scale = np.maximum(np.maximum(scale, 0.3 * known.std(axis=0)), 1e-9)
    bounded = np.clip((values - center) / scale, -BOUND, BOUND)
    floor = np.full(streams * components, 1e-12)
    baseline = fit_baseline(bounded[:reference], BLOCK, bound=BOUND, floor=floor)
    sums = RestartSums(streams * components)
    lengths = np.full(streams, float(cut))
    for number, block in enumerate(bounded[reference:].reshape(-1, BLOCK, len(floor)), start=1):
        mean = block.mean(axis=0)
        sums.add(mean, mean, odd=(np.abs(block) >= BOUND).sum(axis=0))
        by_stream = sums.log_evidence(baseline).reshape(-1, streams, components)
        average = log_sum(by_stream.transpose(2, 0, 1)) - np.log(components)
        alarm = gathered(average, BLOCK) >= np.log(run_length)
        lengths = np.where(alarm & (lengths == cut), number * BLOCK, lengths)
    return lengths


STATISTIC_SCALES = np.array([1, 1, 1, 1, 2, 0.2, 1, 1, 2, 2, 2]) * 0.01
STATISTIC_MEANS = np.array([0.4, 0.1, 0.1, 0.1, 0.5, 0.02, 0, 0, 0, 0, 0])


def observations(rng, count, *, width=16):
    """Statistics (N, 11), embeddings (N, width) and scores (N,) of a steady line."""
    statistics = STATISTIC_MEANS + STATISTIC_SCALES * rng.normal(size=(count, 11))
    embeddings = rng.normal(size=(count, width)) / np.arange(1, width + 1)
    return statistics, embeddings, 0.3 + 0.05 * rng.normal(size=count)
