"""What a person does in the web app, step by step, for bench/ui.py.

Steps find things as a person does, by what they are called, and act with real mouse and
keyboard events. Who waits for a job looks at the job as well as at the page: one that has
failed ends the wait at once, with what it says.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from playwright.sync_api import Page, expect

NAME, EMAIL, PASSWORD = "Ada Lovelace", "ada@factory.example", "parts under a lamp"
_FIT_PADDING_PX = 24
_LARGEST_FIT = 8.0
_JOB_S = 900.0
_LOOK_EVERY_MS = 250
Box = tuple[float, float, float, float]
Size = tuple[int, int]
Truth = Mapping[str, Sequence[tuple[str, Box]]]


def make_owner(page: Page, setup_link: str) -> None:
    """Open the link of the first start and become the owner."""
    page.goto(setup_link)
    page.get_by_label("Your name").fill(NAME)
    page.get_by_label("E-mail").fill(EMAIL)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Create the owner").click()
    expect(page.get_by_role("button", name="New project").first).to_be_visible()


def make_project(page: Page, name: str, *, task: str) -> None:
    """Make a project of a task, such as "Find defects"; ends on its page of images."""
    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("What is inspected").fill(name)
    page.get_by_role("dialog").get_by_text(task, exact=True).click()
    page.get_by_role("button", name="Create the project").click()
    page.wait_for_url("**/p/*/images")


def add_images(page: Page, folder: Path, *, labeler: str | None = None) -> str:
    """Import a folder on the page of images; gives the sentence on what came in."""
    opener = page.get_by_role("button", name="Add images")
    if opener.is_visible():
        opener.click()
    page.locator("input[type=file][webkitdirectory]").set_input_files(folder)
    if labeler is not None:
        page.get_by_text("Options", exact=True).click()
        page.get_by_label("Who made the labels").fill(labeler)
    project, known = _project_of(page), _jobs(page, _project_of(page), "import")
    page.get_by_role("button", name="Import", exact=True).click()
    _until_done(page, project, "import", known)
    look = page.get_by_role("button", name="Look at the images")
    expect(look).to_be_visible()
    told = page.locator("main").inner_text()
    look.click()
    return told


def draw_boxes(page: Page, boxes: Sequence[tuple[str, Box]], size_wh: Size) -> None:
    """Draw boxes on the image that is open for labeling; the class is chosen by its name.

    Args:
        page: On the page where images are labeled.
        boxes: Class and (x1, y1, x2, y2) in pixels of the image.
        size_wh: Of the image.
    """
    stage = page.get_by_role("application")
    expect(stage).to_be_visible()
    for label, box in boxes:
        page.get_by_role("button", name=label).first.click()
        page.keyboard.press("b")
        x1, y1, x2, y2 = _on_screen(page, box, size_wh)
        page.mouse.move(x1, y1)
        page.mouse.down()
        page.mouse.move((x1 + x2) / 2, (y1 + y2) / 2)
        page.mouse.move(x2, y2)
        page.mouse.up()


def label_images(page: Page, project: str, truth: Truth, count: int, size_wh: Size) -> int:
    """Label images that nobody has labeled, as the truth has them; gives the boxes drawn.

    Args:
        page: Anywhere in the web app.
        project: Its name.
        truth: File name to class and box of each object.
        count: How many images.
        size_wh: Width and height of the images in pixels.
    """
    open_for_labeling(page, project, "labeled = no")
    drawn = 0
    for number in range(count):
        caption = page.locator("[class*=file]").first
        expect(caption).to_contain_text(".png")
        name = caption.inner_text()
        boxes = truth[name]
        if boxes:
            draw_boxes(page, boxes, size_wh)
            drawn += len(boxes)
            page.keyboard.press("ArrowRight")
        else:
            page.keyboard.press("n")
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        if number + 1 < count:
            expect(caption).not_to_have_text(name)
    return drawn


def open_for_labeling(page: Page, project: str, filter: str = "") -> None:
    """Open the first image of a filter on the page where images are labeled."""
    go_to(page, project, f"images?{urlencode({'filter': filter})}")
    page.get_by_role("listbox").get_by_role("option").first.click()
    page.keyboard.press("e")
    page.wait_for_url("**/annotate/**")


def train(page: Page, project: str, *, quick: bool, preset: str = "Fast") -> None:
    """Train on the page for it, and wait for the end."""
    go_to(page, project, "train")
    page.get_by_text("Options", exact=True).click()
    page.get_by_text(preset, exact=True).click()
    if quick:
        page.get_by_text("For experts", exact=True).click()
        page.get_by_label("First look:").check()
    known = _jobs(page, project, "train")
    page.get_by_role("button", name="Train", exact=True).click()
    # The page tells of the training before this one until the new one has begun.
    expect(page.get_by_role("button", name="Cancel the training")).to_be_visible()
    _until_done(page, project, "train", known)
    expect(page.get_by_text("The training is done")).to_be_visible()


def audit(page: Page, project: str, *, options: Mapping[str, Any] | None = None) -> None:
    """Look for label faults on the page of findings, and wait until there are some.

    Args:
        page: Anywhere in the web app.
        project: Its name.
        options: How to learn, which only a program can say; None presses the button.
    """
    go_to(page, project, "findings")
    known = _jobs(page, project, "audit")
    if options is None:
        page.get_by_role("button", name="Look for label faults").click()
    else:
        _start_job(page, project, {"kind": "audit", "options": dict(options)})
    _until_done(page, project, "audit", known)
    expect(page.get_by_role("button", name="Keep as it is")).to_be_visible()


def settle(page: Page, count: int) -> int:
    """Settle findings by keys, the first as suggested and the next kept; gives how many."""
    heading = page.get_by_text("This visit:")
    done = 0
    for number in range(count):
        keep = page.get_by_role("button", name="Keep as it is")
        if not keep.is_visible():
            break
        page.keyboard.press("c" if number % 2 == 0 else "k")
        done += 1
        expect(heading).to_contain_text(f"{done} decided")
    return done


def release(page: Page, project: str) -> str:
    """Release the newest training; gives the sentence on it."""
    go_to(page, project, "release")
    known = _jobs(page, project, "release")
    page.get_by_role("button", name="Release", exact=True).click()
    _until_done(page, project, "release", known)
    # Only a release that is out can be downloaded.
    expect(page.get_by_text("Download", exact=True).first).to_be_visible()
    return page.get_by_text(re.compile(r"Release \d+")).first.inner_text()


def go_to(page: Page, project: str, where: str) -> None:
    """Open a page of a project."""
    page.goto(_at(page, f"/p/{project}/{where}"))
    expect(page.locator("main").first).to_be_visible()


def answer(page: Page, project: str, path: str) -> Any:
    """What the server says of a project to the person in the browser, such as of its "runs"."""
    said = page.request.get(_at(page, f"/api/orgs/local/projects/{project}/{path}"))
    assert said.ok, said.text()
    return said.json()


def _jobs(page: Page, project: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(page, project, f"jobs?kind={kind}")
    return found


def _until_done(
    page: Page, project: str, kind: str, known: Sequence[Mapping[str, Any]]
) -> None:
    """Wait for the end of the job that is not one of those known before."""
    before, until = {job["id"] for job in known}, time.monotonic() + _JOB_S
    while time.monotonic() < until:
        new = [job for job in _jobs(page, project, kind) if job["id"] not in before]
        if new and new[0]["state"] in ("done", "failed", "cancelled"):
            assert new[0]["state"] == "done", f"{kind}: {new[0]['problem']}"
            return
        page.wait_for_timeout(_LOOK_EVERY_MS)
    raise AssertionError(f"no job of the kind {kind} was done within {_JOB_S:.0f} s")


def _project_of(page: Page) -> str:
    return unquote(page.url.split("/p/", 1)[1].split("/", 1)[0])


def _start_job(page: Page, project: str, job: Mapping[str, object]) -> None:
    """Start a job as a program would that is signed in as the person in the browser."""
    session = page.request.get(_at(page, "/api/session")).json()
    answer = page.request.post(
        _at(page, f"/api/orgs/local/projects/{project}/jobs"),
        data=dict(job),
        headers={"X-Pitmark-CSRF": session["csrf"]},
    )
    assert answer.ok, answer.text()


def _at(page: Page, path: str) -> str:
    start = page.url.split("/", 3)
    return "/".join(start[:3]) + path


def _on_screen(page: Page, box: Box, size_wh: Size) -> Box:
    """A box of the image in pixels of the window, while the whole image is shown."""
    page.get_by_role("application").focus()
    page.keyboard.press("f")
    place = page.get_by_role("application").bounding_box()
    assert place is not None
    room = [max(place[k] - 2 * _FIT_PADDING_PX, 16) for k in ("width", "height")]
    scale = min(room[0] / size_wh[0], room[1] / size_wh[1], _LARGEST_FIT)
    left = place["x"] + round((place["width"] - size_wh[0] * scale) / 2)
    top = place["y"] + round((place["height"] - size_wh[1] * scale) / 2)
    x1, y1, x2, y2 = box
    return left + x1 * scale, top + y1 * scale, left + x2 * scale, top + y2 * scale
