"""The whole loop in the browser, from an empty server to a release, on a few casings."""

from __future__ import annotations

import json

import pytest

from pitmark.core.progress import silent
from pitmark.ops.demo.factory import build_factory
from tests.e2e.browsing import NEEDS_BROWSER, PAGES, THEMES, sync_api

steps = pytest.importorskip("bench.browser_steps")
pytestmark = NEEDS_BROWSER

PROJECT = "casings"
SIZE_WH = (384, 288)
LABELED, SETTLED = 2, 2
# Most of it is three short trainings; many times what a quiet machine takes for them.
LIMIT_S = 900.0


@pytest.fixture(scope="module")
def casings(tmp_path_factory):
    """A folder of casings of which two are not labeled, and what is true of each."""
    folder = tmp_path_factory.mktemp("factory")
    made = build_factory(folder, seed=1, images=28, size_wh=SIZE_WH, report=silent)
    labels = made.photos / "labels.json"
    coco = json.loads(labels.read_text())
    left = {image["id"] for image in coco["images"][:LABELED]}
    coco["images"] = [i for i in coco["images"] if i["id"] not in left]
    coco["annotations"] = [a for a in coco["annotations"] if a["image_id"] not in left]
    labels.write_text(json.dumps(coco))
    return made.photos, {p.name: [(b.label, b.box_xyxy) for b in p.truth] for p in made.labeled}


def test_the_loop_goes_from_an_empty_server_to_a_release(browser, casings) -> None:
    photos, truth = casings
    page = browser.page
    sync_api.expect.set_options(timeout=60_000)
    steps.make_owner(page, browser.server.setup_link)
    steps.make_project(page, PROJECT, task="Find defects")
    steps.add_images(page, photos)
    steps.go_to(page, PROJECT, "book")
    for name in ("scratch", "dent"):
        sync_api.expect(page.get_by_text(name, exact=True).first).to_be_visible()
    steps.label_images(page, PROJECT, truth, LABELED, SIZE_WH)
    steps.train(page, PROJECT, quick=True)
    steps.audit(page, PROJECT, options={"image_steps": 8, "folds": 2, "side_px": 96})
    assert steps.settle(page, SETTLED) == SETTLED
    steps.train(page, PROJECT, quick=True)
    assert "Release 1" in steps.release(page, PROJECT)
    assert steps.answer(page, PROJECT, "review")["decisions"] == SETTLED
    trained = [run["id"] for run in steps.answer(page, PROJECT, "runs?kind=train")]
    (job,) = steps.answer(page, PROJECT, "jobs?kind=release")
    assert len(trained) == 2
    assert job["result"]["run"] == trained[0]
    _shoot_all(browser)


def _shoot_all(browser) -> None:
    page = browser.page
    page.goto(browser.server.url)
    for place in (None, *PAGES, "annotate"):
        if place == "annotate":
            steps.open_for_labeling(page, PROJECT)
        elif place is not None:
            steps.go_to(page, PROJECT, place)
        browser.settle()
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            browser.shoot(place or "projects", theme)
