"""What a frame of the web app costs, for bench/ui.py: the gallery, the canvas, the first page.

The gallery is that of a project with generated rows, whose pictures lie in the cache of the
server as if they had been looked at before. It is scrolled to and fro with its pages asked
for from the server as for a person. How many frames the machine itself drops is seen on an
empty page of the same height, scrolled in the same browser before and after.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, expect

from bench import browser_steps as steps
from bench.calibration import calibrated
from bench.server_rows import PROJECT, make_project, sha_of
from bench.shape import gate, tell

SIZE: ViewportSize = {"width": 1280, "height": 800}
FRAME_MS = 16.8
_SHARE = 0.95
_FIRST_PAGE_MS = 1000
_FIRST_PAGES = 7
_ACTS = ("pan", "drag", "brush", "zoom")
_SPEEDS_PX = (6, 60, 400, 3000)
_FRAMES = 300
_SIDE_PX = 192
_PICTURES = 40
_PAINTED = '() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime'
SCROLL = """
async ([speed, frames]) => {
  const list = document.querySelector("[role=listbox]");
  const most = list.scrollHeight - list.clientHeight;
  const next = () => new Promise((drawn) => requestAnimationFrame(drawn));
  const spent = [];
  list.scrollTop = most / 3;
  await new Promise((calm) => setTimeout(calm, 1500));
  let last = await next();
  for (let frame = 0; frame < frames; frame += 1) {
    list.scrollTop += speed;
    const now = await next();
    spent.push(now - last);
    last = now;
  }
  return spent;
}
"""
DRAWN = """
() => {
  const list = document.querySelector("[role=listbox]").getBoundingClientRect();
  const cells = [...document.querySelectorAll("[role=option]")].filter((cell) => {
    const place = cell.getBoundingClientRect();
    return place.bottom > list.top && place.top < list.bottom;
  });
  return cells.length > 0 && cells.every((cell) => {
    const picture = cell.querySelector("img");
    return picture?.complete && picture.naturalWidth > 0;
  });
}
"""
_EMPTY = """
<div role="listbox" style="height: 700px; overflow-y: auto; background: #222">
  <div style="height: {height}px"></div>
</div>
"""


def make_rows(home: Path, images: int) -> None:
    """A workspace with a project of generated rows, and pictures of them in its cache.

    Args:
        home: A folder that does not exist yet.
        images: How many.
    """
    from pitmark.formats.images import encode_png, thumbnail
    from pitmark.synth.factory import plan, render

    make_project(home, images)
    shots = plan(0, _PICTURES, size_wh=(384, 288))
    cache = home / "cache" / "pictures"
    for number in range(256):
        (cache / f"{number:02x}").mkdir(parents=True)
    made = []
    for index in range(_PICTURES):
        path = cache / f"source-{index}.jpg"
        path.write_bytes(thumbnail(encode_png(render(shots, index).image_hwc), _SIDE_PX))
        made.append(path)
    for number in range(images):
        sha = sha_of(number)
        os.link(made[number % _PICTURES], cache / sha[:2] / f"{sha[2:]}-{_SIDE_PX}.jpg")


def scrolling(page: Page, images: int) -> list[dict[str, Any]]:
    """The gallery of `make_rows`: slowly, fast, and as with its scroll bar."""
    steps.go_to(page, PROJECT, "images")
    expect(page.get_by_role("option").first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("listbox").locator("img").first).to_be_visible()
    height = page.evaluate('document.querySelector("[role=listbox]").scrollHeight')
    browser = page.context.browser
    assert browser is not None
    empty = browser.new_page(viewport=SIZE)
    empty.set_content(_EMPTY.format(height=height))
    results = []
    for speed in _SPEEDS_PX:
        bare = _scrolled(empty, speed)
        page.bring_to_front()
        found = _scrolled(page, speed)
        # What is in sight at the end must be there, or nothing was drawn all the time.
        stopped = time.perf_counter()
        page.wait_for_function(DRAWN, timeout=20_000)
        settled_ms = round(1000 * (time.perf_counter() - stopped))
        bare += _scrolled(empty, speed)
        act = f"gallery by {speed} px a frame"
        of_empty = {f"empty_{name}": value for name, value in _spread(bare).items()}
        shape = {"data": "generated", "task": "scrolling", "act": act, "images": images}
        results.append({**shape, **_spread(found), **of_empty, "settled_ms": settled_ms})
        tell(f"{act}: {_within(found):.1%} within {FRAME_MS} ms; empty {_within(bare):.1%}")
    empty.close()
    return results


def drawing(page: Page, url: str) -> list[dict[str, Any]]:
    """2,000 shapes on a picture of 20 megapixels: panned, dragged, painted, zoomed."""
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


def first_page(page: Page, url: str, project: str) -> dict[str, Any]:
    """How long the first page takes, each time in a browser that has nothing of it."""
    browser, state = page.context.browser, page.context.storage_state()
    assert browser is not None

    def open_once() -> tuple[float, float]:
        context = browser.new_context(viewport=SIZE, storage_state=state)
        cold = context.new_page()
        started = time.perf_counter()
        cold.goto(f"{url}/p/{project}/next")
        cold.locator("main h1").first.wait_for()
        seen_ms = 1000 * (time.perf_counter() - started)
        painted_ms = float(cold.wait_for_function(_PAINTED).json_value())
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


def gates(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the issue asks of frames and of the first page."""
    limit = f"share of frames within {FRAME_MS} ms"
    out = [
        gate(f"{r['act']}: {limit}", r["within"], _SHARE, at_least=True)
        for r in results
        if r["task"] == "scrolling"
    ]
    limit = "95 % of frames within 1/60 s, in ms"
    out += [
        gate(f"{r['act']}: {limit}", r["p95_ms"], 17.5, at_least=False)
        for r in results
        if r["task"] == "drawing"
    ]
    name = "the first page within 1 s on loopback, with nothing in the cache, in ms"
    first = next(r for r in results if r["task"] == "first page")
    out.append(gate(name, first["seen_ms"], _FIRST_PAGE_MS, at_least=False))
    return out


def _scrolled(page: Page, speed: int) -> list[float]:
    page.bring_to_front()
    found: list[float] = page.evaluate(SCROLL, [speed, _FRAMES])
    return found


def _within(spent: Sequence[float]) -> float:
    return sum(round(ms, 1) <= FRAME_MS for ms in spent) / len(spent)


def _spread(spent: Sequence[float]) -> dict[str, float]:
    ordered = sorted(spent)
    p50, p95 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95))
    return {
        "within": round(_within(spent), 4),
        "p50_ms": round(p50, 1),
        "p95_ms": round(p95, 1),
        "max_ms": round(ordered[-1], 1),
    }
