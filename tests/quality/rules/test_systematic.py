import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.faults.look_alikes import cells, meetings
from pitmark.quality.rules.systematic import Votes, inconsistent_groups

NAMES = ("scratch", "pit mark", "dent")


def planted(seed=0, *, column="labeler", per_side=16, things=400):
    """Three classes; between the first two lie things that one side calls the second."""
    rng = np.random.default_rng(seed)
    centers = np.eye(3, 24) * 6
    label = rng.integers(0, 3, things)
    look = centers[label] + rng.normal(0, 0.8, (things, 24))
    values = {
        "labeler": rng.choice(["anna", "ben", "eva"], things),
        "camera": rng.choice(["cam1", "cam2"], things),
        "day": rng.choice(["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"], things),
        "revision": rng.integers(1, 5, things).astype(np.float64),
    }
    odd = {"labeler": "ben", "camera": "cam2", "day": "2026-01-08", "revision": 4.0}[column]
    border = np.arange(4 * per_side)
    look[border] = centers[:2].mean(axis=0) + rng.normal(0, 0.8, (len(border), 24))
    chosen = border[:per_side]
    values[column][border] = np.resize(np.unique(values[column])[:-1], len(border))
    values[column][border[values[column][border] == odd]] = np.unique(values[column])[0]
    values[column][chosen] = odd
    label[border], label[chosen] = 0, 1
    votes = Votes(np.arange(things), label, values, list(range(things)), frozenset({"day"}))
    return votes, look, set(chosen.tolist())


@pytest.mark.parametrize(
    ("column", "condition"),
    [
        ("labeler", "labeler ben"),
        ("camera", "camera cam2"),
        ("day", "day above 2026-01-07"),
        ("revision", "revision above 3"),
    ],
)
def test_labels_by_two_rules_come_as_one_group_with_its_two_sides(column, condition):
    votes, look, chosen = planted(column=column)
    (group,) = inconsistent_groups(votes, look, NAMES)
    assert group.column == column
    assert group.deviating.condition == condition
    assert (group.deviating.label, group.others.label) == ("pit mark", "scratch")
    assert len(chosen & set(group.members)) >= 0.9 * len(chosen)
    assert len(set(group.members) - chosen) <= 2
    assert group.difference > 0.8 > 0.3 < group.low <= group.difference <= group.high
    assert len(group.counterparts) == len(group.members)
    assert group.member_chance > 0.8
    assert all(votes.label[c] == 0 for c in group.counterparts)
    for words in ("pit mark or scratch?", condition, "points apart"):
        assert words in group.sentence()


def test_without_a_second_rule_there_is_no_group():
    found = 0
    for seed in range(20):
        votes, look, _ = planted(seed)
        rng = np.random.default_rng(seed)
        label = votes.label.copy()
        odd = rng.random(len(label)) < 0.1
        label[:64] = rng.integers(0, 2, 64)
        label[odd] = rng.integers(0, 3, odd.sum())
        clean = Votes(votes.thing, label, votes.columns, votes.groups, votes.ordered)
        found += bool(inconsistent_groups(clean, look, NAMES))
    assert found == 0


def test_a_camera_that_sees_more_of_a_class_is_no_inconsistency():
    """Where looks overlap, the more frequent class is the better guess for everybody."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        camera = rng.choice(["cam1", "cam2"], 900)
        label = (rng.random(900) < np.where(camera == "cam2", 0.8, 0.2)).astype(np.int64)
        look = np.eye(2, 16)[label] * 3 + rng.normal(0, 1, (900, 16))
        votes = Votes(np.arange(900), label, {"camera": camera}, list(range(900)))
        assert inconsistent_groups(votes, look, NAMES) == []


def test_exposures_of_one_part_prove_nothing_twice():
    votes, look, _ = planted(per_side=16)
    exposures = [n // 8 if n < 64 else n for n in range(400)]
    same = Votes(votes.thing, votes.label, votes.columns, exposures, votes.ordered)
    assert inconsistent_groups(votes, look, NAMES) != []
    assert inconsistent_groups(same, look, NAMES) == []


def test_two_labelers_of_the_same_images_are_compared_image_by_image():
    rng = np.random.default_rng(0)
    look = np.r_[rng.normal(0, 1, (60, 8)), rng.normal(6, 1, (60, 8))]
    thing = np.tile(np.arange(120), 2)
    label = np.repeat([0, 1], 60)[thing]
    label[120 + 10 : 120 + 30] = 2
    votes = Votes(thing, label, {"labeler": np.repeat(["anna", "ben"], 120)}, list(range(120)))
    (group,) = inconsistent_groups(votes, look, NAMES)
    assert {group.deviating.condition, group.others.condition} == {
        "labeler anna",
        "labeler ben",
    }
    assert {group.deviating.label, group.others.label} == {"scratch", "dent"}


def test_what_one_group_explains_is_not_told_as_another():
    """Ben calls what others call scratch pit mark: so he has more pit marks than dents."""
    rng = np.random.default_rng(1)
    look = rng.normal(0, 1, (240, 6))
    who = np.resize(["anna", "ben", "eva"], 240)
    label = np.where(rng.random(240) < 0.6, 0, 2)
    label[(who == "ben") & (label == 0)] = 1
    votes = Votes(np.arange(240), label, {"labeler": who}, list(range(240)))
    (group,) = inconsistent_groups(votes, look, NAMES)
    assert {group.deviating.label, group.others.label} == {"pit mark", "scratch"}


def test_out_of_fold_odds_keep_apart_what_the_embedding_mixes():
    """All look alike, cameras see different classes, and only a model can tell them."""
    rng = np.random.default_rng(2)
    camera = rng.choice(["cam1", "cam2"], 600)
    label = (rng.random(600) < np.where(camera == "cam2", 0.85, 0.15)).astype(np.int64)
    look = rng.normal(0, 1, (600, 8))
    sure = np.where(label[:, None] == np.arange(3), 0.0, -6.0) + rng.normal(0, 1, (600, 3))
    votes = Votes(np.arange(600), label, {"camera": camera}, list(range(600)))
    assert inconsistent_groups(votes, look, NAMES) != []
    assert inconsistent_groups(votes, look, NAMES, log_probs=sure) == []


def test_empty_and_tiny_sets_have_no_group():
    none = Votes(
        np.zeros(0, np.int64), np.zeros(0, np.int64), {"labeler": np.zeros(0, str)}, []
    )
    assert inconsistent_groups(none, np.zeros((0, 4)), NAMES) == []
    one = Votes(np.array([0]), np.array([1]), {"labeler": np.array(["anna"])}, [0])
    assert inconsistent_groups(one, np.ones((1, 4)), NAMES) == []
    flat = Votes(
        np.arange(30), np.arange(30) % 2, {"labeler": np.array(["anna"] * 30)}, range(30)
    )
    assert inconsistent_groups(flat, np.zeros((30, 4)), NAMES) == []


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"label": np.array([0, 9])}, "beyond the 3 given"),
        ({"thing": np.array([0, 7])}, "beyond the 2 given"),
        ({"label": np.array([0])}, "need as many labels"),
        ({"groups": [1]}, "groups do not fit"),
    ],
)
def test_what_does_not_fit_is_refused(change, match):
    given = {
        "thing": np.array([0, 1]),
        "label": np.array([0, 1]),
        "columns": {"labeler": np.array(["anna", "ben"])},
        "groups": [0, 1],
        **change,
    }
    with pytest.raises(InvalidInputError, match=match):
        inconsistent_groups(Votes(**given), np.ones((2, 3)), NAMES)


def test_a_hundred_classes_meet_only_where_they_do():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 100, 2000)
    look = np.eye(100)[label] * 8 + rng.normal(0, 0.3, (2000, 100))
    look[label == 1] = look[label == 0][: (label == 1).sum()].mean(axis=0) + rng.normal(
        0, 0.3, ((label == 1).sum(), 100)
    )
    met = meetings(look, np.arange(2000), label, list(range(2000)), least=5)
    assert [(m.first, m.second) for m in met] == [(0, 1)]
    assert set(label[met[0].votes]) == {0, 1}


def test_cells_are_small_and_hold_what_looks_alike():
    rng = np.random.default_rng(0)
    look = np.r_[rng.normal(0, 1, (50, 5)), rng.normal(9, 1, (50, 5))]
    cell = cells(look)
    assert np.bincount(cell).max() <= 16
    assert not set(cell[:50]) & set(cell[50:])
