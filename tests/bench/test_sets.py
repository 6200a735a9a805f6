"""Draws of labeled pictures: fair to classes, and honest about groups."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.sets import Picture, PictureSet, draw, read_set, read_sets, write_class_folders

OPTIONS = {
    "metadata": [],
    "columns": "",
    "pattern": None,
    "classes_from": [],
    "keep": "",
    "group_by": [],
}


def made(labels, groups):
    pictures = [
        Picture(Path(f"{i}.png"), f"{i:03d}.png", label, group)
        for i, (label, group) in enumerate(zip(labels, groups, strict=True))
    ]
    return PictureSet("made", tuple(pictures), "part")


@given(
    sizes=st.lists(st.integers(1, 5), min_size=12, max_size=20),
    share=st.floats(0.1, 0.6),
    seed=st.integers(0, 3),
)
@settings(max_examples=40, deadline=None)
def test_no_group_is_labeled_and_tested_at_once(sizes, share, seed):
    groups = [g for g, size in enumerate(sizes) for _ in range(size)]
    found = made(["abc"[g % 3] for g in groups], [str(g) for g in groups])
    budget = max(3, round(share * len(groups)))
    labeled, test = draw(found, budget, seed)
    groups = np.array([p.group for p in found.pictures])
    assert not set(groups[labeled]) & set(groups[test])
    assert 2 <= len(labeled) <= budget
    assert len(set(labeled)) == len(labeled)


def test_labels_are_shared_out_evenly_over_classes_and_groups():
    labels = ["common"] * 80 + ["rare"] * 20
    groups = [str(i // 4) for i in range(100)]
    found = made(labels, groups)
    labeled, test = draw(found, 10, 0)
    drawn = [found.pictures[i] for i in labeled]
    assert sorted(p.label for p in drawn) == ["common"] * 5 + ["rare"] * 5
    # There are ten groups of the common class to choose from, so none is taken twice.
    assert len({p.group for p in drawn if p.label == "common"}) == 5
    assert {found.pictures[i].label for i in test} == {"common", "rare"}


def test_too_few_groups_for_labels_and_a_test_are_said():
    with pytest.raises(SystemExit, match="8 pictures in 1 groups: too few for 4 labels"):
        draw(made(["a", "b"] * 4, ["one"] * 8), 4, 0)


def test_another_seed_draws_others_and_the_same_seed_the_same():
    found = made(["a", "b"] * 30, [str(i) for i in range(60)])
    first, again, other = (draw(found, 10, seed)[0].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_classes_and_groups_come_from_a_table_without_a_header(tmp_path):
    grades = ["0.0", "1.0", "0.5"] * 3
    for number in range(9):
        Image.new("L", (8, 8), number).save(tmp_path / f"cell{number + 1}.png")
    rows = [f"cell{n + 1}.png   {g}  mono" for n, g in enumerate(grades)]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    asked = {
        "metadata": ["labels.csv"],
        "columns": "image,grade,kind",
        "pattern": "cell{cell}",
        "classes_from": ["grade"],
        "keep": "0.0,1.0",
        "group_by": ["cell/3"],
    }
    found = read_set(tmp_path, Namespace(**{**OPTIONS, **asked}))
    assert found.classes == ("0.0", "1.0")
    assert [p.group for p in found.pictures] == [f"cell {g}" for g in (0, 0, 1, 1, 2, 2)]


def test_a_grouping_that_no_set_knows_is_refused_rather_than_left_out(tmp_path):
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / kind / "1.png")
    asked = {**OPTIONS, "data": [tmp_path], "group_by": ["tile"]}
    with pytest.raises(SystemExit, match="no set has metadata to group by tile"):
        read_sets(Namespace(**asked))


def test_pictures_of_one_class_alone_cannot_be_probed(tmp_path):
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / kind / "1.png")
    found = read_set(tmp_path, Namespace(**OPTIONS))
    assert found.labels.tolist() == [0, 1]
    (tmp_path / "b" / "1.png").unlink()
    (tmp_path / "b").rmdir()
    with pytest.raises(SystemExit, match="two are needed"):
        read_set(tmp_path, Namespace(**OPTIONS))


def test_a_draw_is_written_as_class_folders_that_read_back_alike(tmp_path):
    source = tmp_path / "in"
    for number in range(8):
        place = source / "ab"[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 30 * number).save(place / f"{number}.png")
    found = read_set(source, Namespace(**OPTIONS))
    write_class_folders(found, {0: "train", 4: "train", 5: "test"}, tmp_path / "out")
    again = read_set(tmp_path / "out", Namespace(**{**OPTIONS, "group_by": ["group"]}))
    chosen = [found.pictures[i] for i in (0, 4, 5)]
    assert [p.label for p in again.pictures] == [p.label for p in chosen]
    assert [p.group for p in again.pictures] == [f"group {p.group}" for p in chosen]
