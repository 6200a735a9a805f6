"""What a training run starts from, said on the command line."""

import json

import pytest

from pitmark.cli.main import run
from pitmark.ops.models.training import load_model
from pitmark.workspace.home import Workspace
from tests.ops.toys import class_folder

pytest.importorskip("torch")


@pytest.fixture
def home(tmp_path, capsys):
    """A workspace with a project that has a snapshot."""
    folder, out = tmp_path / "home", ["--home", str(tmp_path / "home"), "--json"]
    images = class_folder(tmp_path / "in")
    assert run(["new", "parts", "--task", "classification", *out]) == 0
    assert run(["import", str(images), *out]) == 0
    assert run(["snapshot", *out]) == 0
    capsys.readouterr()
    return folder


def train(home, *options):
    quick = ("--quick", "--preset", "fast", "--side", "64", "--threads", "1")
    return run(["train", *quick, *options, "--home", str(home), "--json"])


def test_a_run_from_random_weights_says_so_in_its_settings(home, capsys):
    assert train(home, "--init", "random") == 0
    assert "accuracy" in json.loads(capsys.readouterr().out)["metrics"]
    with Workspace.open(home) as workspace:
        assert workspace.project().run().row.settings["init"] == "random"


def test_a_small_network_is_one_plain_choice_that_the_run_remembers(home, capsys):
    assert train(home, "--network", "small") == 0
    capsys.readouterr()
    with Workspace.open(home) as workspace:
        run = workspace.project().run()
        assert run.row.settings["network"] == "small"
        assert load_model(workspace.project().store, run.row).network.plan.blocks == 1


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("resnet18.pth", "invalid_input", "resnet18.pth is a pickled file"),
        ("nowhere.safetensors", "not_found", "no weights at"),
    ],
)
def test_weights_that_cannot_be_used_are_one_clear_error(
    home, tmp_path, capsys, name, code, message
):
    assert train(home, "--init", str(tmp_path / name)) == 1
    told = json.loads(capsys.readouterr().err)
    assert told["code"] == code
    assert message in told["message"]
    assert told["hint"]
