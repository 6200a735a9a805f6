import numpy as np
import pytest

from pitmark.train.model import TrainedModel
from pitmark.train.quick import quick_fit, ridge
from tests.train.runs import TASKS, planned, tiny
from tests.train.toys import Toys, good_only, mixed


def quick(toys):
    return quick_fit(toys.images, toys.load, planned(toys), tiny())


def test_ridge_predicts_left_out_rows_as_if_it_were_fitted_without_them():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(12, 5))
    rows -= rows.mean(axis=0)
    wanted = rng.normal(size=(12, 2))
    found = ridge(rows, wanted)
    for left in range(3):
        keep = np.arange(12) != left
        x = np.c_[rows[keep], np.ones(11)]
        penalty = found.strength * np.diag([1.0] * 5 + [0.0])
        solved = np.linalg.solve(x.T @ x + penalty, x.T @ wanted[keep])
        again = np.append(rows[left], 1) @ solved
        assert found.left_out[left] == pytest.approx(again, abs=1e-6)


def test_ridge_regularizes_noise_more_than_a_clear_relation():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 10))
    clear = ridge(rows, rows[:, :1] * 2)
    noise = ridge(rows, rng.normal(size=(40, 1)))
    assert clear.strength < noise.strength
    assert clear.weights[0, 0] == pytest.approx(2, rel=0.05)


def test_quick_classification_beats_guessing():
    toys = mixed("classification", per_kind=10)
    model, fresh = quick(toys), mixed("classification", per_kind=5, seed=8)
    found = model.predict_many([i.image.sha256 for i in fresh.images], fresh.load)
    hits = [
        model.spec.classes[int(found[i.image.sha256].class_probs.argmax())] == i.shapes[0].label
        for i in fresh.images
    ]
    # Guessing gives a third; random features of small spots cannot do much better.
    assert np.mean(hits) > 0.55


@pytest.mark.parametrize("task", ["detection", "segmentation", "anomaly"])
def test_quick_models_score_defects_above_good_images(task):
    toys = good_only(8) if task == "anomaly" else mixed(task, per_kind=5)
    model = quick(toys)
    fresh = Toys(task, seed=5).add_many(["good"] * 4 + ["spot"] * 4)
    scores = [model.predict(fresh.load(i.image.sha256)).score for i in fresh.images]
    assert np.mean(scores[4:]) > np.mean(scores[:4])
    pairs = [b > g for b in scores[4:] for g in scores[:4]]
    assert np.mean(pairs) > 0.8


def test_quick_detection_finds_the_box():
    model = quick(Toys("detection").add_many(["spot"] * 8 + ["good"] * 2))
    fresh = Toys("detection", seed=3).add("spot")
    x1, y1, x2, y2 = fresh.images[0].shapes[0].box_xyxy
    found = model.predict(fresh.load(fresh.images[0].image.sha256)).boxes_xyxy[0]
    middle = (found[:2] + found[2:]) / 2
    assert np.abs(middle - [(x1 + x2) / 2, (y1 + y2) / 2]).max() < 8


@pytest.mark.parametrize("task", TASKS)
def test_a_quick_model_is_saved_like_any_other(task):
    toys = good_only(3) if task == "anomaly" else mixed(task, per_kind=1)
    model = quick(toys)
    again = TrainedModel.from_bytes(model.to_bytes())
    image = toys.load(toys.images[0].image.sha256)
    assert again.predict(image).score == model.predict(image).score
