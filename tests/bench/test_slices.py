"""What the slices bench plants, and the mixture that it is compared with."""

import numpy as np
import pytest

pytest.importorskip("torch")
planted = pytest.importorskip("bench.planted_slices")
mixture = pytest.importorskip("bench.error_mixture")


def scene(count=400, wrong=0.1):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, count)
    looks = {name: rng.normal(size=(count, 12)) for name in ("", *planted.DAMAGES)}
    said = {}
    for name in looks:
        share = wrong if name == "" else 0.5
        said[name] = np.where(rng.random(count) < share, (labels + 1) % 4, labels)
    groups = tuple(str(n) for n in range(count))
    measured = {
        n: rng.normal(size=count) for n in ("brightness", "contrast", "sharpness", "noise")
    }
    return planted.Scene("toy", labels, groups, looks, said, measured)


@pytest.mark.parametrize("kind", sorted(set(planted.KINDS)))
def test_more_fails_inside_a_planted_slice_and_nowhere_else(kind):
    inside, outside = [], []
    for seed in range(12):
        made = planted.plant(scene(), kind, seed)
        inside.append(made.failed[made.member].mean())
        outside.append(made.failed[~made.member].mean())
        assert (made.said != made.classes).tolist() == made.failed.tolist()
    assert np.mean(outside) == pytest.approx(0.1, abs=0.03)
    assert np.mean(inside) > 0.35


def test_what_would_give_a_latent_slice_away_is_not_told():
    assert "brightness" in planted.plant(scene(), "rule", 1).columns
    assert "brightness" not in planted.plant(scene(), "look", 1).columns
    hidden = planted.plant(scene(), "class", 1)
    assert len(np.unique(hidden.classes)) < 4


@pytest.mark.parametrize("how", planted.DAMAGES)
def test_damaged_pixels_keep_size_and_type_and_change(how):
    pixels = np.random.default_rng(0).integers(40, 200, (40, 60, 3), dtype=np.uint8)
    out = planted.damaged(pixels, how, seed=1)
    assert (out.shape, out.dtype) == (pixels.shape, pixels.dtype)
    assert (out != pixels).mean() > 0.5


def test_the_mixture_finds_a_cluster_of_mistakes():
    rng = np.random.default_rng(2)
    looks = rng.normal(size=(500, 10))
    inside = np.arange(500) < 60
    looks[inside] += 4
    truth = rng.integers(0, 3, 500)
    said = np.where(inside & (rng.random(500) < 0.8), (truth + 1) % 3, truth)
    found = mixture.error_mixture(looks, truth, said, seed=0)
    assert len(found) == mixture.TOLD
    tops = [inside[np.argsort(-one.share)[:10]].mean() for one in found]
    assert max(tops) >= 0.8
