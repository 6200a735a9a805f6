import numpy as np
import pytest

from pitmark.quality.slices.examples import typical_members
from pitmark.quality.slices.finding import Cases, SliceOptions, find_slices
from pitmark.quality.slices.latent import Region, RegionSearch, main_directions


def cloud(seed, count=600, width=40):
    return np.random.default_rng(seed).normal(size=(count, width))


def test_a_neighborhood_of_failures_is_found_and_confirmed():
    looks = cloud(0)
    inside = np.arange(600) % 8 == 0
    looks[inside] = looks[inside] * 0.3 + 2.5
    rng = np.random.default_rng(1)
    failed = rng.random(600) < np.where(inside, 0.7, 0.1)
    (found,) = find_slices(Cases(failed, {}, embeddings=looks))
    assert found.confirmed
    assert found.region is not None
    assert inside[found.members].mean() > 0.9
    assert len(found.members) > 0.6 * inside.sum()


def test_failures_on_one_side_of_the_embedding_are_found_and_said_by_what_is_measured():
    looks = cloud(2, count=900)
    light = looks[:, :8].sum(1) / np.sqrt(8)
    rng = np.random.default_rng(3)
    dark = light < -1.0
    failed = rng.random(900) < np.where(dark, 0.75, 0.1)
    columns = {"line": rng.choice(["one", "two"], 900), "light": light}
    blind = find_slices(Cases(failed, {"line": columns["line"]}, embeddings=looks))
    assert blind[0].confirmed
    assert blind[0].traits == ()
    assert dark[blind[0].members].mean() > 0.5
    seen = find_slices(Cases(failed, columns, embeddings=looks))
    assert seen[0].rule[0][0] == "light"
    assert seen[0].rule[0][1].startswith("at most")


def test_a_region_is_described_by_what_sets_it_apart():
    looks = cloud(5)
    inside = np.arange(600) % 6 == 0
    looks[inside] += 2.0
    rng = np.random.default_rng(5)
    failed = rng.random(600) < np.where(inside, 0.6, 0.1)
    # Most of them, but not all, are of one lot, which others have too.
    lot = np.where(inside & (rng.random(600) < 0.8), "L7", rng.choice(["L1", "L7"], 600))
    (found,) = (s for s in find_slices(Cases(failed, {"lot": lot}, embeddings=looks))[:1])
    assert found.region is not None
    assert [(t.name, t.value) for t in found.traits] == [("lot", "L7")]
    assert "mostly lot L7" in found.sentence()


def test_a_hidden_kind_within_one_class_is_told_by_that_class():
    looks = cloud(7, count=900)
    rng = np.random.default_rng(7)
    kind = rng.choice(["dent", "scratch", "pit"], 900)
    alike = rng.random(900) < 0.35
    looks[alike, :8] += 1.6
    # Dents and pits that look like them are judged well.
    weak = alike & (kind == "scratch")
    failed = rng.random(900) < np.where(weak, 0.55, 0.1)
    found = find_slices(Cases(failed, {"class": kind}, embeddings=looks))[0]
    assert found.confirmed
    assert found.region is not None
    assert found.rule == (("class", "scratch"),)
    assert (kind[found.members] == "scratch").all()
    assert weak[found.members].mean() > 0.8
    assert found.name == "cases of class scratch that look alike, by no known measure"
    assert found.to_json()["kind"] == "look"


def test_without_a_weak_region_hardly_any_is_confirmed():
    told = 0
    for seed in range(12):
        failed = np.random.default_rng(seed).random(300) < 0.25
        found = find_slices(Cases(failed, {}, embeddings=cloud(seed, 300, 20)))
        told += any(s.confirmed for s in found)
    assert told <= 3


def test_a_side_and_a_neighborhood_hold_what_lies_in_them():
    looks = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 5.0]], dtype=np.float32)
    side = Region("side", np.array([1.0, 0.0]), 2.0)
    near = Region("near", np.zeros(2), 3.5)
    assert (side.depth(looks) >= 0).tolist() == [False, True, False]
    assert (near.depth(looks) >= 0).tolist() == [True, True, False]


def test_too_few_cases_have_no_region():
    looks = main_directions(cloud(0, 12, 5))
    search = RegionSearch(looks, np.arange(12), least_cases=5, seed=0)
    assert search.best(np.ones(12)) is None


def test_embeddings_of_one_point_are_no_reason_to_fail():
    assert main_directions(np.ones((50, 4))).shape == (50, 1)


def test_the_same_seed_gives_the_same_slices():
    looks = cloud(8)
    failed = np.random.default_rng(8).random(600) < np.where(looks[:, 0] > 1, 0.7, 0.1)
    one, two = (
        [s.to_json() for s in find_slices(Cases(failed, {}, embeddings=looks), how)]
        for how in (SliceOptions(seed=4), SliceOptions(seed=4))
    )
    assert one == two


def test_examples_are_the_failing_members_most_alike_and_passing_ones_like_them():
    looks = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [1.0, 0.05], [-1.0, 0.0]])
    loss = np.array([1.0, 1.0, 1.0, 0.0, 0.0])
    failing, passing = typical_members(np.arange(5), loss, looks, count=2)
    assert set(failing.tolist()) == {0, 1}
    assert passing.tolist() == [3, 4]


@pytest.mark.parametrize("graded", [False, True])
def test_any_loss_will_do(graded):
    rng = np.random.default_rng(9)
    camera = rng.choice(["a", "b", "c", "d"], 800)
    weak = camera == "c"
    loss = rng.exponential(size=800) * np.where(weak, 3, 1) if graded else weak * 1.0
    loss = loss if graded else (rng.random(800) < np.where(weak, 0.5, 0.1)).astype(float)
    found = find_slices(Cases(loss, {"camera": camera}))
    assert found[0].rule == (("camera", "c"),)
    assert found[0].confirmed
    assert ("mean loss" in found[0].sentence()) == graded
