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
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from bench import browser_steps as steps
from bench.calibration import calibrated
from bench.shape import finish, gate, parser, tell

_PROJECT = "casings"
_PAGES = ("next", "images", "book", "agreement", "train", "report", "release", "line")
_FLAGS = ["--no-sandbox", "--disable-background-networking", "--force-color-profile=srgb"]
_SIZE: ViewportSize = {"width": 1280, "height": 800}
_FIRST_PAGES = 7
_PAINTED = 'performance.getEntriesByName("first-contentful-paint")[0].startTime'
_ACTS = ("pan", "drag", "brush", "zoom")
_SPEEDS_PX = (60, 400, 3000)
_SCROLL = """
async ([speed, frames]) => {
  const list = document.querySelector("[role=listbox]");
  const most = list.scrollHeight - list.clientHeight;
  const next = () => new Promise((drawn) => requestAnimationFrame(drawn));
  const spent = [];
  let [last, way] = [await next(), 1];
  for (let frame = 0; frame < frames; frame += 1) {
    if (list.scrollTop >= most - 1) way = -1;
    if (list.scrollTop <= 0) way = 1;
    list.scrollTop += way * speed;
    const now = await next();
    spent.push(now - last);
    last = now;
  }
  return spent.sort((a, b) => a - b);
}
"""


def main() -> None:
    """Do the loop, then draw."""
    out = parser(__doc__ or "")
    out.add_argument("--images", type=int, default=200)
    out.add_argument("--label", type=int, default=20, help="images to label in the browser")
    out.add_argument("--size", default="384x288", help="of an image, in pixels")
    out.add_argument("--settle", type=int, default=10)
    out.add_argument("--quick", action="store_true", help="first-look trainings, a brief audit")
    out.add_argument("--frames", action="store_true", help="frame times only")
    out.add_argument("--shots", type=Path, help="folder for screenshots")
    arguments = out.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("there is no Chromium here: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport=_SIZE)
        results = _all(page, Path(folder), arguments)
        browser.close()
    limit = "95 % of frames within 1/60 s, in ms"
    gates = [
        gate(f"{r['act']}: {limit}", r["p95_ms"], 17.5, at_least=False)
        for r in results
        if r["task"] in ("drawing", "scrolling")
    ]
    first = next(r for r in results if r["task"] == "first page")
    name = "the first page within 1 s on loopback, with nothing in the cache, in ms"
    gates.append(gate(name, first["seen_ms"], 1000, at_least=False))
    finish("ui", results, gates, arguments)


def _all(page: Page, folder: Path, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    photos, truth, size_wh = _casings(folder, arguments)
    command = [sys.executable, "-m", "pitmark", "serve", "--port", "0", "--json"]
    server = subprocess.Popen(
        [*command, "--home", str(folder / "home")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        results = _loop(page, told["setup_link"], (photos, truth, size_wh), arguments)
        framed = _scrolling(page, arguments.images) + _drawing(page, told["url"])
        return [*results, _first_page(page, told["url"]), *framed]
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


def _scrolling(page: Page, images: int) -> list[dict[str, Any]]:
    """The gallery up and down: slowly, fast, and as with its scroll bar."""
    steps.go_to(page, _PROJECT, "images")
    expect(page.get_by_role("option").first).to_be_visible()
    page.wait_for_timeout(1500)
    results = []
    for speed in _SPEEDS_PX:
        spent = page.evaluate(_SCROLL, [speed, 240])
        p50, p95 = (round(spent[int(share * (len(spent) - 1))], 1) for share in (0.5, 0.95))
        found = {"p50_ms": p50, "p95_ms": p95, "max_ms": round(spent[-1], 1)}
        act = f"gallery by {speed} px a frame"
        shape = {"data": "casings", "task": "scrolling", "act": act, "images": images}
        results.append({**shape, **found})
        tell(f"{act}: a frame every {p50} ms, 95 % within {p95} ms")
    return results


def _first_page(page: Page, url: str) -> dict[str, Any]:
    """How long the first page takes, each time in a browser that has nothing of it."""
    browser, state = page.context.browser, page.context.storage_state()
    assert browser is not None

    def open_once() -> tuple[float, float]:
        context = browser.new_context(viewport=_SIZE, storage_state=state)
        cold = context.new_page()
        started = time.perf_counter()
        cold.goto(f"{url}/p/{_PROJECT}/next")
        cold.locator("main h1").first.wait_for()
        seen_ms = 1000 * (time.perf_counter() - started)
        painted_ms = float(cold.evaluate(_PAINTED))
        context.close()
        return seen_ms, painted_ms

    found, machine = calibrated(lambda: [open_once() for _ in range(_FIRST_PAGES)])
    seen_ms = statistics.median(seen for seen, _ in found)
    tell(f"first page: {seen_ms:.0f} ms until its heading is there, with nothing in the cache")
    return {
        "data": "casings",
        "task": "first page",
        "seen_ms": round(seen_ms),
        "painted_ms": round(statistics.median(painted for _, painted in found)),
        **machine.beside(seen_ms),
    }


def _drawing(page: Page, url: str) -> list[dict[str, Any]]:
    page.goto(f"{url}/bench")
    expect(page.locator("[data-bench-ready]")).to_be_visible(timeout=60_000)
    results = []
    for act in _ACTS:
        asked = {"act": act, "shapes": 2000, "frames": 180}
        found = page.evaluate("asked => window.pitmarkBench.run(asked)", asked)
        spread = found["interval_ms"]
        results.append(
            {
                "data": "generated",
                "task": "drawing",
                "act": act,
                "shapes": found["shapes"],
                "megapixels": found["megapixels"],
                "p50_ms": spread["median"],
                "p95_ms": spread["p95"],
                "max_ms": spread["max"],
                "drawing_p95_ms": found["drawing_ms"]["p95"],
            }
        )
        tell(f"{act}: a frame every {spread['median']} ms, 95 % within {spread['p95']} ms")
    return results


def _shot(page: Page, name: str, arguments: argparse.Namespace) -> None:
    if arguments.shots is not None:
        arguments.shots.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=arguments.shots / f"{name.replace(' ', '-')}.png")


if __name__ == "__main__":
    main()
