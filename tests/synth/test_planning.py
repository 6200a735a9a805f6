import pickle
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.synth.defects import KINDS
from pitmark.synth.factory import plan
from pitmark.synth.finishes import FINISHES
from pitmark.synth.layout import STATIONS
from pitmark.synth.planning import MISTAKES

SEEDS = (0, 1, 7)


def kinds_of(shot):
    return tuple(d.kind for d in shot.defects)


def test_a_negative_seed_is_refused():
    with pytest.raises(InvalidInputError, match="the seed is -1"):
        plan(-1, 10)


def test_a_plan_survives_the_way_to_another_process():
    made = plan(3, 30)
    assert pickle.loads(pickle.dumps(made)) == made


def test_the_same_seed_gives_the_same_plan_and_another_seed_another():
    assert plan(3, 60) == plan(3, 60)
    assert plan(3, 60) != plan(4, 60)


@pytest.mark.parametrize("seed", SEEDS)
def test_four_hundred_images_hold_exactly_thirty_wrong_labels_of_one_class(seed):
    made = plan(seed, 400)
    wrong = [
        (shot.index, k, kind, given)
        for shot in made.shots
        for k, (kind, given) in enumerate(zip(kinds_of(shot), shot.given_kinds, strict=True))
        if kind != given
    ]
    assert len(wrong) == MISTAKES == 30
    assert wrong == [(m.index, m.defect, m.kind, m.given_kind) for m in made.mislabels]
    assert {(m.kind, m.given_kind, m.labeler) for m in made.mislabels} == {
        ("pit mark", "dent", "B")
    }
    for mistake in made.mislabels:
        shot = made.shots[mistake.index]
        assert shot.labeler == "B"
        assert shot.camera != "cam2"
        assert shot.time.date().isoformat() == mistake.date


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_names_its_weak_slice_its_drift_and_its_duplicates(seed):
    made = plan(seed, 400)
    assert [s.index for s in made.shots] == list(range(400))
    assert set(made.weak_slice) == {
        s.index for s in made.shots if s.camera == "cam2" and "pit mark" in kinds_of(s)
    }
    assert set(made.drifted) == {s.index for s in made.shots if s.lot == "L6"}
    assert 50 <= len(made.drifted) <= 85
    assert len(made.exact_duplicates) == 4
    assert len(made.near_duplicates) == 12
    for first, copy in made.exact_duplicates:
        one, two = made.shots[first], made.shots[copy]
        assert first < copy
        assert (one.part, one.station, one.time, one.noise_seed) == (
            two.part,
            two.station,
            two.time,
            two.noise_seed,
        )
    for first, following in made.near_duplicates:
        one, two = made.shots[first], made.shots[following]
        assert two.time - one.time == timedelta(seconds=2)
        assert (one.part, one.station, one.defects) == (two.part, two.station, two.defects)
        assert one.noise_seed != two.noise_seed
    seen = Counter((s.part, s.station) for s in made.shots)
    assert sum(n - 1 for n in seen.values()) == 16


@pytest.mark.parametrize("seed", SEEDS)
def test_shares_of_kinds_and_of_good_images_are_as_announced(seed):
    made = plan(seed, 400)
    good = sum(not s.defects for s in made.shots)
    assert 0.42 * 400 <= good <= 0.48 * 400
    assert {len(s.defects) for s in made.shots} == {0, 1, 2, 3}
    counts = Counter(kind for s in made.shots for kind in kinds_of(s))
    assert set(counts) == set(KINDS)
    assert 2 < counts["pit mark"] / min(counts.values()) < 4.5
    assert min(counts.values()) >= 30


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_have_several_views_one_lot_and_one_finish(seed):
    made = plan(seed, 400)
    parts = defaultdict(list)
    for shot in made.shots:
        parts[shot.part].append(shot)
    assert sum(len({s.station for s in shots}) > 1 for shots in parts.values()) > 100
    for shots in parts.values():
        assert len({(s.lot, s.finish) for s in shots}) == 1
        assert max(s.time for s in shots) - min(s.time for s in shots) < timedelta(minutes=1)
    assert {s.camera for s in made.shots} == {"cam1", "cam2", "cam3"}
    assert {s.shift for s in made.shots} == {"day", "night"}
    assert {s.finish for s in made.shots} == set(FINISHES)


def test_the_last_lot_brings_no_finish_that_was_not_seen_before():
    made = plan(0, 400)
    before = {s.finish for s in made.shots if s.lot != "L6"}
    assert {s.finish for s in made.shots if s.lot == "L6"} <= before


def test_glass_backs_are_never_dented():
    for shot in plan(2, 400).shots:
        if "dent" in kinds_of(shot) and not STATIONS[shot.station].is_side:
            assert FINISHES[shot.finish].is_metal


def test_pit_marks_on_metal_are_faint_under_the_dim_camera_only():
    contrasts = defaultdict(list)
    for shot in plan(0, 400).shots:
        if not FINISHES[shot.finish].is_metal:
            continue
        for spec in shot.defects:
            contrasts[spec.kind, shot.camera == "cam2"].append(spec.contrast)
    mean = {key: sum(values) / len(values) for key, values in contrasts.items()}
    assert mean["pit mark", True] < 0.5 * mean["pit mark", False]
    for kind in KINDS:
        if kind != "pit mark":
            assert mean[kind, True] > mean[kind, False]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), images=st.integers(1, 60))
def test_a_small_factory_keeps_its_counts_and_mistakes_stay_a_minority(seed, images):
    made = plan(seed, images)
    assert len(made.shots) == images
    pits = sum(kinds_of(s).count("pit mark") for s in made.shots)
    assert len(made.mislabels) <= pits // 4
    for shot in made.shots:
        assert len(shot.given_kinds) == len(shot.defects)


def test_more_images_still_hold_thirty_wrong_labels():
    assert len(plan(0, 1200).mislabels) == 30


@pytest.mark.parametrize(
    ("images", "size_wh", "found"),
    [(0, (448, 336), "0 images"), (5, (40, 40), "40 x 40"), (5, (448, 100), "448 x 100")],
)
def test_impossible_factories_are_refused(images, size_wh, found):
    with pytest.raises(InvalidInputError, match=found):
        plan(0, images, size_wh=size_wh)
