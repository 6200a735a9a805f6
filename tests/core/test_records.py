import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.records import ImageRecord, Snapshot, SnapshotItem, merkle_root

hashes = st.text("0123456789abcdef", min_size=4, max_size=4)
items = st.lists(
    st.builds(SnapshotItem, hashes, hashes, st.sampled_from(["train", "val", "test"])),
    unique_by=lambda i: i.sha256,
)


@given(items, st.randoms())
def test_the_id_of_a_snapshot_does_not_depend_on_the_order(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    assert Snapshot.of(found, ["a"]).id == Snapshot.of(shuffled, ["a"]).id


@given(items.filter(bool))
def test_any_change_changes_the_id(found):
    first = found[0]
    changed = SnapshotItem(first.sha256, first.labels_hash + "0", first.split)
    before = Snapshot.of(found, ["a"])
    assert before.id != Snapshot.of([changed, *found[1:]], ["a"]).id
    assert before.id != Snapshot.of(found[1:], ["a"]).id
    assert before.id != Snapshot.of(found, ["b"]).id


def test_fields_cannot_be_shifted_into_each_other():
    one = Snapshot.of([SnapshotItem("ab", "c", "train")], [])
    other = Snapshot.of([SnapshotItem("a", "bc", "train")], [])
    assert one.id != other.id


@given(items, items)
def test_a_diff_leads_from_one_snapshot_to_the_other(old, new):
    before, after = Snapshot.of(old, []), Snapshot.of(new, [])
    diff = before.diff(after)
    now = {i.sha256 for i in before.items} - set(diff.removed) | set(diff.added)
    assert now == {i.sha256 for i in after.items}
    same = {i.sha256: i for i in before.items}
    for item in after.items:
        known = same.get(item.sha256)
        if known is not None:
            assert (item.sha256 in diff.relabeled) == (item.labels_hash != known.labels_hash)
            assert (item.sha256 in diff.moved) == (item.split != known.split)


def test_the_root_of_one_leaf_is_that_leaf_and_of_none_is_fixed():
    assert merkle_root([b"\x01" * 32]) == "01" * 32
    assert merkle_root([]).startswith("e3b0c442")


def test_leaves_cannot_be_passed_off_as_an_inner_node():
    a, b = b"\x02" * 32, b"\x03" * 32
    assert merkle_root([a, b]) != merkle_root([a + b])


@pytest.mark.parametrize(("group", "key"), [("tile 7", "tile 7"), (None, "f" * 64)])
def test_an_image_without_a_group_is_its_own_group(group, key):
    record = ImageRecord("f" * 64, 4, 3, "L", "a.png", group=group)
    assert record.group_key == key
    assert record.size_wh == (4, 3)
