"""The whole loop in the browser, from an empty server to a release."""

import json

import pytest

from bench.browser_steps import (
    add_images,
    audit,
    go_to,
    label_images,
    make_owner,
    make_project,
    release,
    settle,
    train,
)
from pitmark.core.progress import silent
from pitmark.ops.demo_factory import build_factory
from pitmark.store.db import open_store

SIZE = (192, 144)
UNLABELED = 4


@pytest.fixture(scope="module")
def factory(tmp_path_factory):
    """Photographs of casings with labels for all but a few; gives folder and truth."""
    made = build_factory(
        tmp_path_factory.mktemp("casings"), seed=3, images=72, size_wh=SIZE, report=silent
    )
    labels = made.photos / "labels.json"
    coco = json.loads(labels.read_text())
    left = {i["id"] for i in coco["images"][:UNLABELED]}
    coco["images"] = [i for i in coco["images"] if i["id"] not in left]
    coco["annotations"] = [a for a in coco["annotations"] if a["image_id"] not in left]
    labels.write_text(json.dumps(coco))
    truth = {p.name: [(b.label, b.box_xyxy) for b in p.truth] for p in made.labeled}
    return made.photos, truth


def test_from_an_empty_server_to_a_release(page, serve, factory, tmp_path, screenshots):
    photos, truth = factory
    served = serve(tmp_path / "home")
    make_owner(page, served.setup_link)
    make_project(page, "casings", task="Find defects")
    assert f"{len(truth)} new" in add_images(page, photos)
    drawn = label_images(page, "casings", truth, UNLABELED, SIZE)
    page.screenshot(path=screenshots / "annotate.png")
    train(page, "casings", quick=True)
    audit(page, "casings")
    page.screenshot(path=screenshots / "findings.png")
    assert settle(page, 3) == 3
    train(page, "casings", quick=True)
    assert "Release 1" in release(page, "casings")
    for name in ("next", "images", "book", "agreement", "train", "report", "release", "line"):
        go_to(page, "casings", name)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=screenshots / f"{name}.png")
    _check(served.home, truth, drawn)


def _check(home, truth, drawn):
    """What the server holds afterwards is what was done in the browser."""
    with open_store(home) as store:
        project = store.project("casings")
        assert project.info.images == project.info.labeled == len(truth)
        assert [r.state for r in project.runs.list(kind="train")] == ["done", "done"]
        assert len(project.findings.decided()) >= 3
        assert project.releases.list()[0].version == 1
        by_hand = [
            a
            for sha in project.annotations.consensus()
            for a in project.annotations.history(sha)
            if a.labeler == "Ada Lovelace" and not a.review
        ]
        assert sum(len(a.shapes) for a in by_hand) >= drawn > 0
