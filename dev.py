#!/usr/bin/env python3
"""Set Pitmark up and run its jobs; needs nothing but Python 3.11 or newer.

    python3 dev.py demo           the whole loop on a small generated factory
    python3 dev.py test           lint, types, import contracts, tests, the web app's too
    python3 dev.py lint           the first three only
    python3 dev.py bench NAME     one benchmark; its arguments follow after --
    python3 dev.py clean          remove what was set up

The first run makes `.venv` and installs the versions of constraints.txt into it; later
runs do so again only when pyproject.toml or constraints.txt have changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from ui import build_ui

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "pitmark-stamp"
CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")


def main(arguments: list[str]) -> int:
    """Run one command; gives its exit status."""
    if sys.version_info < (3, 11):
        print(f"Pitmark needs Python 3.11 or newer, this is {sys.version.split()[0]}.")
        return 2
    command, rest = (arguments[0] if arguments else "help"), arguments[1:]
    rest = [a for a in rest if a != "--"]
    jobs = {"demo": demo, "test": test, "lint": lint, "bench": bench}
    if command == "clean":
        return clean()
    if command not in jobs:
        print(__doc__)
        return 0 if command in ("help", "-h", "--help") else 2
    set_up()
    if command in ("demo", "test"):
        set_up_ui()
    return jobs[command](rest)


def set_up() -> None:
    """Make the environment if its inputs have changed since it was made."""
    wanted = _stamp()
    if STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    print("Setting up .venv (once; some minutes) ...", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The exact pin on its own line lets pip take a CPU build of torch where one is at hand.
    pins = (ROOT / "constraints.txt").read_text().split()
    torch = next(p for p in pins if p.startswith("torch=="))
    _check([*pip, torch])
    _check([*pip, "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[server,postgres,dev]"])
    STAMP.write_text(wanted)


def set_up_ui() -> None:
    """Build the web app if its sources have changed; without npm there is none."""
    try:
        build_ui.build(lambda line: print(line, flush=True))
    except RuntimeError as error:
        sys.exit(f"The web app was not built: {error}")


def demo(arguments: list[str]) -> int:
    """The whole loop on a generated factory."""
    return _run([str(PYTHON), "-m", "pitmark", "demo", *arguments])


def lint(arguments: list[str]) -> int:
    """Style, types and import contracts."""
    checks = (
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
    )
    failed = [c[0] for c in checks if _run([str(PYTHON), "-m", *c])]
    if _run([str(PYTHON.parent / "lint-imports")]):
        failed.append("import-linter")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def test(arguments: list[str]) -> int:
    """Lint, then all tests, one process per core; arguments go to pytest."""
    linted = lint([])
    # One thread each: processes that all take every core only wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # In their order: files of one long test last would leave all processes but one idle.
    processes = str(min(4, os.cpu_count() or 1))
    spread = ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    tested = _run([str(PYTHON), "-m", "pytest", *spread, *arguments])
    return tested or linted or test_ui()


def test_ui() -> int:
    """Types, style and tests of the web app."""
    if build_ui.npm() is None:
        print("The web app was not tested: npm is not installed.")
        return 0
    try:
        build_ui.install(print)
        for check in ("types", "check", "test"):
            build_ui.run("run", "--silent", check)
    except RuntimeError as error:
        print(error)
        return 1
    return 0


def bench(arguments: list[str]) -> int:
    """One benchmark of bench/ by name."""
    names = sorted(p.stem for p in (ROOT / "bench").glob("[a-z]*.py"))
    if not arguments or arguments[0].startswith("-"):
        print(f"Which benchmark? One of: {', '.join(names)}.")
        return 2
    return _run([str(PYTHON), "-m", f"bench.{arguments[0]}", *arguments[1:]])


def clean() -> int:
    """Remove the environment and all caches."""
    ui = (build_ui.UI / "node_modules", build_ui.STATIC)
    for folder in (VENV, *ui, *(ROOT / c for c in CACHES)):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _stamp() -> str:
    inputs = [(ROOT / n).read_bytes() for n in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join([*inputs, sys.version.encode()])).hexdigest()


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _check(command: list[str]) -> None:
    if status := _run(command):
        sys.exit(f"Set-up failed ({' '.join(command[-3:])}); exit status {status}.")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
