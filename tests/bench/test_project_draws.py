"""Draws of labeled images over as many parts as there are."""

from bench.project_draws import split_over_groups
from tests.train.toys import Toys


def six_views_of_each_part():
    toys = Toys("segmentation")
    for part in range(24):
        kind = ("good", "good", "spot", "bar")[part % 4]
        for _ in range(6):
            toys.add(kind, group=f"part {part}")
    return toys.images


def test_a_part_is_taken_twice_only_where_all_were_taken_once():
    images = six_views_of_each_part()
    groups = {i.image.sha256: i.image.group_key for i in images}
    split = split_over_groups(images, 6, 0, val_share=1 / 3)
    labeled = [groups[s] for s, part in split.items() if part != "test"]
    assert len(labeled) == len(set(labeled)) == 6
    assert sum(part == "val" for part in split.values()) == 2
    tested = {groups[s] for s, part in split.items() if part == "test"}
    assert not tested & set(labeled)
    # Whole parts are tested, and views of labeled parts are in no split.
    assert sum(part == "test" for part in split.values()) == 6 * len(tested)


def test_another_seed_labels_other_parts_and_the_same_seed_the_same():
    images = six_views_of_each_part()
    first, again, other = (
        split_over_groups(images, 10, seed, val_share=0.2) for seed in (0, 0, 1)
    )
    assert first == again != other
    assert first == split_over_groups(images[::-1], 10, 0, val_share=0.2)
