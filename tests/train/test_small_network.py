"""The small network: half the blocks of the standard one, out of the same weights."""

import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import PreprocessSpec
from pitmark.train.backbone import Backbone, init_weights
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network, NetworkPlan, StartingPoint, starting_point
from pitmark.train.quick import quick_fit
from tests.train.runs import planned, same_weights, tiny, trained
from tests.train.toys import mixed

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")


@pytest.fixture
def standard_file(tmp_path):
    """Weights of a standard backbone, as Pitmark writes them."""
    backbone = Backbone()
    init_weights(backbone, seed=3)
    file = tmp_path / "standard.safetensors"
    safetensors.save_file(backbone.state_dict(), file)
    return file


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_small_keeps_the_first_block_of_every_stage_and_its_weights(standard_file):
    start = starting_point(standard_file)
    network = Network(NetworkPlan("detection", 2, blocks=start.blocks("small")))
    start.put_into(network)
    assert start.prunes(network)
    assert [len(stage) for stage in network.backbone.stages] == [1, 1, 1, 1]
    for name, tensor in network.backbone.state_dict().items():
        assert torch.equal(tensor, start.weights[name])
    assert count(network.backbone) < 0.5 * count(Backbone())


def test_nothing_is_pruned_for_the_standard_network_or_without_weights(standard_file):
    start = starting_point(standard_file)
    assert not start.prunes(Network(NetworkPlan("detection", 2)))
    assert not StartingPoint("narrow", None).prunes(
        Network(NetworkPlan("detection", 2, blocks=1))
    )


def test_a_small_model_says_what_it_is_and_survives_its_file(standard_file):
    toys = mixed("detection", per_kind=1)
    model = trained(toys, tiny(network="small", init=standard_file))
    assert model.network.plan.size == "small"
    again = TrainedModel.from_bytes(model.to_bytes())
    assert again.network.plan.size == "small"
    assert same_weights(again, model)
    assert NetworkPlan("detection", 2).size == "standard"
    assert NetworkPlan("detection", 2, backbone="resnet18").size == "resnet18"


def test_the_norms_behind_a_block_left_out_are_fitted_to_the_images(standard_file):
    # Classification keeps the norms frozen: what they were fitted to is what they are.
    toys = mixed("classification", per_kind=1)
    settings = tiny(network="small", init=standard_file, image_steps=8)
    for model in (
        trained(toys, settings),
        quick_fit(toys.images, toys.load, planned(toys), settings),
    ):
        norm = model.network.state_dict()["backbone.stages.1.0.first.1.running_mean"]
        before = starting_point(standard_file).weights["stages.1.0.first.1.running_mean"]
        assert not torch.allclose(norm, before)


def test_a_small_model_starts_the_next_small_one_and_no_standard_one(tmp_path):
    spec = InspectorSpec("detection", ("a",), PreprocessSpec((64, 64), overlap_px=0))
    small = Network(NetworkPlan("detection", 1, blocks=1), seed=5)
    file = tmp_path / "small.safetensors"
    file.write_bytes(TrainedModel(spec, small).to_bytes())
    start = starting_point(file)
    other = Network(NetworkPlan("detection", 1, blocks=1), seed=6)
    start.put_into(other)
    assert not start.prunes(other)
    with pytest.raises(InvalidInputError, match=r"initial weights do not fit: stages\.0\.1"):
        start.put_into(Network(NetworkPlan("detection", 1)))


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50"])
def test_there_is_no_small_network_of_a_resnet(name):
    with pytest.raises(InvalidInputError, match=f"no small network of a {name}") as caught:
        StartingPoint(name, {}).blocks("small")
    assert "shipped weights" in caught.value.hint
    assert StartingPoint(name, {}).blocks("standard") == 2
