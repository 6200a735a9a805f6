import numpy as np
import pytest

from pitmark.train.ahead import batches_ahead
from pitmark.train.batches import BatchMaker, patch_size, scene_weights, task_augmentation
from pitmark.train.dataset import SceneCache
from pitmark.train.network import Network, NetworkPlan
from pitmark.train.schedule import Schedule, parameter_groups, plan_schedule
from tests.train.runs import planned, tiny
from tests.train.toys import Toys, mixed

torch = pytest.importorskip("torch")


def maker_for(toys, settings):
    spec = planned(toys, settings)
    cache = SceneCache(toys.images, toys.load, spec)
    how = task_augmentation(spec.task, flips=True, turns=True)
    weights = scene_weights(cache, spec)
    return BatchMaker(cache, spec, how, weights, 0, patch_size(cache, spec))


def planned_for(toys, settings, *, pretrained=True, backbone="narrow"):
    plan = NetworkPlan(toys.task, 2, backbone=backbone)
    return plan_schedule(
        plan, maker_for(toys, settings), settings, count=3, pretrained=pretrained
    )


def test_small_boxes_are_learned_from_parts_of_the_image():
    small = maker_for(
        Toys("detection", size_wh=(640, 384)).add("spot"), tiny(input_wh=(640, 384))
    )
    assert small.patch_wh == (224, 224)
    batch = small.batch(0, 2, 0.0)
    assert batch.images.shape == (2, 3, 224, 224)
    assert batch.masks.shape == (2, 224, 224)


def test_three_large_boxes_fit_into_a_patch_and_no_patch_is_larger_than_the_input():
    toys = Toys("detection", size_wh=(640, 256)).add("spot", sides=(130, 60))
    assert maker_for(toys, tiny(input_wh=(640, 256))).patch_wh == (416, 256)


@pytest.mark.parametrize("task", ["classification", "anomaly"])
def test_other_tasks_learn_from_the_whole_input(task):
    toys = mixed(task, per_kind=1, size_wh=(320, 320))
    assert maker_for(toys, tiny(input_wh=(320, 320))).patch_wh == (320, 320)


@pytest.mark.parametrize(
    ("task", "preset", "times"),
    [
        ("detection", "fast", 1.4),
        ("detection", "balanced", 2.8),
        ("detection", "thorough", 3.36),
        ("segmentation", "balanced", 1.4),
    ],
)
def test_smaller_patches_buy_more_steps_unless_the_settings_say_how_many(task, preset, times):
    toys = Toys(task, size_wh=(640, 640)).add("spot")
    free, whole = (
        planned_for(toys, tiny(input_wh=(side, side), image_steps=None, preset=preset))
        for side in (640, 224)
    )
    fixed = planned_for(toys, tiny(input_wh=(640, 640), image_steps=40))
    assert free.steps == pytest.approx(times * whole.steps, abs=1)
    assert fixed.steps == 40 / fixed.batch


def test_boxes_are_not_shown_more_often_than_the_smaller_patches_save():
    toys = Toys("detection", size_wh=(320, 320)).add("spot")
    free, whole = (
        planned_for(toys, tiny(input_wh=(side, side), image_steps=None, preset="balanced"))
        for side in (320, 224)
    )
    assert free.steps == pytest.approx((320 / 224) ** 2 * whole.steps, abs=1)


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_where_defects_are_located_our_own_backbone_thaws_and_no_other(task):
    toys = mixed(task, per_kind=1)
    own = planned_for(toys, tiny())
    network = Network(NetworkPlan(task, 2, blocks=1))
    own.set_phase(network, 0)
    assert all(p.requires_grad for p in network.parameters())
    assert all(m.training for m in network.modules())
    assert not planned_for(toys, tiny(), backbone="resnet18").thawed
    assert not planned_for(mixed("classification", per_kind=1), tiny()).thawed


@pytest.mark.parametrize("thawed", [False, True])
def test_a_pretrained_backbone_moves_slower_than_the_head(thawed):
    network = Network(NetworkPlan("detection", 2, blocks=1))
    groups = parameter_groups(network, Schedule(10, 0, pretrained=True, thawed=thawed))
    peaks = {id(p): g["peak"] for g in groups for p in g["params"]}
    assert len(peaks) == len(list(network.parameters()))
    backbone = {peaks[id(p)] for p in network.backbone.parameters()}
    head = {peaks[id(p)] for p in network.head.parameters()}
    assert max(backbone) < min(head)


@pytest.mark.parametrize("threads", [1, 2])
def test_batches_made_ahead_are_those_of_their_steps(threads):
    maker = maker_for(mixed("detection", per_kind=1), tiny())
    schedule = Schedule(steps=5, heads_only=0, pretrained=False, batch=2)
    wanted = [maker.batch(step, 2, step / 5).images for step in (2, 3, 4)]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        made = [b.images for b in batches_ahead(maker, schedule, start=2)]
    finally:
        torch.set_num_threads(before)
    assert len(made) == 3
    assert all(np.array_equal(m, w) for m, w in zip(made, wanted, strict=True))
