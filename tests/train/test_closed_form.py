import numpy as np
import pytest
import torch  # noqa: TID253

from pitmark.train.batches import collate
from pitmark.train.closed_form import ridge, standardize
from pitmark.train.dataset import SceneCache
from pitmark.train.linear import LinearHead
from pitmark.train.network import Network, NetworkPlan, starting_point
from pitmark.train.plain_pieces import plain_pieces
from pitmark.train.whole_image import LIGHT, image_vector, vector_length, vector_scale
from tests.train.runs import planned
from tests.train.toys import mixed


def test_a_head_is_trained_on_vectors_of_about_unit_length():
    toys = mixed("classification", per_kind=4)
    spec = planned(toys)
    cache = SceneCache(toys.images, toys.load, spec)
    network = Network(NetworkPlan("classification", len(spec.classes)))
    starting_point().put_into(network)
    standardize(network.train(), cache, spec, seed=0)
    assert network.training
    network.eval()
    pieces = [p for n in range(len(cache)) for p in plain_pieces(cache[n], spec)]
    images = collate(pieces, spec.preprocess).images
    with torch.no_grad():
        vectors = image_vector(network.backbone(images), images)
    seen = (vectors - network.head.center) * network.head.scale
    assert float(seen.square().sum(1).mean()) == pytest.approx(1, rel=0.1)
    assert float(seen.mean(0).abs().max()) < 1e-3


def test_the_vector_of_an_image_ends_with_light_that_no_backbone_changes():
    widths = (8, 16, 32, 64)
    rng = torch.Generator().manual_seed(0)
    images = torch.rand(2, 3, 64, 96, generator=rng)
    features = [torch.rand(2, w, 4, 4, generator=rng) for w in widths]
    vectors = image_vector(features, images)
    assert vectors.shape == (2, vector_length(widths))
    others = image_vector([2 * f for f in features], images)
    assert torch.equal(vectors[:, -LIGHT:], others[:, -LIGHT:])
    assert not torch.equal(vectors[:, :-LIGHT], others[:, :-LIGHT])
    assert float(vector_scale(widths).square().sum()) == pytest.approx(1)


@pytest.mark.parametrize("shape", [(40, 6), (6, 40)])
def test_ridge_minimizes_what_it_says_with_many_rows_and_with_few(shape):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=shape)
    rows -= rows.mean(axis=0)
    wanted = rng.normal(size=(shape[0], 2))
    found = ridge(rows, wanted)
    penalty = found.strength * np.eye(shape[1])
    centered = wanted - wanted.mean(axis=0)
    solved = np.linalg.solve(rows.T @ rows + penalty, rows.T @ centered)
    assert found.weights == pytest.approx(solved, abs=1e-9)
    assert found.offset == pytest.approx(wanted.mean(axis=0))


def test_ridge_predicts_left_out_rows_as_if_it_were_fitted_without_them():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(12, 5))
    rows -= rows.mean(axis=0)
    wanted = rng.normal(size=(12, 2))
    found = ridge(rows, wanted)
    for left in range(3):
        keep = np.arange(12) != left
        x = np.c_[rows[keep], np.ones(11)]
        penalty = found.strength * np.diag([1.0] * 5 + [0.0])
        solved = np.linalg.solve(x.T @ x + penalty, x.T @ wanted[keep])
        again = np.append(rows[left], 1) @ solved
        assert found.left_out[left] == pytest.approx(again, abs=1e-6)


def test_ridge_regularizes_noise_more_than_a_clear_relation():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 10))
    clear = ridge(rows, rows[:, :1] * 2)
    noise = ridge(rows, rng.normal(size=(40, 1)))
    assert clear.strength < noise.strength
    assert clear.weights[0, 0] == pytest.approx(2, rel=0.05)


def test_a_cell_is_worth_its_standardized_features_times_the_matrix():
    rng = torch.Generator().manual_seed(0)
    widths = (3, 4, 5, 6)
    head = LinearHead(widths, 2, task="detection")
    for values in (head.center, head.matrix, head.offset):
        values.copy_(torch.randn(values.shape, generator=rng))
    head.spread.copy_(0.5 + torch.rand(head.spread.shape, generator=rng))
    features = [
        torch.randn(2, width, 32 // 2**stage, 48 // 2**stage, generator=rng)
        for stage, width in enumerate(widths)
    ]
    cells = head.cells(features).permute(0, 2, 3, 1)
    wanted = (cells - head.center) / head.spread @ head.matrix + head.offset
    found = head(features, torch.zeros(2, 3, 128, 192))["values"]
    assert found.shape == (2, 16, 24, 6)
    assert torch.allclose(found, wanted, atol=1e-5)
