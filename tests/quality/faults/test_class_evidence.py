import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pitmark.quality.faults.class_evidence import weigh_classes


def blobs(seed, *, count=400, classes=5, apart=3.0, rate=0.0, pair=0):
    """Labels with faults, and the log probabilities of one who knows the clean classes."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(classes, 12)) * apart / np.sqrt(12)
    true = rng.integers(classes, size=count)
    points = centers[true] + rng.normal(size=(count, 12))
    logits = -0.5 * ((points[:, None] - centers) ** 2).sum(axis=2)
    labels = true.copy()
    flip = rng.random(count) < rate
    labels[flip] = (true[flip] + rng.integers(1, classes, size=flip.sum())) % classes
    labels[rng.choice(np.flatnonzero(true == 0), pair, replace=False)] = 1
    return logits, labels, labels != true


def test_random_faults_come_first_and_their_number_is_estimated():
    logits, labels, faulty = blobs(0, apart=4, rate=0.1)
    evidence = weigh_classes([logits], labels)
    first = np.argsort(-evidence.wrong)[: faulty.sum()]
    assert faulty[first].mean() >= 0.9
    assert evidence.wrong.sum() == pytest.approx(faulty.sum(), rel=0.35)


def test_one_class_labeled_as_another_is_seen_as_such():
    logits, labels, faulty = blobs(1, apart=3, pair=30)
    evidence = weigh_classes([logits], labels)
    off = evidence.mislabeled_as - np.diag(np.diag(evidence.mislabeled_as))
    assert np.unravel_index(off.argmax(), off.shape) == (0, 1)
    assert faulty[np.argsort(-evidence.wrong)[:30]].mean() >= 0.8


def test_right_labels_and_a_weak_expert_give_few_accusations():
    logits, labels, _ = blobs(2, apart=2)
    assert np.mean(logits.argmax(1) != labels) > 0.15
    evidence = weigh_classes([logits], labels)
    assert np.mean(evidence.wrong > 0.5) < 0.03


def test_confidence_that_is_not_earned_does_not_change_the_scores():
    logits, labels, faulty = blobs(3, apart=2.5, rate=0.05)
    modest, loud = weigh_classes([logits / 2], labels), weigh_classes([20 * logits], labels)
    assert loud.wrong == pytest.approx(modest.wrong, abs=0.2)
    assert loud.wrong[faulty].mean() > 5 * loud.wrong[~faulty].mean()


def test_an_expert_that_guesses_is_not_believed():
    logits, labels, _ = blobs(4, apart=3)
    noise = np.random.default_rng(0).normal(size=logits.shape)
    strengths = weigh_classes([logits, noise], labels).strengths
    assert strengths[1] < 0.2 * strengths[0]


def test_the_class_suggested_is_never_the_one_given():
    logits, labels, _ = blobs(5, rate=0.1)
    assert (weigh_classes([logits], labels).instead != labels).all()


def test_with_one_class_in_use_no_label_is_wrong():
    evidence = weigh_classes([np.zeros((4, 3))], np.array([2, 2, 2, 2]))
    assert evidence.wrong.tolist() == [0, 0, 0, 0]


def test_a_class_nobody_used_is_never_suggested():
    logits, labels, _ = blobs(6, classes=3, rate=0.1)
    wide = np.hstack([logits, np.full((len(labels), 1), 50.0)])
    assert 3 not in weigh_classes([wide], labels).instead


def test_a_thing_that_looks_like_no_class_is_stray_when_strays_are_expected():
    logits, labels, _ = blobs(7, apart=5)
    logits[0], labels[0] = 0.0, 0
    logits[0, 0] = -8.0
    evidence = weigh_classes([logits], labels, stray_rate=0.05)
    assert evidence.wrong[0] > 0.3
    assert evidence.stray[0] > 0.5 * evidence.wrong[0]
    assert (evidence.stray <= evidence.wrong).all()


@given(
    arrays(np.float64, (8, 3), elements=st.floats(allow_nan=True, allow_infinity=True)),
    st.lists(st.integers(0, 2), min_size=8, max_size=8),
)
@settings(max_examples=50, deadline=None)
def test_whatever_the_expert_says_the_evidence_is_a_probability(logits, labels):
    evidence = weigh_classes([logits], np.array(labels), stray_rate=0.05)
    assert ((evidence.wrong >= 0) & (evidence.wrong <= 1)).all()
    assert np.isfinite(evidence.mislabeled_as).all()
    assert evidence.looks_like.sum(axis=1) == pytest.approx(np.ones(8))
