import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import text

from pitmark.core.errors import ConflictError, NotFoundError, StorageError
from pitmark.store.db import open_store
from tests.store.making import box, labeled_image, snapshot_of

CHILD = """
import sys, time
from pathlib import Path
from pitmark.store.db import open_store
store = open_store(Path(sys.argv[1]))
runs = store.project("casings").runs
which = sys.argv[2]
run = runs.resume(which) if which != "-" else runs.create("train", "latest", {"steps": 3}, 7)
print(run.id, flush=True)
time.sleep(60)
"""


@pytest.fixture
def project(project):
    labeled_image(project, "a", box())
    snapshot_of(project)
    return project


@pytest.fixture
def child(project, home):
    """Starts processes that hold a run and sleep; none outlives the test."""
    started = []

    def start(run_id="-"):
        command = [sys.executable, "-c", CHILD, str(home), run_id]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def _kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_run_comes_back_with_all_that_it_published(project):
    model = project.blobs.put(b"weights")
    started = project.runs.create("train", "latest", {"preset": "fast", "wh": (4, 3)}, 2**40)
    assert (started.id, started.state, started.seed) == ("r0001", "running", 2**40)
    assert started.settings == {"preset": "fast", "wh": [4, 3]}
    assert started.finished is None
    done = project.runs.finish(
        started.id,
        metrics={"f1": 0.5, "odd": float("nan")},
        inspector={"task": "detection"},
        artifacts={"model": model},
    )
    assert project.runs.get("r0001") == project.runs.get("latest") == done
    assert done.metrics == {"f1": 0.5, "odd": None}
    assert done.inspector == {"task": "detection"}
    assert done.artifacts == {"model": model}
    assert done.snapshot_id == project.snapshots.info().id
    assert done.state == "done"
    assert done.finished >= done.created


def test_the_latest_run_is_the_newest_training_that_is_done(project):
    with pytest.raises(NotFoundError, match="no training run that is done"):
        project.runs.get()
    first = project.runs.create("train", "latest", {}, 0)
    project.runs.finish(first.id, {}, None, {})
    folds = project.runs.create("folds", "latest", {}, 0)
    project.runs.finish(folds.id, {}, None, {})
    failed = project.runs.create("train", "latest", {}, 0)
    project.runs.fail(failed.id, "out of memory")
    assert project.runs.get("latest").id == first.id
    assert [r.id for r in project.runs.list()] == ["r0003", "r0002", "r0001"]
    assert [r.id for r in project.runs.list(kind="folds")] == ["r0002"]
    assert project.runs.get("r0003").error == "out of memory"


@pytest.mark.parametrize("name", ["r0009", "", "run", "r", "r99999999999999999999", "-1"])
def test_an_unknown_run_is_named_with_the_newest(project, name):
    project.runs.create("train", "latest", {}, 0)
    with pytest.raises(NotFoundError, match=f"no run '{name}'") as caught:
        project.runs.get(name)
    assert "r0001" in caught.value.hint


def test_a_run_of_an_unknown_snapshot_leaves_nothing_behind(project):
    with pytest.raises(NotFoundError, match="no snapshot 'nope'"):
        project.runs.create("train", "nope", {}, 0)
    assert project.runs.list() == []
    assert project.runs.create("train", "latest", {}, 0).id == "r0001"


def test_a_run_that_lacks_a_blob_is_not_published(project):
    run = project.runs.create("train", "latest", {}, 0)
    with pytest.raises(StorageError, match="is not in the workspace"):
        project.runs.finish(run.id, {}, None, {"model": "0" * 64})
    assert project.runs.get(run.id).state == "running"
    assert project.runs.finish(run.id, {}, None, {}).state == "done"


def test_a_run_is_published_once(project):
    run = project.runs.create("train", "latest", {}, 0)
    project.runs.finish(run.id, {"f1": 1}, None, {})
    with pytest.raises(ConflictError, match="it is done"):
        project.runs.finish(run.id, {"f1": 2}, None, {})
    with pytest.raises(ConflictError, match="it is done"):
        project.runs.fail(run.id, "late")
    with pytest.raises(ConflictError, match="cannot be resumed"):
        project.runs.resume(run.id)
    assert project.runs.get(run.id).metrics == {"f1": 1}


def test_a_living_process_keeps_its_run_and_a_killed_one_loses_it(project, child):
    process, run_id = child()
    assert project.runs.get(run_id).state == "running"
    with pytest.raises(ConflictError, match="worked on by another process"):
        project.runs.resume(run_id)
    with pytest.raises(ConflictError, match="not held by this process"):
        project.runs.finish(run_id, {}, None, {})
    _kill(process)
    assert project.runs.get(run_id).state == "interrupted"
    resumed = project.runs.resume(run_id)
    assert (resumed.id, resumed.state, resumed.settings) == (run_id, "running", {"steps": 3})
    assert project.runs.finish(run_id, {}, None, {}).state == "done"


def test_looking_at_a_run_does_not_disturb_who_holds_it(project, child):
    _, run_id = child()
    states = {project.runs.get(run_id).state for _ in range(50)}
    assert states == {"running"}


def test_a_resumed_run_can_be_killed_and_resumed_again(project, child):
    for run_id in ("-", "r0001", "r0001"):
        process, held = child(run_id)
        assert held == "r0001"
        _kill(process)
    assert project.runs.resume("r0001").state == "running"


def test_a_process_number_used_again_does_not_revive_a_run(project, child, store):
    process, run_id = child()
    _kill(process)
    with store.database.write() as c:
        c.execute(text("UPDATE runs SET owner_pid = :pid"), {"pid": os.getpid()})
    assert project.runs.get(run_id).state == "interrupted"


def test_closing_the_workspace_interrupts_its_runs(project, home):
    with open_store(home) as other:
        run = other.project("casings").runs.create("train", "latest", {}, 0)
        assert project.runs.get(run.id).state == "running"
    assert project.runs.get(run.id).state == "interrupted"


def test_a_forked_child_that_outlives_its_parent_does_not_keep_the_run(project, home):
    script = """
import os, sys, time
from pathlib import Path
from pitmark.store.db import open_store
store = open_store(Path(sys.argv[1]))
run = store.project("casings").runs.create("train", "latest", {}, 0)
child = os.fork()
if child == 0:
    os.close(1)
    os.close(2)
    time.sleep(60)
    os._exit(0)
print(run.id, child, flush=True)
os._exit(9)
"""
    command = [sys.executable, "-c", script, str(home)]
    out = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    run_id, orphan = out.split()
    try:
        assert project.runs.get(run_id).state == "interrupted"
    finally:
        os.kill(int(orphan), signal.SIGKILL)


def test_who_was_overtaken_cannot_publish(project, home):
    run = project.runs.create("train", "latest", {}, 0)
    project.runs.heartbeat(run.id)
    project.runs._locks.release(run.id)  # as when the lock files were removed
    with open_store(home) as other:
        theirs = other.project("casings").runs
        theirs.resume(run.id)
        with pytest.raises(ConflictError, match="not held by this process"):
            project.runs.finish(run.id, {"f1": 0}, None, {})
        with pytest.raises(ConflictError, match="not held by this process"):
            project.runs.heartbeat(run.id)
        assert theirs.finish(run.id, {"f1": 1}, None, {}).metrics == {"f1": 1}


def test_a_heartbeat_tells_the_time(project):
    run = project.runs.create("train", "latest", {}, 0)
    project.runs.heartbeat(run.id)
    assert project.runs.get(run.id).seen > run.seen


def test_an_interrupted_run_and_a_failed_one_can_be_resumed(project):
    run = project.runs.create("train", "latest", {}, 0)
    assert project.runs.interrupt(run.id).state == "interrupted"
    assert project.runs.resume(run.id).finished is None
    assert project.runs.fail(run.id, "disk full").error == "disk full"
    again = project.runs.resume(run.id)
    assert (again.state, again.error) == ("running", "")


def test_thresholds_chosen_later_are_saved_with_a_finished_run(project):
    run = project.runs.create("train", "latest", {}, 0)
    with pytest.raises(ConflictError, match="is running, not done"):
        project.runs.amend(run.id, metrics={"x": 1})
    project.runs.finish(run.id, {"f1": 0.5}, {"threshold": 0.5}, {})
    project.runs.amend(run.id, metrics={"escapes": 0}, inspector={"threshold": 0.3})
    assert project.runs.get(run.id).metrics == {"f1": 0.5, "escapes": 0}
    assert project.runs.amend(run.id, metrics={}).inspector == {"threshold": 0.3}


def test_predictions_are_kept_by_run_and_kind_and_replaced(project):
    run = project.runs.create("folds", "latest", {}, 0)
    first, second = project.blobs.put(b"1"), project.blobs.put(b"2")
    assert project.runs.predictions(run.id, "oof") is None
    for blob in (first, second):
        project.runs.save_predictions(run.id, "latest", "oof", blob)
    project.runs.save_predictions(run.id, "latest", "val", first)
    assert project.runs.predictions(run.id, "oof") == second
    assert project.runs.predictions(run.id, "val") == first
    with pytest.raises(StorageError, match="is not in the workspace"):
        project.runs.save_predictions(run.id, "latest", "test", "0" * 64)
