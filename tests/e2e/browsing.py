"""What the tests in a browser share: a server process, a page, what is kept, a watchdog.

Nothing here waits without an end. Playwright gives up on its own calls; for everything else
there is the watchdog: once a test is overdue it keeps a picture of the page (over a
connection of its own, for that of the test may be what is stuck), the stacks of all threads
and the log of the server, and then ends browser and server, at which the test fails.
"""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ui import build_ui

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDS_BROWSER = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.skipif(not build_ui.is_current(), reason="the web app is not built"),
]
ROOT = Path(__file__).resolve().parents[2]
THEMES = ("light", "dark")
# Of a project, by the last part of its address.
PAGES = (
    "next",
    "images",
    "book",
    "agreement",
    "findings",
    "train",
    "report",
    "release",
    "line",
    "export",
    "datasheet",
    "settings",
)
_FLAGS = ["--no-sandbox", "--disable-background-networking", "--force-color-profile=srgb"]
_QUIET_MS = 10_000
_SHOWN = """() => document.querySelector("h1") && !document.querySelector("[class*=Skeleton]")
    && [...document.images].every((image) => image.complete
        || image.getBoundingClientRect().top > window.innerHeight)"""
_SIZE = {"width": 1280, "height": 800}
_START_S, _STOP_S, _LAST_S = 120, 30, 180


def screenshots() -> Path:
    """Where pictures of pages are put; git does not see it."""
    told = os.environ.get("PITMARK_SCREENSHOTS")
    return Path(told) if told else ROOT / "bench-results" / "screenshots"


@dataclass
class ServerProcess:
    """`pitmark serve` over a new workspace; what it says beside its link is in `log`."""

    process: subprocess.Popen[str]
    log: Path
    url: str = ""
    setup_link: str = ""

    def stop(self) -> None:
        """End it, by force where it does not end by itself."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(_STOP_S)


@contextmanager
def serving(folder: Path) -> Iterator[ServerProcess]:
    """A server of its own on a free port, until the end."""
    log = folder / "server.log"
    command = [sys.executable, "-m", "pitmark", "serve", "--port", "0", "--json"]
    with log.open("w") as said:
        process = subprocess.Popen(
            [*command, "--home", str(folder / "home")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    server = ServerProcess(process, log)
    # A server that says nothing is ended, at which its output ends as well.
    impatient = threading.Timer(_START_S, process.kill)
    impatient.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        impatient.cancel()
        assert line, f"the server said nothing: {log.read_text()[-2000:]}"
        told = json.loads(line)
        server.url, server.setup_link = told["url"], told["setup_link"]
        yield server
    finally:
        impatient.cancel()
        server.stop()
        assert process.stdout is not None
        process.stdout.close()


@dataclass
class Browsing:
    """A page in a browser of its own, and what is kept of it."""

    page: sync_api.Page
    server: ServerProcess
    console: list[str] = field(default_factory=list)

    def shoot(self, name: str, theme: str) -> None:
        """A picture of the page as it is, named by page and theme."""
        folder = screenshots()
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}-{theme}.png")

    def settle(self) -> None:
        """Wait until the page shows what it is about, its pictures as well."""
        # A page that listens to events is never quiet.
        with suppress(sync_api.TimeoutError):
            self.page.wait_for_load_state("networkidle", timeout=_QUIET_MS)
        self.page.wait_for_function(_SHOWN)

    def begin_trace(self) -> None:
        """Note from here on what happens."""
        self.page.context.tracing.start_chunk()
        self.console.clear()

    def end_trace(self, name: str, *, failed: bool) -> None:
        """End the notes; of what failed keep them, a picture, the console, the server's log."""
        folder = failures(name)
        if not failed:
            folder.rmdir()
            self.page.context.tracing.stop_chunk()
            return
        with _ended():
            self.page.context.tracing.stop_chunk(path=folder / "trace.zip")
        self._keep(folder)

    def keep(self, name: str) -> None:
        """Keep a picture, the console and the server's log of what failed between tests."""
        self._keep(failures(name))

    def _keep(self, folder: Path) -> None:
        with _ended():
            self.page.screenshot(path=folder / "page.png")
        (folder / "console.log").write_text("\n".join(self.console) + "\n")
        shutil.copy(self.server.log, folder / "server.log")
        said = self.server.log.read_text()[-2000:]
        sys.stderr.write(f"kept of the failure: {folder}\nthe server said: {said}\n")


def failures(name: str) -> Path:
    """A new folder for what is kept of a test that failed."""
    folder = screenshots() / "failed" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def browsing(server: ServerProcess, name: str, limit_s: float) -> Iterator[Browsing]:
    """A page, with the watchdog beside it.

    Args:
        server: What the page is of; it is ended where the test is overdue.
        name: Of what is kept then.
        limit_s: When the test is overdue.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _bounded(limit_s), sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*_FLAGS, f"--remote-debugging-port={port}"]
        )
        # What checks the pages is put into them, which the server rightly forbids to others.
        context = browser.new_context(viewport=_SIZE, bypass_csp=True)
        context.tracing.start(snapshots=True)
        opened = Browsing(context.new_page(), server)
        opened.page.on("console", lambda m: opened.console.append(f"{m.type}: {m.text}"))
        opened.page.on("pageerror", lambda e: opened.console.append(f"error: {e}"))
        # From here on: Playwright itself gives up on what cannot be started.
        watchdog = threading.Timer(limit_s, _give_up, (server, name, port))
        watchdog.daemon = True
        watchdog.start()
        try:
            yield opened
        finally:
            watchdog.cancel()
            with _ended():
                browser.close()


@contextmanager
def _ended() -> Iterator[None]:
    """Let pass that the watchdog has ended the browser: the test has failed already."""
    try:
        yield
    except sync_api.Error as error:
        sys.stderr.write(f"the browser is gone: {error}\n")


@contextmanager
def _bounded(limit_s: float) -> Iterator[None]:
    """End the process where not even the watchdog frees the test."""
    faulthandler.dump_traceback_later(limit_s + _LAST_S, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _give_up(server: ServerProcess, name: str, port: int) -> None:
    folder = failures(f"{name}-overdue")
    with (folder / "stacks.txt").open("w") as file:
        faulthandler.dump_traceback(file)
    try:
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.connect_over_cdp(
                f"http://127.0.0.1:{port}", timeout=10_000
            )
            pages = [page for context in browser.contexts for page in context.pages]
            for number, page in enumerate(pages):
                page.screenshot(path=folder / f"page-{number}.png", timeout=10_000)
            browser.new_browser_cdp_session().send("Browser.close")
    except sync_api.Error as error:
        (folder / "browser.txt").write_text(str(error))
    finally:
        shutil.copy(server.log, folder / "server.log")
        server.process.kill()
