"""Kill -9 at any moment: the workspace opens, nothing is half there, work goes on."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.labels.labeling import annotate, settle
from pitmark.ops.labels.review_undo import undo
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.toys import class_folder, yolo_folder

IMPORT = """
import sys
from pathlib import Path
from pitmark.ops.images.importing import import_folder
from pitmark.store.db import open_store
with open_store(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    import_folder(store.project("parts"), Path(sys.argv[2]))
"""

TRAIN = """
import sys, time
from pathlib import Path
from pitmark.ops.models.train_options import TrainOptions
from pitmark.ops.models.training import train
from pitmark.store.db import open_store
from pitmark.train import loop
loop._SAVE_EVERY_S = 0.0
how = TrainOptions(preset="fast", image_steps=600, side_px=64, threads=1)
def tell(progress):
    print(progress.stage, progress.done, flush=True)
    if "hold" in sys.argv and progress.stage == "train" and progress.done >= 20:
        time.sleep(600)
with open_store(Path(sys.argv[1])) as store:
    train(store.project("parts"), options=how, report=tell)
"""

SETTLE = """
import sys
from pathlib import Path
from pitmark.ops.labels.labeling import settle
from pitmark.store.db import open_store
with open_store(Path(sys.argv[1])) as store:
    project = store.project("parts")
    print("ready", flush=True)
    for finding in project.findings.list(state="open"):
        settle(project, finding.id, "correct", by="eva")
        print(finding.id, flush=True)
"""


UNDO = """
import sys
from pathlib import Path
from pitmark.ops.labels.review_undo import undo
from pitmark.store.db import open_store
with open_store(Path(sys.argv[1])) as store:
    project = store.project("parts")
    print("ready", flush=True)
    while project.findings.decided():
        print(undo(project, by="eva").settled[-1].id, flush=True)
"""


def start(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("round_", range(4))
def test_a_killed_import_is_finished_by_the_next_one(tmp_path, round_):
    folder = class_folder(tmp_path / "in", count=300)
    with open_store(tmp_path / "home", create=True) as store:
        store.create_project("parts", "classification", LabelBook())
    process = start(IMPORT, tmp_path / "home", folder)
    process.stdout.readline()
    time.sleep(random.Random(round_).uniform(0.05, 0.9))
    kill(process)
    with open_store(tmp_path / "home") as store:
        assert store.check() == []
        project = store.project("parts")
        held = project.annotations.consensus()
        assert {r.sha256 for r in project.images.all()} == set(held)
        for sha in held:
            project.blobs.read(sha)
        import_folder(project, folder)
        assert project.images.count() == 300
        assert len(project.annotations.consensus()) == 300


def test_a_killed_training_goes_on_from_its_checkpoint(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        project = store.create_project("parts", "detection", LabelBook())
        import_folder(project, yolo_folder(tmp_path / "in", count=16))
        take_snapshot(project)
    process = start(TRAIN, tmp_path / "home", "hold")
    reached = 0
    while reached < 20:
        line = process.stdout.readline()
        assert line, "the training ended before it could be killed"
        stage, done = line.rsplit(" ", 1)
        reached = int(done) if "train" in stage else reached
    kill(process)
    with open_store(tmp_path / "home") as store:
        assert store.check() == []
        (left,) = store.project("parts").runs.list()
        assert left.state == "interrupted"
    second = start(TRAIN, tmp_path / "home")
    steps = [
        int(line.rsplit(" ", 1)[1])
        for line in second.stdout.read().splitlines()
        if line.startswith("train")
    ]
    assert second.wait() == 0
    assert steps[0] > 1
    with open_store(tmp_path / "home") as store:
        (run,) = store.project("parts").runs.list()
        assert (run.id, run.state) == (left.id, "done")


@pytest.mark.parametrize("round_", range(3))
def test_a_killed_settling_loses_no_decision_and_leaves_none_half(tmp_path, round_):
    with open_store(tmp_path / "home", create=True) as store:
        project = store.create_project("parts", "detection", LabelBook())
        import_folder(project, yolo_folder(tmp_path / "in", count=60))
        fixed = (BoxShape("dent", (1, 1, 30, 30)),)
        found = [
            NewFinding("sloppy_outline", r.sha256, None, 0.5, "a test", fixed)
            for r in project.images.all()
        ]
        project.findings.save(found, source="audit")
    process = start(SETTLE, tmp_path / "home")
    process.stdout.readline()
    time.sleep(random.Random(round_).uniform(0.02, 0.4))
    kill(process)
    told = process.stdout.read().split()
    with open_store(tmp_path / "home") as store:
        assert store.check() == []
        project = store.project("parts")
        corrected = project.findings.list(state="corrected")
        assert {f for f in told if f.startswith("f")} <= {r.id for r in corrected}
        held = project.annotations.consensus()
        reviewed = {sha for sha, row in held.items() if row.review}
        assert reviewed == {r.sha256 for r in corrected}
        for finding in project.findings.list(state="open"):
            settle(project, finding.id, "correct", by="eva")
        assert all(row.review for row in project.annotations.consensus().values())
        annotate(project, project.images.all()[0].name, fixed, labeler="ida")


@pytest.mark.parametrize("round_", range(3))
def test_a_killed_undo_takes_decisions_back_whole_or_not_at_all(tmp_path, round_):
    with open_store(tmp_path / "home", create=True) as store:
        project = store.create_project("parts", "detection", LabelBook())
        import_folder(project, yolo_folder(tmp_path / "in", count=40))
        before = {s: r.shapes for s, r in project.annotations.consensus().items()}
        fixed = (BoxShape("dent", (1, 1, 30, 30)),)
        found = [NewFinding("sloppy_outline", s, None, 0.5, "a test", fixed) for s in before]
        project.findings.save(found, source="audit")
        rows = project.findings.list()
        for number in range(0, len(rows), 4):
            with project.transaction():
                together = project.findings.next_decision()
                for row in rows[number : number + 4]:
                    project.findings.settle(
                        row.id, "corrected", "eva", correction=fixed, decision=together
                    )
    process = start(UNDO, tmp_path / "home")
    process.stdout.readline()
    time.sleep(random.Random(round_).uniform(0.02, 0.3))
    kill(process)
    told = [line for line in process.stdout.read().split() if line.startswith("f")]
    with open_store(tmp_path / "home") as store:
        assert store.check() == []
        project = store.project("parts")
        open_ids = {r.id for r in project.findings.list(state="open")}
        assert set(told) <= open_ids
        assert len(open_ids) % 4 == 0
        held = project.annotations.consensus()
        for row in project.findings.list():
            wanted = before[row.sha256] if row.state == "open" else fixed
            assert (held[row.sha256].shapes, held[row.sha256].review) == (
                wanted,
                row.state != "open",
            )
        while project.findings.decided():
            undo(project, by="eva")
        assert {s: r.shapes for s, r in project.annotations.consensus().items()} == before
        assert project.findings.list() == rows
