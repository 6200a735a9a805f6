"""Labeling in a browser: keys before the image is there, light, copies, brush and eraser."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.browser_steps import answer, go_to, make_owner, make_project
from pitmark.core.labels import BoxShape
from pitmark.core.rle import decode_mask
from pitmark.ops.labels.labeling import annotate
from pitmark.store.db import open_store
from tests.e2e.browsing import NEEDS_BROWSER

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = NEEDS_BROWSER
expect = sync_api.expect

LARGE_WH = (5472, 3648)
PROJECT = "covers"
API = f"/api/orgs/local/projects/{PROJECT}"
NAMES = [*(f"plate_{n}.png" for n in range(5)), "wide.png", "xlarge.png", "zinc.png"]
PADDING_PX = 24
# A note goes away by itself after some seconds, which would hide that nothing took it away.
NO_TIME_PASSES = """() => {
  const later = window.setTimeout;
  window.setTimeout = (act, ms, ...rest) => (ms >= 5000 ? 0 : later(act, ms, ...rest));
}"""
PX = re.compile(r"^\d+ px$")


@pytest.fixture(scope="module")
def covers(browser, tmp_path_factory):
    """A page on a project of outlines: images of one size, a narrower and a large one."""
    page = browser.page
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    make_owner(page, browser.server.setup_link)
    make_project(page, PROJECT, task="Outline defects")
    folder = _photographs(tmp_path_factory.mktemp("photographs") / "lot")
    page.locator("input[type=file]").first.set_input_files(folder)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("Imported").wait_for()
    _write_book(page)
    return page


def _photographs(folder: Path) -> Path:
    folder.mkdir()
    for number, name in enumerate(NAMES):
        size = LARGE_WH if name == "xlarge.png" else (60 if name == "wide.png" else 80, 60)
        Image.new("RGB", size, (30 * number,) * 3).save(folder / name)
    return folder


def _write_book(page) -> None:
    book = answer(page, PROJECT, "label-book")
    book["classes"] = [{"name": "pit"}, {"name": "scratch"}]
    csrf = page.request.get(_origin(page) + "/api/session").json()["csrf"]
    said = page.request.put(
        f"{_origin(page)}{API}/label-book",
        data={"book": book},
        headers={"X-Pitmark-CSRF": csrf},
    )
    assert said.ok, said.text()


def test_a_key_pressed_before_the_page_is_loaded_is_kept(covers) -> None:
    page, shas = covers, _shas(covers)
    go_to(page, PROJECT, "images?sort=name")
    page.get_by_role("option").first.click()
    with _held(page, re.compile(r"/AnnotatePage-[^/]*\.js")):
        page.keyboard.press("e")
        page.wait_for_url("**/annotate/**")
        page.keyboard.press("n")
    _until(page, lambda: _mine(page, shas[NAMES[0]]) == [])
    expect(page.get_by_role("heading", level=1)).to_have_text(NAMES[1])


def test_keys_pressed_before_the_labels_are_there_are_done_in_their_order(covers) -> None:
    page, shas = covers, _shas(covers)
    with _held(page, re.compile(rf"{shas[NAMES[1]]}/labels")):
        _open(page, NAMES[1], shas)
        expect(page.get_by_role("heading", level=1)).to_have_text(NAMES[1])
        page.keyboard.press("n")
        page.keyboard.press("n")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text("What you pressed waits for the image")).to_be_visible()
        assert _mine(page, shas[NAMES[1]]) is None
    expect(page.get_by_role("heading", level=1)).to_have_text(NAMES[4])
    _until(page, lambda: _mine(page, shas[NAMES[1]]) == _mine(page, shas[NAMES[2]]) == [])
    assert _mine(page, shas[NAMES[3]]) is None


def test_escape_gives_up_what_waits(covers) -> None:
    page, shas = covers, _shas(covers)
    with _held(page, re.compile(rf"{shas[NAMES[3]]}/labels")):
        _open(page, NAMES[3], shas)
        expect(page.get_by_role("heading", level=1)).to_have_text(NAMES[3])
        page.keyboard.press("n")
        expect(page.get_by_text("What you pressed waits for the image")).to_be_visible()
        page.keyboard.press("Escape")
    expect(page.get_by_text("Not labeled yet")).to_be_visible()
    assert _mine(page, shas[NAMES[3]]) is None


def test_light_is_set_by_keys_and_mouse_stays_for_the_next_image_and_resets(covers) -> None:
    page, shas = covers, _shas(covers)
    _open(page, NAMES[3], shas)
    expect(page.get_by_text("Not labeled yet")).to_be_visible()
    _until(page, lambda: _middle(page) == 90)
    light = page.get_by_role("button", name="Brightness and contrast of the view")
    light.focus()
    page.keyboard.press("Enter")
    brightness = page.get_by_role("slider", name="Brightness")
    brightness.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    _until(page, lambda: abs(_middle(page) - 90 * 1.3) <= 2)
    contrast = page.get_by_role("slider", name="Contrast")
    place = contrast.bounding_box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.mouse.move(place["x"] + 90, place["y"] + place["height"] / 2, steps=3)
    page.mouse.up()
    _until(page, lambda: _value(contrast) > 1.8)
    factor = _value(contrast)
    _until(page, lambda: abs(_middle(page) - _toned(90, factor)) <= 3)
    page.keyboard.press("Escape")
    expect(light).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text(NAMES[4])
    _until(page, lambda: abs(_middle(page) - _toned(120, factor)) <= 3)
    light.click()
    page.get_by_role("button", name="Reset").click()
    _until(page, lambda: _middle(page) == 120)
    page.keyboard.press("Escape")
    assert _mine(page, shas[NAMES[3]]) is None
    assert _mine(page, shas[NAMES[4]]) is None


def test_copies_join_the_labels_of_the_next_image_and_undo_takes_them_back(covers) -> None:
    page, shas = covers, _shas(covers)
    _open(page, NAMES[4], shas)
    expect(page.get_by_text("Not labeled yet")).to_be_visible()
    _box(page, (10, 10, 30, 30), (80, 60))
    _until(page, lambda: len(_mine(page, shas[NAMES[4]]) or []) == 1)
    _open(page, NAMES[3], shas)
    expect(page.get_by_text("Not labeled yet")).to_be_visible()
    _box(page, (40, 20, 70, 50), (80, 60))
    page.keyboard.press("Control+d")
    expect(page.get_by_role("heading", level=1)).to_have_text(NAMES[4])
    expect(page.get_by_text("1 shape copied from the image before")).to_be_visible()
    _until(page, lambda: len(_mine(page, shas[NAMES[4]])) == 2)
    corners = [shape["xyxy"] for shape in _mine(page, shas[NAMES[4]])]
    assert corners == [[10, 10, 30, 30], [40, 20, 70, 50]]
    page.get_by_role("button", name="Undo", exact=True).last.click()
    _until(page, lambda: len(_mine(page, shas[NAMES[4]])) == 1)
    # Once something else was changed, undo would take that back: it is offered no more.
    _open(page, NAMES[3], shas)
    expect(page.get_by_text("Labeled", exact=True)).to_be_visible()
    page.evaluate(NO_TIME_PASSES)
    page.keyboard.press("Control+d")
    copied = page.get_by_text("1 shape copied from the image before")
    expect(copied).to_be_visible()
    _until(page, lambda: len(_mine(page, shas[NAMES[4]])) == 2)
    _box(page, (50, 5, 58, 15), (80, 60))
    expect(copied).to_have_count(0)
    _until(page, lambda: len(_mine(page, shas[NAMES[4]])) == 3)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    _until(page, lambda: len(_mine(page, shas[NAMES[4]])) == 1)
    # The next image is 60 px wide: what does not fit is told, and nothing is said of it.
    _open(page, NAMES[4], shas)
    expect(page.get_by_text("Labeled", exact=True)).to_be_visible()
    _box(page, (62, 5, 78, 15), (80, 60))
    page.keyboard.press("Control+d")
    expect(page.get_by_text("The shape does not fit on this image")).to_be_visible()
    assert _mine(page, shas["wide.png"]) is None


def test_undoing_all_that_was_drawn_leaves_an_image_unlabeled(covers) -> None:
    page, shas = covers, _shas(covers)
    _open(page, "wide.png", shas)
    expect(page.get_by_text("Not labeled yet")).to_be_visible()
    page.keyboard.press("b")
    _box(page, (10, 10, 30, 30), (60, 60))
    _until(page, lambda: len(_mine(page, shas["wide.png"]) or []) == 1)
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Not labeled yet")).to_be_visible()
    _until(page, lambda: _mine(page, shas["wide.png"]) is None)
    page.keyboard.press("Control+Shift+z")
    _until(page, lambda: len(_mine(page, shas["wide.png"]) or []) == 1)
    page.keyboard.press("Control+z")
    _until(page, lambda: _mine(page, shas["wide.png"]) is None)
    # "Nothing to mark" is a word that somebody says.
    page.keyboard.press("n")
    _until(page, lambda: _mine(page, shas["wide.png"]) == [])


def test_undoing_what_was_drawn_on_the_labels_of_others_takes_back_ones_own(
    browser, covers
) -> None:
    page, sha = covers, _shas(covers)["zinc.png"]
    with open_store(browser.server.log.parent / "home") as store:
        theirs = (BoxShape("pit", (10.0, 10.0, 30.0, 30.0)),)
        annotate(store.project(PROJECT), sha, theirs, labeler="bea")
    _open(page, "zinc.png", {"zinc.png": sha})
    expect(page.get_by_text("Labeled by bea")).to_be_visible()
    page.keyboard.press("b")
    _box(page, (40, 20, 70, 50), (80, 60))
    _until(page, lambda: len(_mine(page, sha) or []) == 2)
    page.keyboard.press("Control+z")
    _until(page, lambda: _mine(page, sha) is None)
    expect(page.get_by_text("Labeled by bea")).to_be_visible()


def test_a_mask_of_twenty_megapixels_is_saved_as_it_was_painted(covers) -> None:
    page, shas = covers, _shas(covers)
    sha = shas["xlarge.png"]
    _open(page, "xlarge.png", shas)
    expect(page.get_by_text("Not labeled yet")).to_be_visible()
    page.get_by_role("application").focus()
    page.keyboard.press("r")
    _grow_brush(page, 512)
    stroke = _drag(page, (1000, 1500), (3000, 1500))
    _until(page, lambda: _mask(page, sha) is not None)
    painted = _mask(page, sha)
    assert _is_capsule(painted, stroke, 256)
    page.keyboard.press("e")
    for _ in range(5):
        page.keyboard.press("[")
    radius = int(page.get_by_text(PX).inner_text().split()[0]) / 2
    rubbed = _drag(page, (1800, 1500), (2000, 1500))
    _until(page, lambda: _mask(page, sha).sum() < painted.sum())
    holed = _mask(page, sha)
    assert _is_capsule(painted & ~holed, rubbed, radius)
    assert radius < 200
    assert not holed[1500, 1900]
    assert holed[1270, 1900]
    assert holed[1730, 1900]
    page.keyboard.press("z")
    _until(page, lambda: np.array_equal(_mask(page, sha), painted))
    page.keyboard.press("Control+y")
    _until(page, lambda: np.array_equal(_mask(page, sha), holed))
    page.reload()
    expect(page.get_by_text("Labeled", exact=True)).to_be_visible()
    assert np.array_equal(_mask(page, sha), holed)


class _held:
    """Answers of an address come only once the block has ended."""

    def __init__(self, page, address) -> None:
        self.page, self.address, self.routes = page, address, []
        self.open = threading.Event()

    def __enter__(self):
        self.page.route(self.address, self._take)

    def _take(self, route) -> None:
        if self.open.is_set() or route.request.method != "GET":
            route.continue_()
        else:
            self.routes.append(route)

    def __exit__(self, *_) -> None:
        self.open.set()
        for route in self.routes:
            route.continue_()
        self.page.unroute(self.address)


def _open(page, name: str, shas) -> None:
    go_to(page, PROJECT, f"annotate/{shas[name]}?sort=name")


def _origin(page) -> str:
    return "/".join(page.url.split("/")[:3])


def _shas(page) -> dict[str, str]:
    cards = answer(page, PROJECT, "images?limit=50")["items"]
    return {card["name"]: card["sha256"] for card in cards}


def _mine(page, sha: str):
    mine = answer(page, PROJECT, f"images/{sha}/labels")["mine"]
    return None if mine is None else mine["shapes"]


def _mask(page, sha: str):
    shapes = _mine(page, sha)
    return decode_mask(shapes[0]["counts"], tuple(shapes[0]["size_wh"])) if shapes else None


def _until(page, true) -> None:
    for _ in range(240):
        if true():
            return
        page.wait_for_timeout(250)
    raise AssertionError("what was waited for never came")


def _value(slider) -> float:
    return float(slider.get_attribute("aria-valuenow"))


def _toned(gray: int, contrast: float) -> float:
    return (gray * 1.3 - 127.5) * contrast + 127.5


def _middle(page) -> int:
    """The gray in the middle of the stage."""
    return page.get_by_role("application").evaluate(
        "c => c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data[0]"
    )


def _on_screen(page, at, size_wh):
    place = page.get_by_role("application").bounding_box()
    room = [place[side] - 2 * PADDING_PX for side in ("width", "height")]
    scale = min(room[0] / size_wh[0], room[1] / size_wh[1], 8.0)
    left = place["x"] + round((place["width"] - size_wh[0] * scale) / 2)
    top = place["y"] + round((place["height"] - size_wh[1] * scale) / 2)
    return left + at[0] * scale, top + at[1] * scale


def _drag(page, start, end, size_wh=LARGE_WH):
    """Drag between two places of the image; gives where that was to the pixel of the screen."""
    ends = [tuple(map(round, _on_screen(page, at, size_wh))) for at in (start, end)]
    page.mouse.move(*ends[0])
    page.mouse.down()
    page.mouse.move(*ends[1], steps=12)
    page.mouse.up()
    origin, corner = (_on_screen(page, at, size_wh) for at in ((0, 0), size_wh))
    scale = (corner[0] - origin[0]) / size_wh[0]
    return [tuple((at[k] - origin[k]) / scale for k in (0, 1)) for at in ends]


def _box(page, xyxy, size_wh) -> None:
    page.get_by_role("application").focus()
    page.keyboard.press("b")
    _drag(page, xyxy[:2], xyxy[2:], size_wh)


def _grow_brush(page, px: int) -> None:
    told = page.get_by_text(PX)
    for _ in range(40):
        if told.inner_text() == f"{px} px":
            return
        page.keyboard.press("]")
    raise AssertionError(told.inner_text())


def _is_capsule(mask, ends, radius: float) -> bool:
    """Whether the pixels are those within a radius of a level stretch, as rounding allows."""
    (x1, y), (x2, _) = ends
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    beside = columns + 0.5 - np.clip(columns + 0.5, x1, x2)
    distance = np.hypot(beside, rows + 0.5 - y)
    inner, outer = distance <= radius - 0.01, distance <= radius + 0.01
    return bool(np.all(mask[inner]) and not np.any(mask & ~outer))
