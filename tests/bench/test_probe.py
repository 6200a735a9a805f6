"""The networks and the classifier that frozen features are judged with."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
few_labels = pytest.importorskip("bench.few_labels")
reference_nets = pytest.importorskip("bench.reference_nets")
backbones = pytest.importorskip("pitmark.train.backbone")

SQUEEZE = {2: 16, 3: 16, 4: 32, 5: 32, 6: 48, 7: 48, 8: 64, 9: 64}


def squeeze_arrays(rng):
    arrays = {"conv1/w": rng.normal(size=(96, 3, 7, 7)), "conv1/b": rng.normal(size=96)}
    inputs = 96
    for number, small in SQUEEZE.items():
        for part, (outputs, given, kernel) in {
            "squeeze1x1": (small, inputs, 1),
            "expand1x1": (4 * small, small, 1),
            "expand3x3": (4 * small, small, 3),
        }.items():
            weight = rng.normal(size=(outputs, given, kernel, kernel)) * 0.05
            arrays |= {
                f"fire{number}/{part}/w": weight,
                f"fire{number}/{part}/b": weight[:, 0, 0, 0],
            }
        inputs = 8 * small
    return arrays


def test_squeezenet_has_no_padding_in_its_stem_and_pools_that_round_up():
    network = reference_nets.SqueezeNet(squeeze_arrays(np.random.default_rng(0)))
    for side, sides in ((227, [55, 27, 13]), (192, [46, 23, 11])):
        with torch.no_grad():
            maps = network(torch.rand(1, 3, side, side))
        assert [m.shape[2] for m in maps] == sides
        assert [m.shape[1] for m in maps] == [256, 512, 512]


def test_squeezenet_takes_blue_first_and_the_means_of_its_training():
    arrays = squeeze_arrays(np.random.default_rng(0))
    arrays["conv1/b"][:] = 0
    network = reference_nets.SqueezeNet(arrays)
    seen = []
    network._conv = lambda name, x, **_: seen.append(x) or torch.zeros(1, 96, 9, 9)
    network._fire = lambda name, x: x
    network(torch.tensor([1.0, 0.5, 0.0])[None, :, None, None].expand(1, 3, 8, 8))
    assert seen[0][0, :, 0, 0].tolist() == [-104.0, 127.5 - 117, 255.0 - 123]


def test_the_trial_is_our_backbone_under_other_names(tmp_path):
    backbone = backbones.Backbone()
    backbones.init_weights(backbone, seed=1)
    other = {"first": "a", "second": "b", "shortcut": "d"}
    arrays = {"seg.bias": np.zeros(10)}
    for name, tensor in backbone.state_dict().items():
        parts = [other.get(p, p) for p in name.replace("stages", "st").split(".")]
        arrays[".".join(["bb", *parts])] = tensor.numpy()
    np.savez(tmp_path / "trial.npz", **arrays)
    rgb = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        maps = reference_nets.trial_net(tmp_path / "trial.npz")(rgb)
        wanted = backbone.eval()((rgb - 0.45) / 0.25)[1:]
    assert all(torch.equal(m, w) for m, w in zip(maps, wanted, strict=True))


def test_a_few_labels_tell_apart_what_features_tell_apart():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 60)
    rows = rng.normal(size=(180, 400)) * np.linspace(0, 9, 400)
    rows[:, :3] = np.eye(3)[labels] * 50 + rng.normal(size=(180, 3))
    rows[:, 3] = 7.0
    learned = np.array([0, 1, 2, 3, 60, 61, 62, 63, 120])
    guess = few_labels.classify(rows[learned], labels[learned], rows, seed=0)
    shuffled = few_labels.classify(
        rows[learned], labels[rng.permutation(learned)], rows, seed=0
    )
    assert (guess == labels).mean() > (shuffled == labels).mean()
    assert set(guess) == {0, 1, 2}


def test_the_scale_and_a_rotation_of_features_change_no_answer():
    rng = np.random.default_rng(1)
    labels = np.arange(40) % 2
    rows = rng.normal(size=(40, 60)) + labels[:, None] * 0.5
    scaled = rows * rng.uniform(0.1, 9, size=60) + rng.normal(size=60)
    one = few_labels.classify(rows[:20], labels[:20], rows[20:], seed=0)
    other = few_labels.classify(scaled[:20], labels[:20], scaled[20:], seed=0)
    assert (one == other).all()
    assert (one == labels[20:]).mean() > 0.6
