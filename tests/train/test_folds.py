import pytest

from pitmark.core.errors import CancelledError, NotEnoughDataError
from pitmark.train.folds import out_of_fold
from tests.train.runs import planned, tiny
from tests.train.toys import Toys, mixed


def test_every_labeled_image_of_train_and_val_gets_a_prediction():
    toys = mixed("classification", per_kind=2).add("spot", split="val").add("bar", split="test")
    found = out_of_fold(toys.images, toys.load, planned(toys), tiny(), folds=2)
    assert list(found) == [i.image.sha256 for i in toys.images if i.split != "test"]


def test_images_of_one_part_are_predicted_by_one_model_that_saw_none_of_them():
    toys = Toys("detection")
    for kind in ("spot", "bar", "good"):
        toys.add(kind, group="part 1").add(kind, group="part 2")
    learned = []

    def load(sha):
        learned.append(sha)
        return toys.load(sha)

    def report(progress):
        learned.append(progress.stage)

    out_of_fold(toys.images, load, planned(toys), tiny(), folds=2, report=report)
    group_of = {i.image.sha256: i.image.group for i in toys.images}
    first = learned.index("fold 1 of 2: train")
    trained_on = {group_of[s] for s in learned[:first] if s in group_of}
    end = next(i for i, s in enumerate(learned) if s.startswith("fold 2"))
    predicted = {group_of[s] for s in learned[first:end] if s in group_of} - trained_on
    assert len(trained_on) == 1
    assert len(predicted) == 1


def test_folds_that_are_done_are_not_done_again(tmp_path):
    toys = mixed("classification", per_kind=2)
    spec = planned(toys)

    def stop(progress):
        if progress.stage.startswith("fold 2"):
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        out_of_fold(
            toys.images, toys.load, spec, tiny(), folds=2, report=stop, workdir=tmp_path
        )
    stages = []
    resumed = out_of_fold(
        toys.images,
        toys.load,
        spec,
        tiny(),
        folds=2,
        report=lambda p: stages.append(p.stage),
        workdir=tmp_path,
    )
    assert not any(s.startswith("fold 1") for s in stages)
    whole = out_of_fold(toys.images, toys.load, spec, tiny(), folds=2)
    assert {k: p.score for k, p in resumed.items()} == {k: p.score for k, p in whole.items()}


def test_a_single_group_cannot_be_folded():
    toys = Toys("detection").add("spot", group="part").add("bar", group="part")
    with pytest.raises(NotEnoughDataError, match="at least two groups"):
        out_of_fold(toys.images, toys.load, planned(toys), tiny())
