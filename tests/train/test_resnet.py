import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import PreprocessSpec, cut
from pitmark.train.backbone import Backbone, init_weights, load_weights
from pitmark.train.embed import embed_images
from pitmark.train.export import export_fp32, max_disagreement
from pitmark.train.int8 import export_int8
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network, NetworkPlan, build_backbone, starting_point
from pitmark.train.quick import quick_fit
from tests.train.runs import planned, same_weights, tiny, trained
from tests.train.test_export import run_onnx
from tests.train.toys import good_only, mixed

torch = pytest.importorskip("torch")
functional = torch.nn.functional
save_file = pytest.importorskip("safetensors.torch").save_file

BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3), "resnet50": (3, 4, 6, 3)}
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def torchvision_tensors(name, *, blocks=None, seed=0):
    """Random tensors with the names and shapes that torchvision gives a ResNet."""
    generator = torch.Generator().manual_seed(seed)
    out = {}

    def layer(conv, norm, inputs, outputs, kernel):
        weight = torch.randn(outputs, inputs, kernel, kernel, generator=generator)
        out[f"{conv}.weight"] = weight * (2 / (inputs * kernel**2)) ** 0.5
        out[f"{norm}.weight"] = torch.rand(outputs, generator=generator) + 0.5
        out[f"{norm}.bias"] = torch.randn(outputs, generator=generator) * 0.1
        out[f"{norm}.running_mean"] = torch.randn(outputs, generator=generator) * 0.1
        out[f"{norm}.running_var"] = torch.rand(outputs, generator=generator) + 0.5
        out[f"{norm}.num_batches_tracked"] = torch.tensor(1)

    layer("conv1", "bn1", 3, 64, 7)
    narrow = name == "resnet50"
    inputs = 64
    for stage, count in enumerate(blocks or BLOCKS[name]):
        middle = 64 * 2**stage
        outputs = middle * (4 if narrow else 1)
        for number in range(count):
            at = f"layer{stage + 1}.{number}"
            kernels = (1, 3, 1) if narrow else (3, 3)
            sizes = [inputs, middle, middle, outputs] if narrow else [inputs, middle, outputs]
            for k, kernel in enumerate(kernels):
                layer(f"{at}.conv{k + 1}", f"{at}.bn{k + 1}", sizes[k], sizes[k + 1], kernel)
            if inputs != outputs:
                layer(f"{at}.downsample.0", f"{at}.downsample.1", inputs, outputs, 1)
            inputs = outputs
    out["fc.weight"] = torch.zeros(1000, inputs)
    out["fc.bias"] = torch.zeros(1000)
    return out


def plain_forward(tensors, rgb):
    """A ResNet by its definition, from RGB in [0, 1]."""

    def layer(x, conv, norm, *, stride=1):
        weight = tensors[f"{conv}.weight"]
        x = functional.conv2d(x, weight, None, stride, weight.shape[-1] // 2)
        names = ("running_mean", "running_var", "weight", "bias")
        return functional.batch_norm(x, *(tensors[f"{norm}.{n}"] for n in names))

    x = torch.relu(layer((rgb - MEAN) / STD, "conv1", "bn1", stride=2))
    x = functional.max_pool2d(x, 3, 2, 1)
    out = []
    for stage in range(1, 5):
        number = 0
        while f"layer{stage}.{number}.conv1.weight" in tensors:
            at = f"layer{stage}.{number}"
            three = f"{at}.conv3.weight" in tensors
            stride = 2 if stage > 1 and number == 0 else 1
            y = x
            for k in (1, 2, 3) if three else (1, 2):
                steps = stride if k == (2 if three else 1) else 1
                y = layer(y, f"{at}.conv{k}", f"{at}.bn{k}", stride=steps)
                y = torch.relu(y) if k < (3 if three else 2) else y
            if f"{at}.downsample.0.weight" in tensors:
                x = layer(x, f"{at}.downsample.0", f"{at}.downsample.1", stride=stride)
            x = torch.relu(x + y)
            number += 1
        out.append(x)
    return out


@pytest.fixture(scope="module")
def resnet18_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    save_file(torchvision_tensors("resnet18"), file)
    return file


@pytest.mark.parametrize("name", BLOCKS)
def test_a_file_with_torchvision_names_gives_the_features_of_that_resnet(name, tmp_path):
    tensors = torchvision_tensors(name)
    file = tmp_path / "mine.safetensors"
    save_file(tensors, file)
    start = starting_point(file)
    assert start.backbone == name
    backbone = build_backbone(start.backbone)
    load_weights(backbone, start.weights)
    rgb = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    spec = PreprocessSpec((64, 64))
    with torch.no_grad():
        found = backbone.eval()((rgb - spec.mean) / spec.std)
        wanted = plain_forward(tensors, rgb)
    assert tuple(f.shape[1] for f in found) == backbone.widths
    assert [f.shape[2] for f in found] == [16, 8, 4, 2]
    for one, other in zip(found, wanted, strict=True):
        assert (one - other).abs().max() < 1e-4 * other.abs().max()


def test_half_precision_files_are_read_as_single_precision(tmp_path):
    tensors = torchvision_tensors("resnet18")
    file = tmp_path / "half.safetensors"
    save_file({k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}, file)
    weights = starting_point(file).weights
    assert weights["stem.0.0.weight"].dtype == torch.float32
    assert (weights["stem.0.0.weight"] - tensors["conv1.weight"]).abs().max() < 1e-3


def test_a_resnet_of_another_depth_is_refused_by_name(tmp_path):
    file = tmp_path / "deep.safetensors"
    save_file(torchvision_tensors("resnet50", blocks=(3, 4, 8, 3)), file)
    with pytest.raises(InvalidInputError, match=r"\(3, 4, 8, 3\) blocks and 2048 channels"):
        starting_point(file)


def test_a_resnet_file_that_lacks_a_tensor_is_refused_by_its_name(tmp_path):
    tensors = torchvision_tensors("resnet18")
    del tensors["layer2.0.conv2.weight"]
    file = tmp_path / "short.safetensors"
    save_file(tensors, file)
    start = starting_point(file)
    with pytest.raises(InvalidInputError, match=r"stages.1.0.second.0.weight must be"):
        load_weights(build_backbone(start.backbone), start.weights)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".PTH"])
def test_pickled_files_are_refused_unread_with_a_way_to_convert_them(tmp_path, suffix):
    file = tmp_path / f"mine{suffix}"
    torch.save(torchvision_tensors("resnet18"), file)
    with pytest.raises(InvalidInputError, match="pickled file") as caught:
        starting_point(file)
    assert "safetensors.torch.save_file" in caught.value.hint


def test_a_pickled_file_under_another_name_is_no_safetensors_file(tmp_path):
    file = tmp_path / "mine.safetensors"
    torch.save(torchvision_tensors("resnet18"), file)
    with pytest.raises(InvalidInputError, match="not a safetensors file"):
        starting_point(file)


def test_files_of_pitmark_start_the_narrow_backbone(tmp_path):
    backbone = Backbone()
    init_weights(backbone, seed=3)
    file = tmp_path / "narrow.safetensors"
    save_file(backbone.state_dict(), file)
    start = starting_point(file)
    assert start.backbone == "narrow"
    load_weights(Backbone(), start.weights)


def test_the_word_random_means_no_weights_even_where_some_are_shipped(
    from_random_weights, monkeypatch
):
    toys = mixed("classification", per_kind=1)
    without = trained(toys)
    monkeypatch.setattr("pitmark.train.backbone.SHIPPED_WEIGHTS", from_random_weights)
    assert starting_point().weights is not None
    assert starting_point("random").weights is None
    assert same_weights(trained(toys, tiny(init="random")), without)
    assert not same_weights(trained(toys), without)


def test_plans_written_before_there_was_a_choice_of_backbone_still_load():
    data = NetworkPlan("detection", 2).to_json()
    del data["backbone"]
    assert NetworkPlan.from_json(data) == NetworkPlan("detection", 2)
    with pytest.raises(InvalidInputError, match="no backbone 'vgg'"):
        NetworkPlan.from_json({**data, "backbone": "vgg"})


def test_training_from_a_resnet_file_keeps_its_frozen_stem(resnet18_file):
    model = trained(
        mixed("classification", per_kind=1), tiny(init=resnet18_file, image_steps=16)
    )
    assert model.network.plan.backbone == "resnet18"
    stem = model.network.state_dict()["backbone.stem.0.0.weight"]
    assert (stem == torchvision_tensors("resnet18")["conv1.weight"]).all()
    again = TrainedModel.from_bytes(model.to_bytes())
    assert same_weights(again, model)
    image = np.random.default_rng(0).integers(0, 255, (50, 70), dtype=np.uint8)
    assert again.predict(image).score == model.predict(image).score
    assert len(again.predict(image).embedding) == 256 + 512


def test_a_model_trained_from_a_resnet_is_a_start_for_the_next(resnet18_file, tmp_path):
    file = tmp_path / "model.safetensors"
    plan = NetworkPlan("segmentation", 1, backbone="resnet18")
    spec = InspectorSpec("segmentation", ("a",), PreprocessSpec((64, 64), overlap_px=0))
    network = Network(plan)
    load_weights(network.backbone, starting_point(resnet18_file).weights)
    file.write_bytes(TrainedModel(spec, network).to_bytes())
    start = starting_point(file)
    assert start.backbone == "resnet18"
    assert (start.weights["stem.0.0.weight"] == network.backbone.stem[0][0].weight).all()


@pytest.mark.parametrize("task", ["classification", "detection", "anomaly"])
def test_a_resnet_predicts_the_same_in_torch_and_onnx(task, resnet18_file):
    toys = good_only(4) if task == "anomaly" else mixed(task, per_kind=1)
    settings = tiny(init=resnet18_file, image_steps=8)
    model = (
        quick_fit(toys.images, toys.load, planned(toys, settings), settings)
        if task == "anomaly"
        else trained(toys, settings)
    )
    spec = model.spec.preprocess
    patches = np.concatenate([cut(p, spec).data for p in toys.pixels.values()])
    data = export_fp32(model)
    ours, theirs = model.run(patches), run_onnx(data, patches)
    for name, value in ours.items():
        scale = max(1.0, float(np.abs(value).max()))
        assert np.abs(value - theirs[name]).max() < 1e-3 * scale
    if task == "classification":
        small = run_onnx(export_int8(data, patches), patches)
        assert max_disagreement(small, ours) < 0.2


def test_embeddings_follow_the_width_of_the_backbone(resnet18_file):
    toys = mixed("classification", per_kind=1)
    model = trained(toys, tiny(init=resnet18_file, image_steps=8))
    found = embed_images([i.image.sha256 for i in toys.images], toys.load, model=model, side=64)
    assert all(v.shape == (256 + 512,) for v in found.values())
