"""A released project, made once and copied for every test that changes it."""

import shutil

import pytest

from pitmark.store.db import open_store
from tests.ops.on_the_line import make_line


@pytest.fixture(scope="session")
def line_template(tmp_path_factory):
    root = tmp_path_factory.mktemp("line")
    return make_line(root / "home", root)


@pytest.fixture
def line_home(line_template, tmp_path):
    return shutil.copytree(line_template, tmp_path / "line")


@pytest.fixture
def line(line_home):
    """The project "parts", whose release 1 is in use."""
    with open_store(line_home) as store:
        yield store.project("parts")
