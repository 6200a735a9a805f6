"""A real server, a real browser: what a person does, done by a script.

The browser is the Chromium of the system. Screenshots go to the folder that
PITMARK_SCREENSHOTS names, or to a temporary one.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from pitmark.server.pages import STATIC

PASSWORD = "parts under a lamp"
_CHROMIUM = next(
    (p for p in (shutil.which("chromium"), shutil.which("google-chrome")) if p), None
)
_ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--force-color-profile=srgb"]
_VIEW = {"width": 1280, "height": 800}
expect.set_options(timeout=15_000)


@dataclass(frozen=True)
class Served:
    """A server that runs: its address, its workspace, and the link of its first start."""

    url: str
    home: Path
    setup_link: str | None


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests."""
    if _CHROMIUM is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    if not (STATIC / "index.html").is_file():
        pytest.skip("the web app is not built: python3 dev.py test builds it, with npm")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def serve():
    """`serve(home)` starts `pitmark serve` on a workspace, which it makes where needed."""
    running = []

    def start(home):
        command = [sys.executable, "-m", "pitmark", "serve", "--port", "0", "--json"]
        process = subprocess.Popen(
            [*command, "--home", str(home)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "2"},
        )
        running.append(process)
        told = _first_object(process)
        return Served(told["url"], Path(home), told["setup_link"])

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def page(browser, screenshots):
    """An empty page; what the browser logs as an error fails the test."""
    context = browser.new_context(viewport=_VIEW, reduced_motion="reduce")
    opened = context.new_page()
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors, errors


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    """Where pictures of pages are kept."""
    named = os.environ.get("PITMARK_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _first_object(process):
    """The JSON object that the server prints once it listens."""
    text = ""
    for line in process.stdout:
        text += line
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            continue
    raise AssertionError(f"the server ended with {process.wait()} before it listened: {text}")
