"""The gallery of a project of which only a small part is on the page at a time."""

import pytest

from bench import ui_frames
from bench.browser_steps import answer, go_to, make_owner
from bench.server_rows import PROJECT
from tests.e2e.browsing import NEEDS_BROWSER, browsing, serving, sync_api

pytestmark = NEEDS_BROWSER
IMAGES = 3_000
LIMIT_S = 240


@pytest.fixture(scope="module")
def browser(request, tmp_path_factory):
    """A server over a project of many rows, with pictures, and a browser before it."""
    folder = tmp_path_factory.mktemp("gallery")
    ui_frames.make_rows(folder / "home", IMAGES)
    with serving(folder) as server, browsing(server, "gallery", LIMIT_S) as opened:
        make_owner(opened.page, server.setup_link)
        yield opened


@pytest.fixture
def page(browser):
    """The gallery, with its first pictures."""
    page = browser.page
    go_to(page, PROJECT, "images")
    page.wait_for_function(ui_frames.DRAWN)
    return page


def sha_at(page, place):
    """Which image the server has at a place of the list."""
    found = answer(page, PROJECT, f"images?offset={place}&limit=1")
    return found["items"][0]["sha256"]


def test_pictures_are_there_after_a_jump_to_another_end_and_back(page):
    page.evaluate(
        "() => { const l = document.querySelector('[role=listbox]');"
        " l.scrollTop = l.scrollHeight; }"
    )
    last = page.locator(f"#cell-{IMAGES - 1}")
    last.wait_for()
    page.wait_for_function(ui_frames.DRAWN)
    assert last.get_attribute("aria-posinset") == str(IMAGES)
    assert sha_at(page, IMAGES - 1) in last.locator("img").get_attribute("src")
    page.evaluate("document.querySelector('[role=listbox]').scrollTop = 0")
    page.locator("#cell-0").wait_for()
    page.wait_for_function(ui_frames.DRAWN)
    assert sha_at(page, 0) in page.locator("#cell-0 img").get_attribute("src")


def test_only_what_is_near_is_on_the_page_and_every_place_once(page):
    page.evaluate(ui_frames.SCROLL, [700, 20])
    page.wait_for_function(ui_frames.DRAWN)
    places = page.eval_on_selector_all(
        "[role=option][data-index]", "cells => cells.map((cell) => Number(cell.dataset.index))"
    )
    assert len(places) == len(set(places)) < 120
    assert max(places) - min(places) == len(places) - 1
    for place in places:
        source = page.locator(f"#cell-{place} img").get_attribute("src")
        assert sha_at(page, place) in source


def test_an_image_stays_selected_while_others_take_its_place_on_the_page(page):
    page.locator("#cell-2").click(modifiers=["Control"])
    page.evaluate(ui_frames.SCROLL, [400, 10])
    page.wait_for_function(ui_frames.DRAWN)
    assert page.get_by_role("option", selected=True).count() == 0
    sync_api.expect(page.get_by_text("1 image selected")).to_be_visible()
    page.evaluate("document.querySelector('[role=listbox]').scrollTop = 0")
    page.wait_for_function(ui_frames.DRAWN)
    sync_api.expect(page.get_by_role("option", selected=True)).to_have_attribute("id", "cell-2")
