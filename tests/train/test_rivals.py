from pitmark.core.progress import silent
from pitmark.train.rivals import fit_best
from pitmark.train.settings import TrainSettings
from tests.train.runs import planned
from tests.train.toys import Toys, mixed


def best(toys, folder, **changes):
    settings = TrainSettings(threads=1, input_wh=(64, 64), **changes)
    return fit_best(
        toys.images,
        toys.load,
        planned(toys),
        settings,
        report=silent,
        workdir=folder,
        flips=True,
        turns=True,
    )


def test_steps_that_were_asked_for_are_trained_without_a_rival(tmp_path):
    model, facts = best(mixed("classification", per_kind=4), tmp_path, image_steps=16)
    assert facts == {}
    assert model.history


def test_other_tasks_have_no_rival(tmp_path):
    model, facts = best(mixed("segmentation", per_kind=3), tmp_path, image_steps=16)
    assert facts == {}
    assert model.history


def test_the_better_of_both_on_held_out_images_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("pitmark.train.rivals.image_steps", lambda *_: 48)
    monkeypatch.setattr("pitmark.train.schedule.image_steps", lambda *_: 48)
    model, facts = best(mixed("classification", per_kind=5), tmp_path)
    scores = facts["held-out log-likelihood"]
    assert scores[facts["kept"]] == max(scores.values())
    assert set(scores) == {"closed form", "trained"}
    # Sixteen steps from new heads cannot beat ridge regression on the same vectors.
    assert facts["kept"] == "closed form"
    assert facts["sentence"].startswith("Kept the first model, in closed form: ")
    assert not model.history
    again, _ = best(mixed("classification", per_kind=5), tmp_path)
    assert again.network.plan.quick


def test_a_single_part_leaves_nothing_to_compare_on(tmp_path, monkeypatch):
    monkeypatch.setattr("pitmark.train.schedule.image_steps", lambda *_: 16)
    toys = Toys("classification")
    for kind in ("good", "spot", "bar") * 2:
        toys.add(kind, group="one part")
    model, facts = best(toys, tmp_path)
    assert facts == {}
    assert model.history
