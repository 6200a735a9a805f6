import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pitmark.core.errors import InvalidInputError, InvalidLabelError
from pitmark.core.labels import ImageClass
from pitmark.quality.faults import label_doubts
from pitmark.quality.faults.class_faults import (
    Fault,
    anomaly_faults,
    classification_faults,
    strongest_first,
)
from pitmark.quality.faults.label_doubts import doubt_labels

CLASSES = ("scratch", "dent", "pit mark", "good")


def images(seed, *, apart, count=400, faults=20):
    """Keys, labels with random faults, probabilities, embeddings and where the faults are."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(4, 12)) * apart / np.sqrt(12)
    true = rng.integers(4, size=count)
    points = centers[true] + rng.normal(size=(count, 12))
    # The model sees another noise than the embedding, so that each can help the other.
    seen = centers[true] + rng.normal(size=(count, 12))
    logits = -0.5 * ((seen[:, None] - centers) ** 2).sum(axis=2)
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    wrong = rng.choice(count, faults, replace=False)
    labels = true.copy()
    labels[wrong] = (true[wrong] + rng.integers(1, 4, faults)) % 4
    keys = [f"image{i}" for i in range(count)]
    return keys, [CLASSES[i] for i in labels], probs, points, {keys[i] for i in wrong}


def precision(faults, wrong):
    return np.mean([f.key in wrong for f in faults[: len(wrong)]])


# 20 of 400 labels are wrong: chance is 0.05.
@pytest.mark.parametrize(("apart", "least"), [(5.0, 0.9), (2.5, 0.5), (1.5, 0.15)])
def test_planted_faults_come_first_under_strong_and_weak_models(apart, least):
    keys, labels, probs, _, wrong = images(0, apart=apart)
    assert precision(classification_faults(keys, labels, probs, CLASSES), wrong) >= least


def test_neighbors_help_a_weak_model():
    keys, labels, probs, points, wrong = images(1, apart=2.5)
    alone = classification_faults(keys, labels, probs, CLASSES)
    helped = classification_faults(keys, labels, probs, CLASSES, embeddings=points)
    assert precision(helped, wrong) >= precision(alone, wrong) + 0.1


def test_the_score_is_about_the_share_of_faults_among_such_scores():
    keys, labels, probs, points, wrong = images(2, apart=3, count=1000, faults=60)
    faults = classification_faults(keys, labels, probs, CLASSES, embeddings=points)
    high = [f for f in faults if f.score >= 0.5]
    share = np.mean([f.key in wrong for f in high])
    assert share == pytest.approx(np.mean([f.score for f in high]), abs=0.15)


def test_the_sentence_names_label_neighbors_and_model():
    keys, labels, probs, points, wrong = images(3, apart=6)
    fault = classification_faults(keys, labels, probs, CLASSES, embeddings=points)[0]
    assert fault.key in wrong
    told = fault.suggestion[0].label
    given_label = labels[keys.index(fault.key)]
    votes = fault.facts.neighbors_instead
    assert votes >= 8
    assert fault.why.startswith(
        f"labeled {given_label}; {votes} of 10 similar ones are labeled {told}"
    )
    assert fault.why.endswith("makes a model forget this label")
    assert fault.facts.kept < 0 < fault.facts.instead
    assert fault.facts.alike < 0.5 > fault.facts.given
    assert fault.ambiguity < 0.5
    assert f"gives {told} 1.00" in fault.why or f"gives {told} 0.9" in fault.why
    assert fault.suggestion == (ImageClass(told),)
    assert (fault.kind, fault.verdict, fault.shape_index) == ("wrong_class", "wrong", None)


def test_an_image_between_two_classes_is_ambiguous():
    keys, labels, probs, _, _ = images(4, apart=5, faults=0)
    probs[0] = (0.55, 0.45, 0, 0) if labels[0] == "dent" else (0.45, 0.55, 0, 0)
    labels[0] = "dent" if probs[0, 0] > 0.5 else "scratch"
    found = {f.key: f for f in classification_faults(keys, labels, probs, CLASSES)}
    assert found[keys[0]].verdict == "ambiguous"


def test_a_member_of_a_class_of_few_is_rare():
    keys, labels, probs, _, _ = images(5, apart=5, faults=0)
    here = [i for i, name in enumerate(labels) if name != "good"][:100] + [
        i for i, name in enumerate(labels) if name == "good"
    ][:2]
    probs[here[-1]] = (0.97, 0.01, 0.01, 0.01)
    found = classification_faults(
        [keys[i] for i in here], [labels[i] for i in here], probs[here], CLASSES
    )
    assert {f.key: f.verdict for f in found}[keys[here[-1]]] == "rare"


def test_an_image_between_two_heaps_is_more_ambiguous_than_a_wrong_one():
    keys, labels, probs, points, wrong = images(14, apart=6)
    first, second = (points[[n == name for n in labels]].mean(axis=0) for name in CLASSES[:2])
    points[0], labels[0], probs[0] = (first + second) / 2, CLASSES[0], (0.5, 0.5, 0, 0)
    classes = np.array([CLASSES.index(name) for name in labels])
    doubts = doubt_labels(classes, probs, 4, embeddings=points)
    others = [n for n, key in enumerate(keys) if key in wrong and n]
    assert doubts.ambiguity[0] > np.quantile(doubts.ambiguity, 0.95)
    assert doubts.ambiguity[0] > np.median(doubts.ambiguity[others]) + 0.2


@pytest.mark.parametrize("names", [("dent",), ("dent", "good")])
def test_twenty_images_without_a_number_from_the_model_accuse_nobody(names):
    points = np.random.default_rng(0).normal(size=(20, 6))
    labels = [names[n % len(names)] for n in range(20)]
    faults = classification_faults(
        [str(n) for n in range(20)],
        labels,
        np.full((20, 4), np.nan),
        CLASSES,
        embeddings=points,
    )
    assert all(0 <= f.score < 0.5 for f in faults)


def test_a_wrong_label_among_twenty_images_comes_first():
    keys, labels, probs, points, _ = images(15, apart=9, count=20, faults=0)
    labels[4] = "dent" if labels[4] != "dent" else "good"
    faults = classification_faults(keys, labels, probs, CLASSES, embeddings=points)
    assert faults[0].key == keys[4]
    assert faults[0].score > 2 * max([f.score for f in faults[1:]], default=0.0)


def test_a_class_of_one_member_is_judged_without_fail_and_called_rare():
    keys, labels, probs, points, _ = images(16, apart=6, faults=0)
    keep = [n for n, name in enumerate(labels) if name != "good"]
    keep.append(labels.index("good"))
    probs[keep[-1]] = (0.9, 0.05, 0.05, 0.0)
    found = classification_faults(
        [keys[n] for n in keep],
        [labels[n] for n in keep],
        probs[keep],
        CLASSES,
        embeddings=points[keep],
    )
    mine = {f.key: f for f in found}
    assert mine[keys[keep[-1]]].verdict in ("rare", "wrong")
    assert np.isfinite([f.score for f in found]).all()


def test_very_large_sets_are_judged_by_the_predictions_alone(monkeypatch):
    keys, labels, probs, points, wrong = images(17, apart=5)
    monkeypatch.setattr(label_doubts, "MOST_COMPARED", 100)
    faults = classification_faults(keys, labels, probs, CLASSES, embeddings=points)
    assert all(f.facts.neighbors == 0 and f.facts.kept is None for f in faults)
    assert precision(faults, wrong) > 0.7


def test_an_image_that_shows_no_class_has_no_suggestion():
    keys, labels, probs, _, _ = images(6, apart=8, faults=0)
    labels[0] = "dent"
    probs[0] = (0.34, 1e-4, 0.33, 0.33)
    fault = classification_faults(keys, labels, probs, CLASSES)[0]
    assert fault.key == keys[0]
    assert fault.kind == "image_fault"
    assert fault.suggestion is None


def test_images_of_one_part_do_not_confirm_each_other():
    keys, labels, probs, points, _ = images(7, apart=5, faults=0)
    # Ten exposures of one dent, all labeled good; the model is not sure.
    dent = [i for i, name in enumerate(labels) if name == "dent"][:10]
    points[dent] = points[dent[0]]
    probs[dent] = (0.02, 0.5, 0.02, 0.46)
    for i in dent:
        labels[i] = "good"
    groups = ["part" if i in dent else i for i in range(len(keys))]
    apart = classification_faults(keys, labels, probs, CLASSES, embeddings=points)
    together = classification_faults(
        keys, labels, probs, CLASSES, embeddings=points, groups=groups
    )
    score = {f.key: f.score for f in together}
    before = {f.key: f.score for f in apart}
    assert all(score[keys[i]] > before.get(keys[i], 0) for i in dent)


def test_labels_outside_the_classes_are_named():
    with pytest.raises(InvalidLabelError, match="image a is labeled 'chip', which is none of"):
        classification_faults(["a"], ["chip"], [[1, 0, 0, 0]], CLASSES)


def test_lengths_that_do_not_fit_are_named():
    with pytest.raises(
        InvalidInputError, match=r"2 images of 4 classes .* found 2 and \(1, 4\)"
    ):
        classification_faults(["a", "b"], ["dent", "dent"], [[1, 0, 0, 0]], CLASSES)


def test_no_image_and_one_class_give_no_fault():
    assert classification_faults([], [], np.zeros((0, 4)), CLASSES) == []
    assert classification_faults(["a", "b"], ["dent"] * 2, np.full((2, 4), 0.25), CLASSES) == []


@given(
    arrays(np.float64, (12, 4), elements=st.floats(0, 1) | st.just(float("nan"))),
    st.lists(st.sampled_from(CLASSES), min_size=12, max_size=12),
    arrays(np.float64, (12, 3), elements=st.floats(-1e3, 1e3)),
)
@settings(max_examples=40, deadline=None)
def test_whatever_the_arrays_scores_are_probabilities(probs, labels, points):
    keys = [str(i) for i in range(12)]
    faults = classification_faults(keys, labels, probs, CLASSES, embeddings=points)
    assert all(0 <= f.score <= 1 and "nan" not in f.why for f in faults)
    assert len({f.key for f in faults}) == len(faults)
    assert faults == strongest_first(faults)


def sides(seed, *, apart, good=200, bad=60, faults=8):
    rng = np.random.default_rng(seed)
    is_good = np.arange(good + bad) < good
    scores = 1 / (
        1 + np.exp(-np.where(is_good, -apart / 2, apart / 2) - rng.normal(size=good + bad))
    )
    wrong = rng.choice(good + bad, faults, replace=False)
    labeled = is_good.copy()
    labeled[wrong] = ~is_good[wrong]
    return [f"i{n}" for n in range(good + bad)], labeled, scores, {f"i{n}" for n in wrong}


# 8 of 260: chance is 0.03.
@pytest.mark.parametrize(("apart", "least"), [(8.0, 0.95), (3.0, 0.35)])
def test_good_and_bad_labeled_the_wrong_way_round_come_first(apart, least):
    keys, labeled, scores, wrong = sides(0, apart=apart)
    faults = anomaly_faults(keys, labeled, scores)
    assert precision(faults, wrong) >= least
    assert {f.kind for f in faults} == {"image_fault"}


def test_scores_that_know_nothing_accuse_nobody():
    keys, labeled, scores, _ = sides(1, apart=0.0)
    assert all(f.score < 0.5 for f in anomaly_faults(keys, labeled, scores))


def test_among_good_images_only_those_that_stand_out_are_named():
    rng = np.random.default_rng(0)
    scores = rng.normal(0.2, 0.02, 60).clip(0, 1)
    scores[17] = 0.7
    faults = anomaly_faults([str(i) for i in range(60)], np.ones(60, dtype=bool), scores)
    assert faults[0].key == "17"
    assert faults[0].score > 0.8
    assert all(f.score < 0.5 for f in faults[1:])
    assert "labeled good" in faults[0].why
    assert "higher than that of 59 of the 59 others" in faults[0].why


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1) | st.just(float("nan"))), max_size=15))
@settings(max_examples=60, deadline=None)
def test_whatever_the_anomaly_scores_the_faults_are_probabilities(rows):
    keys = [str(i) for i in range(len(rows))]
    faults = anomaly_faults(keys, [r[0] for r in rows], [r[1] for r in rows])
    assert all(0 <= f.score <= 1 and "nan" not in f.why for f in faults)


def test_faults_of_equal_score_are_ordered_by_image_and_shape():
    faults = [Fault(k, "wrong_class", 0.5, "", i, None, "wrong") for k in "ba" for i in (1, 0)]
    ordered = [(f.key, f.shape_index) for f in strongest_first(faults)]
    assert ordered == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
