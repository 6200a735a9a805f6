import numpy as np
import pytest
import torch  # noqa: TID253

from pitmark.core.errors import CancelledError, InvalidInputError, NotFoundError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import PreprocessSpec
from pitmark.train.backbone import Backbone, init_weights, initial_weights, load_weights
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network, NetworkPlan
from pitmark.train.precision import limited_threads
from tests.train.runs import TASKS, same_weights, tiny, trained
from tests.train.toys import mixed


def untrained(task="detection", *, preprocess=None, classes=("a", "b")):
    classes = ("anomaly",) if task == "anomaly" else classes
    spec = InspectorSpec(task, classes, preprocess or PreprocessSpec((64, 64), overlap_px=0))
    plan = NetworkPlan(task, len(classes), memory_size=50)
    return TrainedModel(spec, Network(plan, seed=2))


@pytest.mark.parametrize("task", TASKS)
def test_a_model_survives_the_way_through_its_file(task):
    model = untrained(task)
    again = TrainedModel.from_bytes(model.to_bytes())
    assert again.spec == model.spec
    assert same_weights(again, model)
    image = np.random.default_rng(0).integers(0, 255, (50, 70), dtype=np.uint8)
    one, other = model.predict(image), again.predict(image)
    assert one.score == other.score
    assert np.array_equal(one.embedding, other.embedding)


@pytest.mark.parametrize(
    "spoil", [lambda d: b"", lambda d: d[:100], lambda d: d[:-9], lambda d: b"{}" * 50]
)
def test_a_damaged_model_file_is_a_clear_error(spoil):
    data = untrained().to_bytes()
    with pytest.raises(InvalidInputError, match="trained model"):
        TrainedModel.from_bytes(spoil(data))


def test_thresholds_can_be_replaced_but_not_the_classes():
    model = untrained()
    assert model.with_spec(model.spec.with_thresholds(0.9)).spec.threshold == 0.9
    with pytest.raises(InvalidInputError, match="this model does detection of a, b"):
        model.with_spec(untrained(classes=("a", "c")).spec)


def test_a_twenty_megapixel_image_is_predicted_by_tiling():
    preprocess = PreprocessSpec((320, 320), mode="tile", scale=0.25, overlap_px=32)
    model = untrained("segmentation", preprocess=preprocess)
    image = np.zeros((3648, 5472), dtype=np.uint8)
    found = model.predict(image)
    assert found.size_wh == (5472, 3648)
    assert found.maps_khw.shape == (2, 228, 342)


def test_predicting_many_images_can_be_stopped_and_tells_how_far_it_is():
    toys = mixed("detection", per_kind=1)
    shas = [i.image.sha256 for i in toys.images]
    seen = []
    found = untrained().predict_many(shas, toys.load, report=seen.append)
    assert list(found) == shas
    assert (seen[-1].stage, seen[-1].done, seen[-1].total) == ("predict", 3, 3)

    def stop(progress):
        raise CancelledError("stop")

    with limited_threads(2):
        with pytest.raises(CancelledError) as held:
            untrained().predict_many(shas, toys.load, report=stop)
        assert (held.type, torch.get_num_threads()) == (CancelledError, 2)


def test_a_trained_model_is_a_start_for_the_next(tmp_path):
    toys = mixed("classification", per_kind=1)
    file = tmp_path / "model.safetensors"
    file.write_bytes(untrained("segmentation").to_bytes())
    weights = initial_weights(file)
    backbone = Backbone(1)
    load_weights(backbone, weights)
    name = "stages.3.0.first.0.weight"
    assert (backbone.state_dict()[name] == weights[name]).all()
    from_file = trained(toys, tiny(init=file))
    assert not same_weights(from_file, trained(toys))
    stem = "backbone.stem.0.0.weight"
    assert (from_file.network.state_dict()[stem] == weights["stem.0.0.weight"]).all()


def test_initial_weights_that_are_missing_or_do_not_fit_are_clear_errors(tmp_path):
    with pytest.raises(NotFoundError, match="no weights at"):
        initial_weights(tmp_path / "none.safetensors")
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"bad")
    with pytest.raises(InvalidInputError, match="not a safetensors file"):
        initial_weights(bad)
    with pytest.raises(InvalidInputError, match=r"stem.0.0.weight must be \(16, 3, 3, 3\)"):
        load_weights(Backbone(1), {})


def test_fresh_weights_depend_on_the_seed_alone():
    nets = [Backbone(1) for _ in range(3)]
    for net, seed in zip(nets, (0, 0, 1), strict=True):
        init_weights(net, seed=seed)
    first, same, other = (n.state_dict()["stem.0.0.weight"] for n in nets)
    assert (first == same).all()
    assert not (first == other).any()


def test_deeper_networks_hold_the_weights_of_shallow_ones():
    deep, shallow = Backbone(2), Backbone(1)
    init_weights(deep, seed=4)
    load_weights(shallow, deep.state_dict())
    name = "stages.1.0.second.0.weight"
    assert (shallow.state_dict()[name] == deep.state_dict()[name]).all()


def test_the_shipped_weights_fit_the_backbone_and_are_small(from_random_weights):
    shipped = from_random_weights
    assert shipped.stat().st_size < 8_000_000
    network = Backbone()
    load_weights(network, initial_weights(shipped))
    assert all(v.isfinite().all() for v in network.state_dict().values())
