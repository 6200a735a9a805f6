"""What the web app offers for an export is what the server can write."""

import re
from pathlib import Path

import pytest

from pitmark.core.labels import TASKS
from pitmark.formats.registry import FORMATS

WORDS = Path(__file__).parents[2] / "ui" / "src" / "words" / "exporting.ts"

pytestmark = pytest.mark.skipif(
    not WORDS.is_file(), reason="there are no sources of the web app"
)


def _block(name):
    text = WORDS.read_text(encoding="utf-8")
    return re.search(rf"export const {name}\b.*?= {{(.*?)\n}};", text, re.DOTALL)[1]


def test_every_format_that_can_be_written_is_offered_and_no_other() -> None:
    offered = set(re.findall(r"^  (\w+): {", _block("formats"), re.MULTILINE))
    assert offered == {name for name, found in FORMATS.items() if found.write}


def test_what_is_said_to_fit_a_task_is_offered() -> None:
    rows = dict(re.findall(r"(\w+): \[(.*?)\]", _block("fitting"), re.DOTALL))
    assert set(rows) == set(TASKS)
    for names in rows.values():
        assert set(re.findall(r'"(\w+)"', names)) <= set(FORMATS)
