"""The examples run as plain scripts and find what they planted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(p.name for p in (ROOT / "examples").glob("*.py"))


def test_the_page_of_examples_names_every_one():
    assert EXAMPLES == ["patient_records.py", "sound_clips.py"]
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    assert all(f"examples/{name}" in page for name in EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_finds_all_that_it_planted(name, tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name)],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("All that was planted was found.")
    assert list(tmp_path.iterdir()) == [], "an example writes files"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_opens_as_a_notebook_of_text_and_code_cells(name):
    lines = (ROOT / "examples" / name).read_text(encoding="utf-8").splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("# %%")]
    assert starts[0] == 0
    for n in starts:
        if lines[n] == "# %% [markdown]":
            assert lines[n + 1].startswith("# "), f"the text cell in line {n + 1} has no text"
    assert sum(lines[n] == "# %% [markdown]" for n in starts) >= 5
