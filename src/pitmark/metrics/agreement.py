"""How far people agree beyond chance: kappa and alpha with intervals drawn by image.

1 is full agreement, 0 what chance gives, below 0 less than chance. A figure is None where
it cannot be told, for instance where all answers are of one class.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pitmark.metrics.cluster_draws import ClusterDraws, divided, mean_of_sums
from pitmark.metrics.intervals import Interval, wilson
from pitmark.metrics.ratings import NO_ANSWER, Ints, Ratings

Floats = NDArray[np.float64]


def coincidences(ratings: Ratings) -> Floats:
    """What Krippendorff's alpha is made of, row by row.

    Every value is paired with every value of another labeler; repeated trials of one
    labeler are never paired. A row counts as much as it has values that have a partner.

    Args:
        ratings: N rows.

    Returns:
        (N, 1 + K): weighted pairs that disagree, then the weight of each class.
    """
    codes, count = ratings.codes, len(ratings.classes)
    pairs = np.zeros(len(codes))
    apart = np.zeros(len(codes))
    classes = np.zeros((len(codes), count))
    partnered = np.zeros(codes.shape, dtype=bool)
    rows = np.arange(len(codes))
    for one, other in combinations(range(codes.shape[1]), 2):
        if ratings.labelers[one] == ratings.labelers[other]:
            continue
        both = (codes[:, one] != NO_ANSWER) & (codes[:, other] != NO_ANSWER)
        pairs += 2 * both
        apart += 2 * (both & (codes[:, one] != codes[:, other]))
        partnered[:, one] |= both
        partnered[:, other] |= both
        for column in (one, other):
            classes[rows[both], codes[both, column]] += 1
    weight = np.divide(partnered.sum(axis=1), pairs, out=np.zeros(len(codes)), where=pairs > 0)
    return np.concatenate([(apart * weight)[:, None], classes * weight[:, None]], axis=1)


def krippendorff_alpha(ratings: Ratings, draws: ClusterDraws) -> Interval:
    """Krippendorff's alpha for classes, between labelers; gaps are allowed.

    Args:
        ratings: At least two labelers.
        draws: Over the images.

    Returns:
        Alpha with its interval.

    Source:
        Krippendorff (2011), Computing Krippendorff's alpha-reliability.
    """
    sums = draws.sums(coincidences(ratings), ratings.clusters)
    return _certain(draws.interval(sums, alpha_of_sums), sums[:, 1:], draws)


def alpha_of_sums(sums: Floats) -> Floats:
    """Krippendorff's alpha from sums of `coincidences`.

    Args:
        sums: (B, 1 + K).

    Returns:
        (B,) alphas, NaN where all values are of one class.
    """
    weights = sums[:, 1:]
    total = weights.sum(axis=1)
    unlike = total**2 - (weights**2).sum(axis=1)
    return np.asarray(1 - divided((total - 1) * sums[:, 0], unlike * (unlike > 1e-9)))


def object_alpha(ratings: Ratings, draws: ClusterDraws) -> Interval:
    """Alpha for things that exist only because somebody saw them, such as boxes.

    Places that nobody marked are agreed upon, and there is no end of them: this is the
    limit of alpha as their number grows. With one class and two labelers it is the share
    2 * both / (first + second).

    Args:
        ratings: With a class "not seen".
        draws: Over the images.

    Returns:
        Alpha with its interval.

    Source:
        The limit of kappa in Hripcsak and Rothschild (2005), Agreement, the f-measure, and
        reliability in information retrieval.
    """
    sums = draws.sums(coincidences(ratings), ratings.clusters)
    kept = [0, *(1 + k for k in range(len(ratings.classes)) if k != ratings.unseen)]
    sums = sums[:, kept]
    found = draws.interval(sums, object_alpha_of_sums)
    return _certain(found, np.zeros((len(sums), 1)), draws, held=sums)


def object_alpha_of_sums(sums: Floats) -> Floats:
    """The limit of alpha from sums of `coincidences` without the column "not seen".

    Args:
        sums: (B, 1 + K).

    Returns:
        (B,) figures, NaN where nothing was seen.
    """
    return np.asarray(1 - divided(sums[:, 0], 2 * sums[:, 1:].sum(axis=1)))


def fleiss_kappa(ratings: Ratings, draws: ClusterDraws) -> Interval:
    """Fleiss' kappa over all columns, on the rows that every column answered.

    Args:
        ratings: At least two columns; repeated trials count as further labelers.
        draws: Over the images.

    Returns:
        Kappa with its interval.

    Source:
        Fleiss (1971), Measuring nominal scale agreement among many raters. Psychological
        Bulletin 76.
    """
    columns = ratings.codes.shape[1]
    rows = np.all(ratings.codes != NO_ANSWER, axis=1)
    codes = ratings.codes[rows]
    if columns < 2 or not len(codes):
        return Interval(None, None, None)
    counts = np.stack([(codes == k).sum(axis=1) for k in range(len(ratings.classes))], axis=1)
    alike = (counts * (counts - 1)).sum(axis=1) / (columns * (columns - 1))
    values = np.concatenate([np.ones((len(codes), 1)), alike[:, None], counts], axis=1)
    sums = draws.sums(values, ratings.clusters[rows])

    def figure(s: Floats) -> Floats:
        shares = divided(s[:, 2:], np.broadcast_to(s[:, :1] * columns, s[:, 2:].shape))
        chance = (shares**2).sum(axis=1)
        return _beyond(divided(s[:, 1], s[:, 0]), chance)

    return _certain(draws.interval(sums, figure), sums[:, 2:], draws)


def cohen_kappa(
    first: Ints, second: Ints, class_count: int, *, clusters: Ints, draws: ClusterDraws
) -> Interval:
    """Cohen's kappa of two people, or of one person and the reference.

    Args:
        first: (N, T) codes of one, -1 for no answer.
        second: (N, T) codes of the other, paired trial by trial.
        class_count: Number of classes.
        clusters: (N,) image of each row.
        draws: Over the images.

    Returns:
        Kappa with its interval.

    Source:
        Cohen (1960), A coefficient of agreement for nominal scales. Educational and
        Psychological Measurement 20.
    """
    images = np.repeat(clusters, first.shape[1])
    one, other = first.ravel(), second.ravel()
    both = (one != NO_ANSWER) & (other != NO_ANSWER)
    one, other, images = one[both], other[both], images[both]
    every = np.eye(class_count)
    head = np.stack([np.ones(one.size), one == other], axis=1)
    sums = draws.sums(np.concatenate([head, every[one], every[other]], axis=1), images)

    def figure(s: Floats) -> Floats:
        total = s[:, :1]
        sides = divided(s[:, 2:], np.broadcast_to(total, s[:, 2:].shape))
        chance = (sides[:, :class_count] * sides[:, class_count:]).sum(axis=1)
        return _beyond(divided(s[:, 1], s[:, 0]), chance)

    return _certain(
        draws.interval(sums, figure),
        sums[:, 2 : 2 + class_count] + sums[:, 2 + class_count :],
        draws,
    )


def positive_agreement(ratings: Ratings, index: int, draws: ClusterDraws) -> Interval:
    """Where one labeler calls a class, how often another one does.

    Args:
        ratings: At least two labelers.
        index: Of the class.
        draws: Over the images.

    Returns:
        The share in [0, 1]; None where nobody called it. It has no correction for chance.

    Source:
        Fleiss, Levin and Paik (2003), Statistical methods for rates and proportions,
        section 18.1 (proportion of specific agreement).
    """
    table = ratings.against_rest(index)
    values = coincidences(table)
    said = values[:, 2]
    alike = said - values[:, 0] / 2
    sums = draws.sums(np.stack([alike, said], axis=1), table.clusters)
    found = draws.interval(sums, mean_of_sums)
    return _certain(found, np.zeros((len(sums), 1)), draws, held=sums)


def left_out_effect(ratings: Ratings, labeler: str, draws: ClusterDraws) -> Interval:
    """By how much alpha would change if one labeler were left out.

    Args:
        ratings: At least three labelers, or the effect cannot be told.
        labeler: Whom to leave out.
        draws: Over the images.

    Returns:
        Alpha without minus alpha with this labeler; above 0 where the others agree better
        among themselves.
    """
    others = [n for n in ratings.names if n != labeler]
    if len(others) < 2:
        return Interval(None, None, None)
    figure, dropped = alpha_of_sums, None
    if ratings.unseen is not None:
        figure, dropped = object_alpha_of_sums, 1 + ratings.unseen
    both = []
    for table in (ratings, ratings.only(others)):
        sums = draws.sums(coincidences(table), table.clusters)
        both.append(sums if dropped is None else np.delete(sums, dropped, axis=1))
    width = both[0].shape[1]
    return draws.interval(
        np.concatenate(both, axis=1), lambda s: figure(s[:, width:]) - figure(s[:, :width])
    )


def class_pairs(ratings: Ratings) -> NDArray[np.int64]:
    """How often one labeler calls a class and another one calls another.

    Args:
        ratings: N rows.

    Returns:
        (K, K) counts of pairs of answers, symmetric.
    """
    count = len(ratings.classes)
    out = np.zeros((count, count), dtype=np.int64)
    for one, other in combinations(range(ratings.codes.shape[1]), 2):
        if ratings.labelers[one] == ratings.labelers[other]:
            continue
        pair = ratings.codes[:, [one, other]]
        first, second = pair[(pair != NO_ANSWER).all(axis=1)].T
        np.add.at(out, (first, second), 1)
        np.add.at(out, (second, first), 1)
    return out


def apart(ratings: Ratings, draws: ClusterDraws) -> Floats:
    """How far labelers part on each image.

    Args:
        ratings: N rows.
        draws: Over the images.

    Returns:
        (G,) in [0, 1]: the share of pairs that differ; 0 where nothing can be compared.
    """
    sums = draws.sums(coincidences(ratings), ratings.clusters)
    weights = sums[:, 1:]
    if ratings.unseen is not None:
        weights = 2 * np.delete(weights, ratings.unseen, axis=1)
    return np.nan_to_num(divided(sums[:, 0], weights.sum(axis=1)))


def _beyond(alike: Floats, chance: Floats) -> Floats:
    rest = np.where(1 - chance > 1e-9, 1 - chance, 0.0)
    return np.asarray(1 - divided(1 - alike, rest))


def _certain(
    found: Interval, classes_gk: Floats, draws: ClusterDraws, *, held: Floats | None = None
) -> Interval:
    """An interval for a figure of exactly 1: a bootstrap of it has no width.

    What the agreement may really be by Wilson, turned into the figure by its chance.
    """
    if found.value is None or found.low is None or found.value < 1 or found.low < 1:
        return found
    filled = classes_gk if held is None else held
    cases = int(np.any(filled != 0, axis=1).sum())
    total = float(classes_gk.sum())
    chance = float(((classes_gk.sum(axis=0) / total) ** 2).sum()) if total else 0.0
    least = wilson(cases, cases, confidence=draws.how.confidence).low
    return Interval(found.value, float(max(-1.0, 1 - (1 - least) / (1 - chance))), 1.0)
