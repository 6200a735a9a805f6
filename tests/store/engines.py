"""Marks for tests that have to do with one database engine."""

import pytest

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
on_postgresql = pytest.mark.parametrize(
    "engine", ["postgresql"], indirect=True, scope="session"
)
