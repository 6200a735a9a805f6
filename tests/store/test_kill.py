"""A writer is killed at random moments: what it was told is saved must be there."""

import hashlib
import random
import signal
import subprocess
import sys
import time

from pitmark.store.db import open_store

ROUNDS = 20

# Imports, labels, corrects and publishes without end; says what has been acknowledged.
WRITER = """
import itertools, os, sys
from pathlib import Path
from pitmark.core.labels import BoxShape
from pitmark.core.records import ImageRecord
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding

project = open_store(Path(sys.argv[1])).project("casings")

def tell(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def box(label, at):
    return BoxShape(label, (at, 0, at + 5, 5))

tell("ready")
for number in itertools.count():
    data = f"{sys.argv[2]}-{number}".encode() * 2000
    sha = project.blobs.put(data)
    with project.transaction():
        project.images.add(ImageRecord(sha, 9, 9, "L", f"{number}"), source="in")
        shapes = [box("dent", number)]
        row = project.annotations.add(sha, shapes, labeler="ann", book_revision=1)
    tell("label", row.id)
    fixed = [box("scratch", number)]
    project.findings.save([NewFinding("k", sha, 0, 0.5, "w", fixed)], source=sys.argv[2])
    finding = project.findings.list("open", limit=1)[0]
    project.findings.settle(finding.id, "corrected", "rita", correction=fixed)
    tell("settled", finding.id)
"""


def _until_killed(home, number, *, lines, delay_s):
    """What a writer acknowledged until it was killed, some lines and an instant later."""
    command = [sys.executable, "-c", WRITER, str(home), f"round{number}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    told = [process.stdout.readline() for _ in range(lines)]
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    told += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL
    return [line.split() for line in told if line.endswith("\n")]


def _wrong_blobs(home):
    """Blobs that are not what they are called, referred to or not."""
    files = [p for p in (home / "blobs").glob("??/*") if p.is_file()]
    return [
        p for p in files if hashlib.sha256(p.read_bytes()).hexdigest() != p.parent.name + p.name
    ]


def test_whatever_was_acknowledged_survives_a_kill_at_any_moment(home):
    chance = random.Random(4711)
    labels, settled = set(), set()
    for number in range(ROUNDS):
        told = _until_killed(
            home, number, lines=chance.randrange(5), delay_s=chance.uniform(0, 0.03)
        )
        labels |= {int(i) for what, i in told if what == "label"}
        settled |= {i for what, i in told if what == "settled"}
        with open_store(home) as store:
            project = store.project("casings")
            assert store.check() == []  # integrity, and every blob there and right
            assert _wrong_blobs(home) == []
            rows = {}
            for record in project.images.all():
                history = project.annotations.history(record.sha256)
                assert history, "an image without the label that came with it"
                rows |= {row.id: row for row in history}
            assert labels <= rows.keys()
            corrected = {f.id: f for f in project.findings.list("corrected")}
            assert settled <= corrected.keys()
            reviews = {row.sha256 for row in rows.values() if row.review}
            # Never a decision without its correction, nor a correction without it.
            assert {f.sha256 for f in corrected.values()} == reviews
    assert len(labels) > ROUNDS // 2
    assert len(settled) > ROUNDS // 2
