import numpy as np
import pytest
import torch  # noqa: TID253
from safetensors.torch import load_file

from pitmark.synth.scene_bank import SceneBank, paint_shard
from pitmark.train.backbone import Backbone, initial_weights, load_weights
from pitmark.train.neck import Pyramid, load_pyramid
from pitmark.train.network import Network, NetworkPlan, starting_point
from pitmark.train.pretrain import Piece, PretrainPlan, pretrain, save_weights
from pitmark.train.pretrain_batches import PretrainBatches, crop_side
from pitmark.train.pretrain_network import LossShares, PretrainNetwork, largest, pair_loss


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    paint_shard(folder, 0, 3, scenes=6)
    return SceneBank(folder)


PLAN = PretrainPlan(image_steps=48, pairs=4, blocks=1)


def test_a_run_cut_in_pieces_ends_with_the_same_weights(bank, tmp_path):
    whole = pretrain(bank, PLAN, Piece(tmp_path / "a", threads=1))
    cut = None
    for _ in range(PLAN.steps):
        cut = pretrain(bank, PLAN, Piece(tmp_path / "b", minutes=0, threads=1))
    assert cut is not None
    for (name, one), other in zip(
        whole.state_dict().items(), cut.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other), name


def test_the_written_file_starts_a_backbone(bank, tmp_path):
    network = PretrainNetwork(blocks=2)
    save_weights(network, tmp_path / "w.safetensors")
    names = set(load_file(tmp_path / "w.safetensors"))
    assert any(n.startswith("pyramid.") for n in names)
    assert not any(n.startswith(("scores.", "project.")) for n in names)
    backbone = Backbone(2)
    load_weights(backbone, initial_weights(tmp_path / "w.safetensors"))
    mine = network.backbone.state_dict()["stem.0.0.weight"]
    assert torch.allclose(backbone.state_dict()["stem.0.0.weight"], mine, atol=1e-3)


@pytest.mark.parametrize(("task", "fine"), [("segmentation", False), ("detection", True)])
def test_a_head_starts_with_the_pretrained_pyramid(tmp_path, task, fine):
    network = PretrainNetwork(seed=4)
    save_weights(network, tmp_path / "w.safetensors")
    mine = Network(NetworkPlan(task, 3, fine=fine))
    starting_point(tmp_path / "w.safetensors").put_into(mine)
    found = mine.head.pyramid.state_dict()
    for name, tensor in network.pyramid.state_dict().items():
        if name in found and tensor.is_floating_point():
            assert torch.allclose(found[name], tensor, atol=2e-3), name
    assert len(found) > 20


@pytest.mark.parametrize("levels", [(0,), (1, 2, 3), (0, 1, 2, 3)])
def test_a_pyramid_of_some_levels_takes_the_weights_of_these_levels(levels):
    network = PretrainNetwork(seed=3)
    network.train()
    network(torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
    network.eval()
    mine = Pyramid(network.backbone.widths, levels).eval()
    assert load_pyramid(mine, network.pyramid.state_dict())
    features = network.backbone(torch.zeros(1, 3, 64, 64))
    whole = network.pyramid(features)
    for level, found in zip(levels, mine(features), strict=True):
        assert torch.allclose(found, whole[level], atol=1e-6)


def test_a_pyramid_of_another_width_is_left_alone():
    mine = Pyramid((64, 128, 256, 512), (0,))
    before = {n: t.clone() for n, t in mine.state_dict().items()}
    assert not load_pyramid(mine, PretrainNetwork().pyramid.state_dict())
    assert all(torch.equal(t, before[n]) for n, t in mine.state_dict().items())


def test_every_part_of_the_objective_falls_on_scenes_seen_again_and_again(bank):
    torch.manual_seed(0)
    network = PretrainNetwork(blocks=1)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    batch = PretrainBatches(bank, 4, 100, 0).batch(0)
    history = []
    for _ in range(25):
        loss, parts = network.loss(batch, LossShares())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(parts)
    for name in ("outline", "coarse", "pattern", "pair", "present", "tone", "energy"):
        assert history[-1][name] < 0.8 * history[0][name], name


def test_batches_keep_pictures_and_truth_together(bank):
    maker = PretrainBatches(bank, 6, 10, 1)
    batch = maker.batch(9)
    side = crop_side(0.9)
    assert batch.images.shape == (12, 3, side, side)
    assert batch.kinds.shape == (12, side, side)
    assert batch.families.shape == (12, side // 8, side // 8)
    assert torch.equal(batch.images, maker.batch(9).images)
    assert float(batch.images.abs().max()) <= 2.0
    assert [b.images.shape for b in maker.from_step(8)] == [batch.images.shape] * 2


def test_a_thin_defect_survives_in_coarse_cells():
    kinds = torch.zeros(1, 32, 32, dtype=torch.long)
    kinds[0, 5, :] = 7
    assert (largest(kinds, 16)[0, 0] == 7).all()
    assert (largest(kinds, 16)[0, 1] == 0).all()


def test_pairs_that_are_alike_cost_less():
    rng = torch.Generator().manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(8, 16, generator=rng), dim=1)
    matched = torch.cat([vectors[:4], vectors[:4]])
    assert pair_loss(matched) < pair_loss(vectors)


def test_shares_are_read_from_text_and_unknown_ones_refused():
    assert LossShares.parse("pair=0,pattern=0.25") == LossShares(pair=0.0, pattern=0.25)
    with pytest.raises(ValueError, match="unknown part of the loss: twin"):
        LossShares.parse("twin=1")


def test_the_first_half_sees_small_crops():
    assert [crop_side(p) for p in np.linspace(0, 1, 5)] == [96, 96, 96, 128, 128]
