import numpy as np
import pytest

from pitmark.train.model import TrainedModel
from pitmark.train.quick import quick_fit
from tests.train.runs import TASKS, planned, tiny
from tests.train.toys import Toys, good_only, mixed


def quick(toys):
    return quick_fit(toys.images, toys.load, planned(toys), tiny())


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
