"""Suggestions: from what was predicted already, or by one look at the image."""

import numpy as np
import pytest

from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape, ImageClass, MaskShape, shape_mask
from pitmark.core.predictions import Prediction, one_prediction, predictions_to_bytes
from pitmark.core.preprocess import PreprocessSpec
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.labels.labeling import check_shapes
from pitmark.ops.models.suggesting import Suggester, suggested
from pitmark.ops.models.training import train
from pitmark.quality.faults.mask_objects import objects_in_maps
from pitmark.store.db import open_store
from tests.ops.toys import QUICK, class_folder, mask_folder, yolo_folder

FOLDERS = {
    "classification": class_folder,
    "detection": yolo_folder,
    "segmentation": mask_folder,
    "anomaly": mask_folder,
}
SPEC = PreprocessSpec((64, 64))


@pytest.fixture(scope="module", params=sorted(FOLDERS))
def trained(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param)
    with open_store(root / "home", create=True) as store:
        project = store.create_project("parts", request.param, LabelBook())
        import_folder(project, FOLDERS[request.param](root / "in", count=24))
        plan = SplitPlan(train=8, val=4) if request.param == "anomaly" else None
        take_snapshot(project, plan=plan)
        train(project, options=QUICK)
        yield project


def test_what_is_suggested_could_be_saved_and_is_said_again_the_same(trained):
    splits = {i.image.sha256: i.split for i in trained.snapshots.load()[1]}
    suggester, book = Suggester(trained), trained.book.current()
    for record in trained.images.iterate():
        known = suggester.known(record.sha256)
        told = suggester.suggest(record.sha256)
        assert told.run == trained.runs.get().id
        assert len(told.shapes) == len(told.scores)
        assert all(0 <= s <= 1 for s in told.scores)
        check_shapes(told.shapes, record, book)
        assert (known == told) == (splits[record.sha256] != "train")
        assert Suggester(trained).known(record.sha256) == told


def test_without_a_finished_run_nothing_is_suggested(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        project = store.create_project("parts", "detection", LabelBook())
        import_folder(project, yolo_folder(tmp_path / "in", count=2))
        sha = next(project.images.iterate()).sha256
        assert Suggester(project).suggest(sha).run == ""


def test_boxes_below_their_threshold_are_not_suggested_and_none_leaves_the_image():
    spec = InspectorSpec("detection", ("dent", "hole"), SPEC, box_thresholds=(0.5, 0.2))
    boxes = np.array([[-4, 2, 20, 30], [1, 1, 9, 9], [70, 0, 80, 9]], dtype=np.float32)
    found = Prediction(
        (64, 48),
        0.9,
        boxes_xyxy=boxes,
        box_scores=np.array([0.8, 0.3, 0.9], dtype=np.float32),
        box_classes=np.array([0, 0, 0]),
    )
    told = suggested("r1", found, spec)
    assert told.shapes == (BoxShape("dent", (0.0, 2.0, 20.0, 30.0)),)
    assert told.scores == (0.8,)


def test_the_likeliest_class_is_suggested():
    spec = InspectorSpec("classification", ("good", "dent"), SPEC)
    found = Prediction((64, 48), 0.9, class_probs=np.array([0.2, 0.8], dtype=np.float32))
    assert suggested("r1", found, spec).shapes == (ImageClass("dent"),)


def test_regions_of_a_map_become_masks():
    maps = np.zeros((2, 24, 32), dtype=np.float16)
    maps[0, 2:10, 2:10] = 0.9
    maps[1, 12:20, 20:30] = 0.7
    spec = InspectorSpec("segmentation", ("dent", "hole"), SPEC)
    told = suggested("r1", Prediction((64, 48), 0.9, maps_khw=maps), spec)
    assert [type(s) for s in told.shapes] == [MaskShape, MaskShape]
    assert {s.label for s in told.shapes} == {"dent", "hole"}
    mask = shape_mask(next(s for s in told.shapes if s.label == "dent"), (64, 48))
    assert mask[4:20, 4:20].mean() > 0.9
    assert mask[24:].sum() == 0


def test_a_good_image_has_no_anomaly():
    maps = np.full((1, 12, 16), 0.9, dtype=np.float16)
    spec = InspectorSpec("anomaly", ("anomaly",), SPEC, threshold=0.5)
    assert suggested("r1", Prediction((64, 48), 0.4, maps_khw=maps), spec).shapes == ()
    assert len(suggested("r1", Prediction((64, 48), 0.6, maps_khw=maps), spec).shapes) == 1


def test_specks_are_no_objects_and_the_largest_come_first():
    maps = np.zeros((1, 40, 40), dtype=np.float32)
    maps[0, 1:3, 1:3] = 1
    maps[0, 10:14, 10:14] = 0.8
    maps[0, 20:30, 20:30] = 0.8
    found = objects_in_maps(maps, limit=0.5)
    assert [int(f.mask_hw.sum()) for f in found] == [100, 16]
    assert objects_in_maps(maps, limit=0.5, most=1)[0].score == pytest.approx(0.8)
    assert objects_in_maps(maps[:0], limit=0.5) == []


def test_one_prediction_is_read_out_of_many(tmp_path):
    many = {
        f"{n}": Prediction(
            (64, 48),
            n / 10,
            boxes_xyxy=np.full((n, 4), n, dtype=np.float32),
            box_scores=np.full(n, 0.5, dtype=np.float32),
            box_classes=np.full(n, n),
            maps_khw=np.full((1, 2, 2), n, dtype=np.float16) if n % 2 else None,
        )
        for n in range(5)
    }
    (tmp_path / "p").write_bytes(predictions_to_bytes(many))
    with (tmp_path / "p").open("rb") as file:
        found = one_prediction(file, "3")
        assert one_prediction(file, "9") is None
    assert (found.score, found.boxes_xyxy.tolist()) == (0.3, [[3.0] * 4] * 3)
    assert found.maps_khw.tolist() == [[[3.0, 3.0], [3.0, 3.0]]]
