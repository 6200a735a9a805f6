"""The whole loop in the browser, from an empty server to a release, with times.

    python3 dev.py bench ui -- --images 200 --label 20

A server of its own, a Chromium without a graphics card, and a script that does what a
person does: first owner, project, import of generated casings, labels drawn with the mouse,
training, audit, findings settled by keys, training again, release. Screenshots of every
page go to --shots. Then the first page is opened in a browser that has nothing of it, 2,000
shapes on a picture of 20 megapixels are panned, dragged and painted, and the gallery is
scrolled, frame by frame. With --frames no labels are drawn and nothing is trained.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench import browser_steps as steps
from bench import ui_frames
from bench.shape import finish, parser, tell

_PROJECT = "casings"
_PAGES = ("next", "images", "book", "agreement", "train", "report", "release", "line")
_FLAGS = ["--no-sandbox", "--disable-background-networking", "--force-color-profile=srgb"]


def main() -> None:
    """Do the loop, then draw."""
    out = parser(__doc__ or "")
    out.add_argument("--images", type=int, default=200)
    out.add_argument("--label", type=int, default=20, help="images to label in the browser")
    out.add_argument("--size", default="384x288", help="of an image, in pixels")
    out.add_argument("--settle", type=int, default=10)
    out.add_argument("--quick", action="store_true", help="first-look trainings, a brief audit")
    out.add_argument("--rows", type=int, default=100_000, help="of the gallery scrolled")
    out.add_argument("--frames", action="store_true", help="frame times only")
    out.add_argument("--shots", type=Path, help="folder for screenshots")
    arguments = out.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("there is no Chromium here: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport=ui_frames.SIZE)
        results = _all(page, Path(folder), arguments)
        browser.close()
    finish("ui", results, ui_frames.gates(results), arguments)


def _all(page: Page, folder: Path, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    photos, truth, size_wh = _casings(folder, arguments)
    ui_frames.make_rows(folder / "home", arguments.rows)
    command = [sys.executable, "-m", "pitmark", "serve", "--port", "0", "--json"]
    server = subprocess.Popen(
        [*command, "--home", str(folder / "home")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        results = _loop(page, told["setup_link"], (photos, truth, size_wh), arguments)
        results.append(ui_frames.first_page(page, told["url"], _PROJECT))
        results += ui_frames.scrolling(page, arguments.rows)
        return results + ui_frames.drawing(page, told["url"])
    finally:
        server.terminate()
        server.wait(30)


def _casings(
    folder: Path, arguments: argparse.Namespace
) -> tuple[Path, steps.Truth, steps.Size]:
    """Photographs with labels for all but those that the browser shall label."""
    from pitmark.core.progress import silent
    from pitmark.ops.demo.factory import build_factory

    width, height = (int(n) for n in arguments.size.split("x"))
    made = build_factory(
        folder / "casings",
        seed=arguments.seeds,
        images=arguments.images,
        size_wh=(width, height),
        report=silent,
    )
    labels = made.photos / "labels.json"
    coco = json.loads(labels.read_text())
    left = {image["id"] for image in coco["images"][: arguments.label]}
    coco["images"] = [i for i in coco["images"] if i["id"] not in left]
    coco["annotations"] = [a for a in coco["annotations"] if a["image_id"] not in left]
    labels.write_text(json.dumps(coco))
    truth = {p.name: [(b.label, b.box_xyxy) for b in p.truth] for p in made.labeled}
    return made.photos, truth, (width, height)


def _loop(
    page: Page,
    setup_link: str,
    casings: tuple[Path, steps.Truth, steps.Size],
    arguments: argparse.Namespace,
) -> list[dict[str, Any]]:
    photos, truth, size_wh = casings
    quick = arguments.quick
    results: list[dict[str, Any]] = []

    def timed(step: str, act: Callable[[], object]) -> None:
        start = time.perf_counter()
        told = act()
        seconds = round(time.perf_counter() - start, 1)
        results.append({"data": "casings", "task": "loop", "step": step, "seconds": seconds})
        tell(f"{step}: {seconds} s {'' if told is None else told}")
        _shot(page, step, arguments)

    def settled() -> int:
        done = steps.settle(page, arguments.settle)
        if done < arguments.settle:
            sys.exit(f"only {done} of {arguments.settle} findings could be settled")
        return done

    timed("first owner", lambda: steps.make_owner(page, setup_link))
    timed("project", lambda: steps.make_project(page, _PROJECT, task="Find defects"))
    timed("import", lambda: steps.add_images(page, photos).splitlines()[-1])
    if arguments.frames:
        return results
    timed(
        "label",
        lambda: steps.label_images(page, _PROJECT, truth, arguments.label, size_wh),
    )
    timed("train", lambda: steps.train(page, _PROJECT, quick=quick))
    brief = {"image_steps": 48} if quick else None
    timed("audit", lambda: steps.audit(page, _PROJECT, options=brief))
    timed("settle", settled)
    timed("train again", lambda: steps.train(page, _PROJECT, quick=quick))
    timed("release", lambda: steps.release(page, _PROJECT))
    for name in _PAGES:
        steps.go_to(page, _PROJECT, name)
        page.wait_for_timeout(1500)
        _shot(page, name, arguments)
    return results


def _shot(page: Page, name: str, arguments: argparse.Namespace) -> None:
    if arguments.shots is not None:
        arguments.shots.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=arguments.shots / f"{name.replace(' ', '-')}.png")


if __name__ == "__main__":
    main()
