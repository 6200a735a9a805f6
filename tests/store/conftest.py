import shutil

import pytest

from pitmark.core.label_book import LabelBook
from pitmark.store.db import open_store

BOOK = LabelBook().with_classes(["good", "scratch", "dent"])


@pytest.fixture(scope="session")
def fresh_workspace(tmp_path_factory):
    """A workspace with one empty detection project, to be copied."""
    home = tmp_path_factory.mktemp("fresh") / "factory"
    with open_store(home, create=True) as store:
        store.create_project("casings", "detection", BOOK)
    return home


@pytest.fixture
def home(fresh_workspace, tmp_path):
    return shutil.copytree(fresh_workspace, tmp_path / "factory")


@pytest.fixture
def store(home):
    with open_store(home) as opened:
        yield opened


@pytest.fixture
def project(store):
    return store.project("casings")


@pytest.fixture(scope="module")
def shared_project(fresh_workspace, tmp_path_factory):
    """One project for all examples of a property."""
    home = shutil.copytree(fresh_workspace, tmp_path_factory.mktemp("shared") / "factory")
    with open_store(home) as opened:
        yield opened.project("casings")
