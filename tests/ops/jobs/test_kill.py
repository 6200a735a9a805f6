"""Jobs of the real kinds whose worker or server is killed: done once, nothing half there."""

import hashlib
import random
import time

import pytest

from pitmark.core.label_book import LabelBook
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.images.uploading import Upload
from pitmark.ops.jobs.kinds import start_job
from pitmark.ops.models.training import train
from tests.engine.local_world import LocalWorld
from tests.ops.held_jobs import TABLE as HELD_TABLE
from tests.ops.toys import QUICK, class_folder, yolo_folder

SMALL = {"preset": "fast", "image_steps": 200, "side_px": 64, "threads": 1}


def uploaded(store, data):
    sha = hashlib.sha256(data).hexdigest()
    with Upload(store, sha) as upload:
        upload.write(data)
        upload.finish()
    return sha


@pytest.fixture
def world(tmp_path):
    made = LocalWorld(tmp_path / "home", HELD_TABLE, silent_s=60)
    yield made
    made.close()


@pytest.fixture
def parts(world, tmp_path):
    project = world.store.create_project("parts", "detection", LabelBook())
    import_folder(project, yolo_folder(tmp_path / "in", count=16))
    take_snapshot(project)
    return project


def test_a_training_whose_server_and_worker_are_killed_goes_on_in_the_same_run(world, parts):
    world.start_server()
    job = start_job(parts, "train", SMALL, by="ann").id
    world.until(lambda: ((world.get(job).progress or {}).get("done") or 0) > 20, "some steps")
    world.kill_server()
    world.kill_workers()
    world.let_go()
    world.start_server()
    done = world.end_of(job)
    assert (done.state, done.attempt) == ("done", 2), done.problem
    (run,) = parts.runs.list(kind="train")
    assert (run.id, run.state) == (done.result["run"], "done")


@pytest.mark.parametrize("round_", range(2))
def test_a_release_that_is_killed_comes_out_once(world, parts, round_):
    train(parts, options=QUICK)
    world.start_server()
    job = start_job(parts, "release", {"int8": False}, by="ann").id
    world.until(world.workers, "the worker")
    time.sleep(random.Random(round_).uniform(0.5, 4.0))
    world.kill_workers()
    done = world.end_of(job)
    assert done.state == "done", done.problem
    (row,) = parts.releases.list()
    assert row.version == done.result["version"] == 1
    assert world.store.check() == []


@pytest.mark.parametrize("round_", range(2))
def test_an_import_that_is_killed_is_whole_in_the_end(world, tmp_path, round_):
    project = world.store.create_project("casings", "classification", LabelBook())
    folder = class_folder(tmp_path / "more", 200)
    files = [
        {
            "path": f"more/{p.relative_to(folder).as_posix()}",
            "sha256": uploaded(world.store, p.read_bytes()),
        }
        for p in sorted(folder.rglob("*.png"))
    ]
    world.start_server()
    job = start_job(project, "import", {"files": files}, by="ann").id
    chance = random.Random(round_)
    for _ in range(2):
        world.until(lambda: world.workers() or world.get(job).state == "done", "the worker")
        time.sleep(chance.uniform(0.0, 0.6))
        world.kill_workers()
    done = world.end_of(job)
    assert done.state == "done", done.problem
    assert done.result["found"] == project.images.count() == 200
    assert len(project.annotations.consensus()) == 200
    assert world.store.check() == []
    assert not list(project.work.glob("job-*"))


def test_a_training_that_is_stopped_can_be_started_again(world, parts):
    world.start_server()
    first = start_job(parts, "train", SMALL, by="ann").id
    world.begun(first)
    parts.jobs.cancel(first)
    assert world.end_of(first).state == "cancelled"
    assert parts.runs.list(kind="train")[0].state == "interrupted"
    world.let_go()
    again = start_job(parts, "train", SMALL, by="ann").id
    assert world.end_of(again).state == "done"
    (run,) = parts.runs.list(kind="train")
    assert run.state == "done"
