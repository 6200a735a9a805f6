"""The web app in a browser, over a server process of its own."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.browsing import NEEDS_BROWSER, PAGES, THEMES
from ui import build_ui

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = NEEDS_BROWSER

AXE = build_ui.UI / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "parts under a lamp"
IMAGES = 9


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """A browser whose person owns the server and has a project with nine images."""
    opened = browser.page
    # On a busy machine a step takes long; only one that never comes is a fault.
    opened.set_default_timeout(120_000)
    sync_api.expect.set_options(timeout=120_000)
    opened.goto(browser.server.setup_link)
    opened.get_by_label("Your name").fill("Otto Owner")
    opened.get_by_label("E-mail").fill("otto@factory.example")
    opened.get_by_label("Password", exact=False).first.fill(PASSWORD)
    opened.get_by_role("button", name="Create the owner").click()
    opened.get_by_role("button", name="New project").click()
    opened.get_by_label("What is inspected").fill("plates")
    opened.get_by_role("button", name="Create the project").click()
    folder = photographs(tmp_path_factory.mktemp("photographs") / "lot7")
    opened.locator("input[type=file]").first.set_input_files(folder)
    opened.get_by_role("button", name="Import", exact=True).click()
    opened.get_by_text("Imported").wait_for()
    return opened


def photographs(folder: Path) -> Path:
    """Images with a gray of their own each, and one that is cut off."""
    folder.mkdir()
    for number in range(IMAGES):
        pixels = np.full((60, 80, 3), 20 * number, dtype=np.uint8)
        pixels[10:20, 5 * number : 5 * number + 9] = 255
        Image.fromarray(pixels).save(folder / f"plate_{number}.png")
    whole = (folder / "plate_0.png").read_bytes()
    (folder / "cut_off.png").write_bytes(whole[: len(whole) // 2])
    return folder


def test_an_import_tells_which_files_it_could_not_read(page) -> None:
    row = page.get_by_role("row").filter(has_text="cut_off.png")
    assert "cannot be decoded" in row.inner_text()
    page.get_by_role("button", name="Look at the images").click()
    page.get_by_text(f"{IMAGES} images").wait_for()
    sync_api.expect(page.get_by_role("option")).to_have_count(IMAGES)


def test_a_new_project_is_offered_once_it_is_known_where(page) -> None:
    waiting = []
    page.route("**/projects", lambda route: waiting.append(route))
    page.goto(page.url.split("/p/")[0])
    page.get_by_role("heading", name="Projects").wait_for()
    offer = page.get_by_role("main").get_by_role("button", name="New project")
    sync_api.expect(offer).to_have_count(0)
    assert waiting
    page.unroute("**/projects")  # What waits goes on to the server.
    offer.click()
    page.get_by_label("What is inspected").wait_for()


def test_keys_select_images_and_a_filter_narrows_them_down(page) -> None:
    page.goto(_address(page, "images"))
    page.get_by_role("option").first.wait_for()
    page.get_by_role("listbox", name="Images of the project").focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    page.get_by_text("2 images selected").first.wait_for()
    page.get_by_label("Filter", exact=True).fill("name has plate_3")
    page.keyboard.press("Enter")
    page.get_by_text("1 image", exact=True).wait_for()
    sync_api.expect(page.get_by_role("option")).to_have_count(1)
    page.get_by_label("Filter", exact=True).fill("colour = red")
    page.keyboard.press("Enter")
    assert "colour" in page.get_by_role("alert").inner_text()


def test_a_selection_grows_with_every_arrow_and_a_click_opens_an_image(page) -> None:
    page.goto(_address(page, "images"))
    page.get_by_role("option").first.wait_for()
    page.get_by_role("listbox", name="Images of the project").focus()
    page.keyboard.press("ArrowRight")
    for count in (2, 3, 4):
        page.keyboard.press("Shift+ArrowRight")
        page.get_by_text(f"{count} images selected").first.wait_for()
    page.get_by_role("option", name="plate_8").click()
    page.get_by_role("complementary", name="Details").wait_for()
    assert page.get_by_role("option", selected=True).count() == 0


def test_labels_that_could_not_be_sent_are_sent_from_whatever_page_comes_next(page) -> None:
    page.goto(_address(page, "images"))
    page.get_by_role("option").first.dblclick()
    page.wait_for_url("**/annotate/*")
    image = page.url.split("/annotate/")[1].split("?")[0]
    page.get_by_role("application").wait_for()
    page.get_by_text("Saved", exact=True).wait_for()
    page.route("**/labels", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: request.method == "PUT"):
        page.get_by_role("application").press("n")
    page.unroute("**/labels")
    with page.expect_response(lambda answer: answer.request.method == "PUT") as sent:
        page.goto(_address(page, "next"))
    assert image in sent.value.url
    assert sent.value.ok
    page.wait_for_function(UNSENT)


def test_the_palette_leads_to_a_page(page) -> None:
    page.goto(_address(page, "next"))
    page.get_by_role("link", name="Next").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("rel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/release")


def test_labels_are_exported_and_the_datasheet_is_filled_in_place(page, tmp_path) -> None:
    page.goto(_address(page, "images"))
    page.get_by_role("option").first.click()
    page.keyboard.press("e")
    page.wait_for_url("**/annotate/**")
    page.get_by_role("button", name="Nothing to label").click()
    page.get_by_text("Saved", exact=True).wait_for()
    page.goto(_address(page, "export"))
    page.get_by_text("Pascal VOC", exact=True).click()
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click(timeout=120_000)
    download.value.save_as(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        assert sum(name.endswith(".xml") for name in packed.namelist()) == 1
    page.goto(_address(page, "datasheet"))
    question = "What is inspected, and which decision rests on it?"
    page.get_by_role("button", name=f"Answer: {question}").click(timeout=60_000)
    page.get_by_label(f"Your answer: {question}").fill("Plates before they are painted.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name=f"Change: {question}").wait_for()
    assert page.get_by_text("Plates before they are painted.").count() == 1


def test_the_map_is_drawn_under_the_content_policy_and_a_lasso_selects(page, tmp_path) -> None:
    page.context.storage_state(path=tmp_path / "state.json")
    context = page.context.browser.new_context(
        viewport={"width": 1280, "height": 800}, storage_state=tmp_path / "state.json"
    )
    strict = context.new_page()
    strict.goto(_address(page, "images?map=true"))
    strict.get_by_role("button", name="Draw the map").click(timeout=60_000)
    canvas = strict.get_by_role("application")
    canvas.wait_for(timeout=180_000)
    strict.get_by_role("option").first.wait_for()
    box = canvas.bounding_box()
    left, top = box["x"] + 2, box["y"] + 2
    right, bottom = left + box["width"] - 4, top + box["height"] - 4
    strict.keyboard.down("Shift")
    strict.mouse.move(left, top)
    strict.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        strict.mouse.move(x, y, steps=3)
    strict.mouse.up()
    strict.keyboard.up("Shift")
    strict.get_by_text(f"{IMAGES} images selected").first.wait_for()
    context.close()


@pytest.mark.skipif(not AXE.is_file(), reason="the checks of the web app are not installed")
@pytest.mark.parametrize("scheme", THEMES)
def test_no_page_breaks_a_rule_of_accessibility(page, scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    found = []
    addresses = {place: _address(page, place) for place in PAGES}
    addresses |= {place: _origin(page) + place for place in ("", "people", "account")}
    for place, address in addresses.items():
        page.goto(address)
        page.wait_for_load_state("networkidle") if place != "line" else None
        page.locator("h1").first.wait_for(state="attached")
        page.add_script_tag(path=AXE)
        rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']}"
        result = page.evaluate(f"axe.run(document, {rules})")
        for broken in result["violations"]:
            found.append(f"{place}: {broken['id']} {broken['nodes'][0]['html'][:120]}")
    assert not found


def test_another_password_signs_the_other_browsers_out(page) -> None:
    other = page.context.browser.new_context()
    elsewhere = other.new_page()
    elsewhere.goto(_origin(page))
    elsewhere.get_by_label("E-mail").fill("otto@factory.example")
    elsewhere.locator("input[type=password]").fill(PASSWORD)
    elsewhere.locator("button[type=submit]").click()
    elsewhere.get_by_role("heading", name="Projects").wait_for()
    page.goto(f"{_origin(page)}account")
    page.get_by_text("Here, and in one other browser.").wait_for()
    page.get_by_label("The password you have").fill(PASSWORD)
    for field in page.locator("input[autocomplete=new-password]").all():
        field.fill("parts under a lens")
    page.get_by_role("button", name="Change the password").click()
    page.get_by_text("Only in this browser.").wait_for()
    elsewhere.reload()
    elsewhere.wait_for_url("**/login**")
    other.close()


def test_a_project_is_renamed_and_deleted_by_typing_its_name(page) -> None:
    page.goto(_address(page, "settings"))
    page.get_by_label("Name").fill("back plates")
    page.get_by_role("button", name="Rename").click()
    page.wait_for_url("**/p/back%20plates/settings")
    delete = page.get_by_role("button", name="Delete for good")
    page.get_by_label("Type back plates to confirm").fill("back plate")
    assert delete.is_disabled()
    page.get_by_label("Type back plates to confirm").fill("back plates")
    delete.click()
    page.get_by_role("heading", name="The first project").wait_for()


def _origin(page) -> str:
    return re.match(r"https?://[^/]+/", page.url)[0]


def _address(page, place: str) -> str:
    return f"{_origin(page)}p/plates/{place}"


UNSENT = """
() => new Promise((told) => {
  indexedDB.open("pitmark").onsuccess = ({ target }) => {
    const table = target.result.transaction("unsent-labels").objectStore("unsent-labels");
    table.count().onsuccess = (counted) => told(counted.target.result === 0);
  };
})
"""


ALPHA_WHILE_ZOOMING = """
async () => {
  await window.pitmarkBench.run({ act: "pan", shapes: 200, frames: 12, zoom: 8 });
  const canvas = document.querySelector("canvas");
  const wheel = { deltaY: 120, clientX: 640, clientY: 400, bubbles: true, cancelable: true };
  for (let turn = 0; turn < 5; turn += 1) canvas.dispatchEvent(new WheelEvent("wheel", wheel));
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let least = 255;
  for (let at = 3; at < pixels.length; at += 4) least = Math.min(least, pixels[at]);
  return least;
}
"""


def test_no_part_of_the_picture_is_missing_while_it_is_zoomed_out(page) -> None:
    page.goto(f"{_origin(page)}bench")
    page.locator("[data-bench-ready]").wait_for()
    assert page.evaluate(ALPHA_WHILE_ZOOMING) == 255
