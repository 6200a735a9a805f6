"""What the documents say of the Python API exists."""

import importlib
import re
from pathlib import Path

import pytest

import pitmark

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CALLS = re.compile(r"\bproject((?:\.[a-z_]+)+)\(")
IMPORTS = re.compile(r"^\s*from (pitmark[\w.]*) import ([\w, ]+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with pitmark.open(tmp_path_factory.mktemp("docs") / "home") as workspace:
        yield workspace.create_project("parts", task="detection")


def test_every_call_on_a_project_that_a_page_shows_exists(project):
    seen = 0
    for page in PAGES:
        for path in CALLS.findall(page.read_text(encoding="utf-8")):
            found = project
            for name in path.strip(".").split("."):
                assert hasattr(found, name), f"{page.name}: project{path}()"
                found = getattr(found, name)
            seen += 1
    assert seen > 20


def test_every_import_that_a_page_shows_works():
    seen = 0
    for page in PAGES:
        for module, names in IMPORTS.findall(page.read_text(encoding="utf-8")):
            for name in names.split(","):
                assert hasattr(importlib.import_module(module), name.strip()), page.name
                seen += 1
    assert seen > 0
