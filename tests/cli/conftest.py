import json

import pytest

from pitmark.cli.main import run


@pytest.fixture
def pitmark_in(capsys):
    """Makes a caller for a workspace folder: exit status, result, and what went to stderr."""

    def of(home):
        def call(*arguments, as_json=True):
            status = run([*map(str, arguments), "--home", str(home), *(["--json"] * as_json)])
            told = capsys.readouterr()
            result = json.loads(told.out) if as_json and told.out.strip() else told.out
            return status, result, told.err

        return call

    return of
