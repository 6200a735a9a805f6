"""The benchmark of agreement, on few draws and on made-up masks."""

import argparse
import sys

import numpy as np
import pytest
from PIL import Image

from bench import agreement, labelers_simulated
from bench.labelers_simulated import Scene, simulate
from bench.plain_masks import plain_dice, plain_rates


def test_simulated_people_make_the_mistakes_they_are_said_to_make():
    draw = simulate(Scene("x", 20_000, 2, 2, 0.8), 0)
    for who in range(2):
        for true in range(5):
            called = draw.votes[draw.truth == true, who]
            share = np.bincount(called, minlength=5) / len(called)
            np.testing.assert_allclose(share, draw.confusions[who, true], atol=0.04)


def test_without_the_peer_the_rest_is_measured_and_the_gap_is_said(monkeypatch, capsys):
    scene = Scene("few", 60, 3, 3, 0.8)
    monkeypatch.setattr(labelers_simulated, "SCENES", (scene,))
    monkeypatch.setattr(labelers_simulated, "PEER", 'print(\'{"missing": "cleanlab"}\')')
    options = argparse.Namespace(seeds=1, peer_python=sys.executable)
    rows = labelers_simulated.consensus_results(options)
    by = {(r["metric"], r["method"]): r for r in rows}
    assert by["accuracy", "dawid-skene"]["median"] > 0.7
    assert by["accuracy", "cleanlab best_quality"]["missing"] == "cleanlab is not installed"
    assert "cleanlab is skipped" in capsys.readouterr().err


def test_masks_of_two_people_are_read_and_the_field_is_left_out_of_the_labelers(tmp_path):
    rng = np.random.default_rng(0)
    masks = {"one": [], "two": []}
    for number in range(3):
        pixels = rng.integers(0, 255, (20, 30), dtype=np.uint8)
        true = rng.random((20, 30)) < 0.3
        files = {"images": pixels, "mask": np.full((20, 30), 255, np.uint8)}
        for name in masks:
            masks[name].append(true ^ (rng.random((20, 30)) < 0.05))
            files[name] = masks[name][-1].astype(np.uint8) * 255
        for name, values in files.items():
            (tmp_path / name).mkdir(exist_ok=True)
            Image.fromarray(values).save(tmp_path / name / f"{number:02d}_{name}.png")
    options = argparse.Namespace(labelers="", field="mask", data=[tmp_path])
    rows = agreement._real(tmp_path, options)
    dice = next(r["value"] for r in rows if r["metric"] == "dice")
    assert dice == pytest.approx(plain_dice(masks["one"], masks["two"]))
    assert next(r["value"] for r in rows if r["metric"] == "staple_difference") < 1e-6
    wanted = plain_rates(masks["one"], masks["two"])
    got = [r["value"] for r in rows if r.get("labeler") == "two" and r.get("true") == "one"]
    assert got == pytest.approx(wanted)
