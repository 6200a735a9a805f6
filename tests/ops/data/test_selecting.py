"""What to label next and what to learn from, on a small project."""

import csv
import json

import pytest

from pitmark.core.errors import ConflictError, InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape, ImageClass
from pitmark.ops.data.coresets import choose_coreset
from pitmark.ops.data.feasibility import assess
from pitmark.ops.data.selecting import SelectOptions, class_numbers, next_labels, write_list
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.labels.labeling import annotate
from pitmark.store.db import open_store
from tests.ops.toys import class_folder, mask_folder, yolo_folder


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


@pytest.fixture
def unlabeled(store, tmp_path):
    """24 images without labels, dents and good ones."""
    folder = class_folder(tmp_path / "photos")
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in sorted(folder.rglob("*.png")):
        path.rename(flat / path.name)
    book = LabelBook().with_classes(["good", "dent", "scratch"])
    project = store.create_project("parts", "classification", book)
    import_folder(project, flat)
    return project


def label(project, count):
    records = project.images.all()
    for record in records[:count]:
        name = "dent" if int(record.name.split("_")[-1].split(".")[0]) % 2 else "good"
        annotate(project, record.name, (ImageClass(name),), labeler="anna")
    return {r.sha256 for r in records[:count]}


def test_images_come_with_reasons_and_none_of_them_has_a_label(unlabeled):
    first = next_labels(unlabeled, 4)
    assert (first.strategy, first.pool, first.labeled) == ("typical", 24, 0)
    assert all(c.reason for c in first.chosen)
    assert "random is as good" in " ".join(first.sentences())
    done = label(unlabeled, 12)
    later = next_labels(unlabeled, 5)
    assert later.strategy == "needed"
    assert not {c.image.sha256 for c in later.chosen} & done
    assert later.to_json()["replay"]["outcome"] == "unknown"


def test_random_says_so_and_a_large_pool_is_sampled_and_said(unlabeled):
    lot = next_labels(unlabeled, 3, options=SelectOptions("random"))
    assert {c.reason for c in lot.chosen} == {"drawn at random"}
    assert lot.replay is None
    some = next_labels(unlabeled, 3, options=SelectOptions(most_images=10))
    assert (some.pool, some.looked_at) == (24, 10)
    assert "10 of them looked at" in some.sentences()[0]


def test_lists_are_written_as_csv_or_json(unlabeled, tmp_path):
    chosen = next_labels(unlabeled, 3, options=SelectOptions("random")).chosen
    write_list(chosen, tmp_path / "next.csv")
    write_list(chosen, tmp_path / "next.json")
    with (tmp_path / "next.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = [c.image.name for c in chosen]
    assert [r["image"] for r in rows] == names
    assert [r["image"] for r in json.loads((tmp_path / "next.json").read_text())] == names


def test_nothing_to_choose_from_is_said(store, unlabeled):
    with pytest.raises(NotEnoughDataError, match="has no image"):
        next_labels(store.create_project("empty", "detection", LabelBook()), 1)
    with pytest.raises(InvalidInputError, match="cannot choose 0"):
        next_labels(unlabeled, 0)
    label(unlabeled, 24)
    with pytest.raises(NotEnoughDataError, match="no image without a label"):
        next_labels(unlabeled, 1)


def test_an_image_counts_for_the_rarest_class_marked_in_it():
    box = (0.0, 0.0, 2.0, 2.0)
    said = [
        [BoxShape("dent", box)], [BoxShape("dent", box), BoxShape("crack", box)], [],
        [ImageClass("good")],
    ]  # fmt: skip
    classes, numbers = class_numbers(said)
    assert classes == ("crack", "dent", "good")
    assert numbers.tolist() == [1, 0, 2, 2]


def test_a_coreset_is_kept_as_a_snapshot_that_trains_on_it_only(unlabeled):
    label(unlabeled, 24)
    take_snapshot(unlabeled, plan=SplitPlan(train=20, val=2))
    choice = choose_coreset(unlabeled, 8, save=True)
    assert len(choice.chosen) == 8
    assert sum(n for _, n in choice.by_class.values()) == 20
    assert choice.loss is not None
    assert -1 <= choice.loss.low <= choice.loss.change <= choice.loss.high <= 1
    _, images = unlabeled.snapshots.load(choice.snapshot.id)
    train = {i.image.sha256 for i in images if i.split == "train"}
    assert train == {c.image.sha256 for c in choice.chosen}
    assert sum(i.split != "train" for i in images) == 4


def test_a_coreset_of_labels_that_changed_asks_for_a_new_snapshot(unlabeled):
    label(unlabeled, 24)
    take_snapshot(unlabeled, plan=SplitPlan(train=20, val=2))
    for record in unlabeled.images.all():
        annotate(unlabeled, record.name, (ImageClass("scratch"),), labeler="anna")
    with pytest.raises(ConflictError, match="relabeled after snapshot"):
        choose_coreset(unlabeled, 8, save=True)


def test_a_coreset_must_be_smaller_than_what_there_is(unlabeled):
    label(unlabeled, 24)
    take_snapshot(unlabeled, plan=SplitPlan(train=20, val=2))
    with pytest.raises(InvalidInputError, match="cannot keep 20 of 20"):
        choose_coreset(unlabeled, 20)


@pytest.mark.parametrize(
    ("task", "fill", "count"),
    [
        ("classification", class_folder, 5),
        ("detection", yolo_folder, 5),
        ("segmentation", mask_folder, 24),
        ("anomaly", mask_folder, 6),
    ],
)
def test_every_task_gets_a_verdict_from_a_few_images(store, tmp_path, task, fill, count):
    project = store.create_project("first", task, LabelBook())
    import_folder(project, fill(tmp_path / "photos", count))
    found = assess(project)
    assert found.verdict in ("go", "go if", "not like this")
    assert {r.topic for r in found.remarks} >= {"light", "focus", "size"}
    if task != "classification":
        assert found.to_json()["figures"]["defect_short_side_px"] == 10


def test_contradicting_labelers_and_a_forecast_are_told(unlabeled):
    label(unlabeled, 24)
    first = unlabeled.images.all()[0]
    annotate(unlabeled, first.name, (ImageClass("scratch"),), labeler="ben")
    found = assess(unlabeled)
    assert found.verdict == "go if"
    assert any("contradict" in r.text and first.name in r.text for r in found.remarks)
    forecast = found.to_json()["forecast"]
    assert forecast[-1]["images"] == 20 * max(size for size, _ in found.rounds)
    assert all(0 <= f["low"] <= f["median"] <= f["high"] <= 1 for f in forecast)
    assert found.sentences()[-1].startswith("Forecast of the mean class recall: ")


def test_feasibility_of_nothing_is_an_error(store):
    with pytest.raises(NotEnoughDataError, match="has no image"):
        assess(store.create_project("empty", "anomaly", LabelBook()))
    with pytest.raises(InvalidInputError, match="cannot look at 0"):
        assess(store.create_project("other", "anomaly", LabelBook()), most=0)
