import numpy as np
import pytest

from pitmark.core.errors import CancelledError, NotEnoughDataError
from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import BoxShape, shape_mask
from pitmark.train.loop import fingerprint, fit, follow
from pitmark.train.network import Network, NetworkPlan
from pitmark.train.schedule import Schedule
from tests.train.runs import TASKS, planned, same_weights, tiny, trained
from tests.train.toys import Toys, good_only, mixed

torch = pytest.importorskip("torch")


def toys_for(task, **kwargs):
    return good_only(6, **kwargs) if task == "anomaly" else mixed(task, per_kind=2, **kwargs)


def stopping_at(step):
    def report(progress):
        if progress.stage == "train" and progress.done >= step:
            raise CancelledError("stop")

    return report


@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_gives_the_same_model_and_another_seed_another(task):
    toys = toys_for(task)
    first, again = trained(toys), trained(toys)
    assert same_weights(first, again)
    assert not same_weights(first, trained(toys, tiny(seed=1)))


@pytest.mark.parametrize("task", ["detection", "anomaly"])
def test_a_run_that_was_stopped_ends_like_one_that_was_not(task, tmp_path, monkeypatch):
    monkeypatch.setattr("pitmark.train.pace._EVERY_S", 0.0)
    toys, settings, file = toys_for(task), tiny(image_steps=40), tmp_path / "run.safetensors"
    with pytest.raises(CancelledError):
        trained(toys, settings, checkpoint=file, report=stopping_at(2))
    seen = []
    resumed = trained(toys, settings, checkpoint=file, report=lambda p: seen.append(p.done))
    whole = trained(toys, settings)
    assert min(seen) == 3
    assert same_weights(resumed, whole)
    assert resumed.history == whole.history


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr("pitmark.train.pace._EVERY_S", 0.0)
    monkeypatch.setattr("pitmark.train.loop._SAVE_EVERY_S", -1.0)
    toys, settings, file = (
        mixed("classification", per_kind=2),
        tiny(image_steps=40),
        tmp_path / "run",
    )

    def kill(progress):
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(toys, settings, checkpoint=file, report=kill)
    seen = []
    resumed = trained(toys, settings, checkpoint=file, report=lambda p: seen.append(p.done))
    assert min(seen) == 4
    assert same_weights(resumed, trained(toys, settings))
    assert not list(tmp_path.glob("*.partial"))


def test_a_checkpoint_of_other_data_or_a_damaged_one_is_left_alone(tmp_path):
    file = tmp_path / "run.safetensors"
    trained(mixed("detection", per_kind=1, seed=5), checkpoint=file)
    toys = mixed("detection", per_kind=1)
    assert same_weights(trained(toys, checkpoint=file), trained(toys))
    file.write_bytes(b"not a checkpoint")
    assert same_weights(trained(toys, checkpoint=file), trained(toys))


def test_the_fingerprint_follows_labels_and_settings_but_not_threads():
    toys = mixed("detection", per_kind=1)
    spec = planned(toys)
    mark = fingerprint(toys.images, spec, tiny())
    assert mark == fingerprint(toys.images, spec, tiny(threads=2))
    assert mark != fingerprint(toys.images, spec, tiny(seed=1))
    assert mark != fingerprint(toys.images[1:], spec, tiny())


def test_the_fingerprint_follows_what_an_init_file_holds_not_where_it_lies(tmp_path):
    toys = mixed("detection")
    spec = planned(toys)
    here, there, other = (tmp_path / name for name in ("a", "b", "c"))
    here.write_bytes(b"one")
    there.write_bytes(b"one")
    other.write_bytes(b"two")
    marks = [fingerprint(toys.images, spec, tiny(init=f)) for f in (here, there, other)]
    assert marks[0] == marks[1] != marks[2]


def test_progress_tells_loss_and_time_left(monkeypatch):
    monkeypatch.setattr("pitmark.train.pace._EVERY_S", 0.0)
    seen = []
    trained(mixed("classification", per_kind=1), report=seen.append)
    assert [p.done for p in seen] == [1, 2, 3]
    assert all(p.total == 3 and p.eta_s >= 0 and np.isfinite(p.facts["loss"]) for p in seen)


@pytest.mark.parametrize("task", TASKS)
def test_five_images_train(task):
    toys = good_only(5) if task == "anomaly" else Toys(task)
    if task != "anomaly":
        toys.add_many(["good", "spot", "bar", "spot", "good"])
    model = trained(toys)
    found = model.predict_many([i.image.sha256 for i in toys.images], toys.load)
    assert len(found) == 5
    assert all(0 <= p.score <= 1 for p in found.values())


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_one_class_trains(task):
    toys = Toys(task).add_many(["spot"] * 3)
    model = trained(toys)
    assert model.spec.classes == ("spot",)
    assert 0 <= model.predict(toys.load(toys.images[0].image.sha256)).score <= 1


def test_detection_trains_when_no_image_has_a_box():
    toys = Toys("detection").add("spot")
    spec = planned(toys)
    empty = Toys("detection", seed=1).add_many(["good"] * 3)
    model = fit(empty.images, empty.load, spec, tiny())
    assert len(model.predict(empty.load(empty.images[0].image.sha256)).boxes_xyxy) <= 100


def test_no_labeled_image_is_a_clear_error():
    toys = mixed("detection", per_kind=1)
    images = [type(i)(i.image, None, "train") for i in toys.images]
    with pytest.raises(NotEnoughDataError, match="no image of split 'train'"):
        fit(images, toys.load, planned(toys), tiny())


def test_boxes_of_one_pixel_train():
    toys = Toys("detection").add_many(["good"])
    toys.add("spot", sides=(1, 1)).add("spot", sides=(1, 1))
    model = trained(toys)
    assert np.isfinite([h["loss"] for h in model.history]).all()


@pytest.mark.parametrize("mode", ["L", "RGB", "L16", "RGB16"])
def test_gray_color_and_sixteen_bit_images_train(mode):
    toys = mixed("segmentation", per_kind=1, mode=mode)
    model = trained(toys)
    found = model.predict(toys.load(toys.images[1].image.sha256))
    assert found.maps_khw.shape == (2, 16, 16)


def test_images_of_other_splits_are_not_learned_from():
    toys = mixed("detection", per_kind=1)
    more = mixed("detection", per_kind=1, seed=9)
    strangers = [type(i)(i.image, i.shapes, "val") for i in more.images]
    spec, load = planned(toys), {**toys.pixels, **more.pixels}.__getitem__
    plain = fit(toys.images, load, spec, tiny())
    assert same_weights(plain, fit([*strangers, *toys.images], load, spec, tiny()))


def test_detection_learns_three_images_by_heart():
    toys = Toys("detection").add_many(["spot", "bar", "spot"])
    model = trained(toys, tiny(image_steps=480), flips=False, turns=False)
    for item in toys.images:
        shape = item.shapes[0]
        assert isinstance(shape, BoxShape)
        found = model.predict(toys.load(item.image.sha256))
        assert iou_matrix(found.boxes_xyxy[:1], [shape.box_xyxy])[0, 0] > 0.5
        assert model.spec.classes[found.box_classes[0]] == shape.label


def test_classification_learns_six_images_by_heart():
    toys = mixed("classification", per_kind=2)
    model = trained(toys, tiny(image_steps=480))
    for item in toys.images:
        probs = model.predict(toys.load(item.image.sha256)).class_probs
        assert model.spec.classes[int(probs.argmax())] == item.shapes[0].label


def test_segmentation_learns_three_images_by_heart():
    toys = Toys("segmentation").add_many(["spot", "bar", "good"])
    model = trained(toys, tiny(image_steps=640), flips=False, turns=False)
    for item in toys.images:
        maps = model.predict(toys.load(item.image.sha256)).maps_at((64, 64))
        for shape in item.shapes:
            own = maps[model.spec.classes.index(shape.label)]
            inside = shape_mask(shape, (64, 64))
            assert own[inside].mean() > 5 * own[~inside].mean()
            assert own[inside].mean() > 2 * maps.sum(0)[inside].mean() - 2 * own[inside].mean()
        assert item.shapes or (maps < 0.5).all()


def test_a_defect_scores_above_good_images_it_has_never_seen():
    toys = good_only(10)
    model = trained(toys, tiny(image_steps=160))
    fresh = Toys("anomaly", seed=77).add_many(["good"] * 4 + ["spot"] * 4)
    scores = [model.predict(fresh.load(i.image.sha256)).score for i in fresh.images]
    assert max(scores[:4]) < min(scores[4:])


def test_the_average_follows_the_network():
    plan = NetworkPlan("classification", 2, blocks=1)
    network, average = Network(plan, seed=0), Network(plan, seed=1)
    follow(average, network, 0)
    name = "head.whole.weight"
    now, start = network.state_dict()[name], Network(plan, seed=1).state_dict()[name]
    assert torch.allclose(average.state_dict()[name], start + 0.9 * (now - start))


def test_a_pretrained_backbone_is_frozen_first_and_its_norms_always():
    network = Network(NetworkPlan("classification", 2, blocks=1))
    schedule = Schedule(steps=100, heads_only=10, pretrained=True)
    schedule.set_phase(network, 9)
    assert not any(p.requires_grad for p in network.backbone.parameters())
    assert all(p.requires_grad for p in network.head.parameters())
    schedule.set_phase(network, 10)
    learns = {n for n, p in network.backbone.named_parameters() if p.requires_grad}
    assert any(n.startswith("stages.3") for n in learns)
    assert not any(n.startswith(("stem", "stages.0")) for n in learns)
    norms = [m for m in network.backbone.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert not any(m.training for m in norms)


def test_the_learning_rate_rises_then_falls():
    rates = [Schedule(100, 0, False).rate(s) for s in range(100)]
    top = int(np.argmax(rates))
    assert 0 < top < 10
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < rates[-1] < 0.05
