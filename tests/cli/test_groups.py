"""Duplicates, groups and shortcuts by commands, and what wrong input gets."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from pitmark.cli.main import run
from pitmark.store.db import open_store

PARTS, SHOTS = 14, 3


def _surface(seed):
    rng = np.random.default_rng(seed)
    return 120 + 60 * gaussian_filter(rng.normal(size=(96, 120)), 2) / 0.14


def _fill(folder):
    """Every part at three exposures; one mirrored copy, one file twice; NG has a bright rim."""
    for part in range(PARTS):
        label = "bad" if part % 2 else "good"
        (folder / label).mkdir(parents=True, exist_ok=True)
        for shot, gain in enumerate((0.6, 0.8, 1.0)):
            pixels = _surface(part) * gain
            if label == "bad":
                pixels[:4] = pixels[-4:] = 250
            name = f"line{part % 3}_part{part:02}_exp{shot}.png"
            values = np.clip(pixels, 0, 255).astype(np.uint8)
            Image.fromarray(values).save(folder / label / name)
    first = Image.open(folder / "good" / "line0_part00_exp2.png")
    Image.fromarray(np.asarray(first)[:, ::-1]).save(folder / "good" / "copy_flipped_a.png")
    first.save(folder / "good" / "copy_again_b.png")
    rows = ["image,split"]
    for path in sorted(folder.glob("*/*.png")):
        held_out = path.stem.endswith("exp1")
        rows.append(f"{path.parent.name}/{path.name},{'test' if held_out else 'train'}")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture
def pitmark(tmp_path, capsys):
    """Runs a command on a project of a few parts at three exposures."""
    home = tmp_path / "home"
    _fill(tmp_path / "data")
    base = ["--home", str(home)]
    assert run([*base, "new", "parts", "--task", "classification"]) == 0
    table = str(tmp_path / "data" / "metadata.csv")
    assert run([*base, "import", str(tmp_path / "data"), "--metadata", table]) == 0
    capsys.readouterr()

    def call(*arguments, as_json=True):
        status = run([*map(str, arguments), *base, *(["--json"] * as_json)])
        told = capsys.readouterr()
        result = json.loads(told.out) if as_json and told.out.strip() else told.out
        return status, result, told.err

    call.home = home
    return call


def test_exposures_copies_and_a_contained_test_set_are_told(pitmark):
    status, found, _ = pitmark("duplicates", "--fast")
    assert (status, found["images"], found["same_files"]) == (0, PARTS * SHOTS + 1, 1)
    assert found["pairs"]["turned"] >= 1
    groups = [set(g) for g in found["groups"]]
    assert sum(len(g) >= SHOTS for g in groups) == PARTS
    assert (found["leaked"], found["held_out"]) == (PARTS, PARTS)
    assert found["test_contained_in_training"] is True
    kinds = {f["kind"] for f in pitmark("findings", "--limit", 500)[1]}
    assert {"leak", "duplicate"} <= kinds
    told = pitmark("duplicates", "--fast", as_json=False)[1]
    assert "The test set is contained in training: 14 of 14" in told


def test_a_key_is_proposed_accepted_logged_and_kept_by_snapshots(pitmark):
    status, found, _ = pitmark("groups", "propose", "--fast")
    best = found["candidates"][0]
    assert (status, found["grouped_now"]) == (0, 0)
    assert best["held"] > 0.9
    assert "name:start-1" in {c["key"] for c in found["candidates"]}
    done = pitmark("groups", "accept", "name:start-1", "--by", "eva")[1]
    assert (done["key"], done["largest"]) == ("name:start-1", SHOTS)
    with open_store(pitmark.home) as store:
        project = store.project("parts")
        entry = project.audit.entries()[0]
        groups = {r.name: r.group for r in project.images.all()}
    assert (entry.who, entry.action) == ("eva", "regroup")
    assert entry.object == "project/parts/images"
    assert groups["bad/line1_part01_exp0.png"] == "line1_part01"
    assert pitmark("snapshot")[0] == 0
    # Only the mirrored copy, whose name says nothing, is still apart from its part.
    again = pitmark("duplicates", "--fast")[1]
    assert again["leaked"] <= SHOTS


def test_a_frame_that_gives_the_class_away_is_told(pitmark):
    pitmark("groups", "accept", "name:start-1")
    found = pitmark("shortcuts")[1]
    assert "frame" in {s["family"] for s in found if s["verdict"] == "shortcut"}
    told = pitmark("shortcuts", as_json=False)[1]
    assert "shortcut: the class can be told in 100% of images from the outer 5 %" in told


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("groups", "accept", "tile"), 1, "invalid_input"),
        (("groups", "accept", "metadata:tile"), 1, "invalid_input"),
        (("groups", "accept"), 2, None),
        (("groups", "fly"), 2, None),
        (("duplicates", "--slow"), 2, None),
    ],
)
def test_wrong_input_gets_one_clear_error(pitmark, arguments, status, code):
    found, result, errors = pitmark(*arguments)
    assert (found, result) == (status, "")
    assert "Traceback" not in errors
    if code is not None:
        assert json.loads(errors)["code"] == code


def test_an_empty_project_is_told_what_to_do(tmp_path, capsys):
    home = str(tmp_path / "home")
    run(["--home", home, "new", "nothing", "--task", "anomaly"])
    for command in (["duplicates"], ["groups", "propose"]):
        assert run(["--home", home, *command]) == 1
        assert "Import images first." in capsys.readouterr().err
    assert run(["--home", home, "shortcuts"]) == 0
