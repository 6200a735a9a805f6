import pytest

from pitmark.core.errors import ConflictError
from pitmark.core.label_book import LabelBook
from pitmark.ops.demo.folder import PROJECT
from pitmark.ops.demo.loop import DemoOptions, run_demo
from pitmark.store.db import open_store

SMALL = DemoOptions(images=60, image_steps=64, fold_steps=32, size_wh=(192, 144), side_px=96)


def test_the_demo_tells_the_whole_loop_and_is_replaced_by_the_next(tmp_path):
    home, told = tmp_path / "demo", []
    done = run_demo(home, options=SMALL, narrate=told.append)
    assert done.page.read_text().startswith("<!doctype html>")
    assert (home / "casings.pitmark").exists()
    assert done.figures["reviewed"] <= 60
    assert len(told) >= 8
    with open_store(home, create=False) as store:
        assert store.project(PROJECT).releases.count() == 1
        store.create_project("mine", "detection", LabelBook())
    with pytest.raises(ConflictError, match="also holds mine"):
        run_demo(home, options=SMALL, narrate=told.append)
    assert (home / "casings.pitmark").exists()


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path):
    (tmp_path / "factory").mkdir()
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(ConflictError, match="not from a demo"):
        run_demo(tmp_path, options=SMALL, narrate=print)
    assert (tmp_path / "letters.txt").read_text() == "dear"
