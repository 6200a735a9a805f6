"""The whole loop by commands, as a user types them, and what wrong input gets."""

import json
import subprocess
import sys

import pytest

from docs.make_cli_page import page as make_page
from pitmark.cli.main import COMMANDS, cli, run
from tests.ops.toys import class_folder, pair_folder


@pytest.fixture
def pitmark(tmp_path, capsys):
    """Runs a command; gives exit status, the JSON result, and what went to stderr."""

    def call(*arguments):
        status = run([*map(str, arguments), "--home", str(tmp_path / "home"), "--json"])
        told = capsys.readouterr()
        return status, json.loads(told.out) if told.out.strip() else None, told.err

    return call


def test_the_loop_runs_by_commands_alone(pitmark, tmp_path):
    folder = class_folder(tmp_path / "in")
    assert pitmark("new", "parts", "--task", "classification")[0] == 0
    status, imported, _ = pitmark(
        "import", folder, "--pattern", "{camera}_{part}_{n}", "--group-by", "part"
    )
    assert (status, imported["added"]) == (0, 24)
    assert pitmark("snapshot")[1]["images"] == 24
    quick = ("--preset", "fast", "--side", 64, "--steps", 32, "--threads", 1)
    assert "accuracy" in pitmark("train", *quick)[1]["metrics"]
    page = tmp_path / "report.html"
    assert pitmark("evaluate", "--cost-escape", 5, "--html", page)[1]["choice"]
    assert page.read_text().startswith("<!doctype html>")
    audited = pitmark("audit", "--folds", 2, "--steps", 24, "--threads", 1)[1]
    listed = pitmark("findings")[1]
    assert len(listed) == min(20, audited["findings"])
    for row in listed[:1]:
        assert pitmark("settle", row["id"], "dismiss", "--by", "eva")[1]["state"] == "dismissed"
    bundle = tmp_path / "parts.pitmark"
    assert pitmark("release", bundle)[1]["gate"]["fp32"]["ok"]
    seen = pitmark("predict", bundle, folder)[1]
    assert (seen["images"], len(seen["inspections"])) == (24, 24)
    assert pitmark("export", tmp_path / "out", "--format", "csv")[1]["files"] > 0
    assert pitmark("status")[1][0]["releases"] == 1


def test_images_are_compared_with_their_references_by_commands(pitmark, tmp_path):
    folder = pair_folder(tmp_path / "in", count=12)
    rule = ("--reference", "{name}_ref")
    assert pitmark("new", "parts", "--task", "detection")[0] == 0
    assert pitmark("import", folder, *rule)[1]["compared"] == 12
    assert pitmark("status")[1][0]["images"] == 12
    assert pitmark("snapshot")[1]["images"] == 12
    quick = ("--preset", "fast", "--side", 64, "--steps", 16, "--threads", 1)
    assert pitmark("train", *quick, "--no-reference")[1]["reference"]["used"] is False
    assert pitmark("train", *quick)[1]["reference"]["used"] is True
    bundle = tmp_path / "parts.pitmark"
    assert pitmark("release", bundle, "--no-int8")[1]["reference"] is True
    seen = pitmark("predict", bundle, folder / "images", *rule)[1]
    assert (seen["images"], seen["outcomes"].get("error", 0)) == (12, 0)
    assert pitmark("predict", bundle, folder / "images")[1]["outcomes"] == {"error": 24}
    assert pitmark("train", *quick, "--reference", "--quick")[0] == 1


def test_missing_references_are_one_clear_error(pitmark, tmp_path):
    folder = class_folder(tmp_path / "in", count=4)
    pitmark("new", "parts", "--task", "classification")
    status, result, errors = pitmark("import", folder, "--reference", "{name}_ref")
    told = json.loads(errors)
    assert (status, result, told["code"]) == (1, None, "invalid_input")
    assert "4 of 4 images have no reference (first: dent/" in told["message"]
    assert told["hint"]


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("status",), 1, "not_found"),
        (("new", "a/b", "--task", "detection"), 1, "invalid_input"),
        (("new", "a", "--task", "counting"), 2, None),
        (("import",), 2, None),
        (("fly",), 2, None),
        (("predict", "nothing.pitmark", "."), 1, "not_found"),
    ],
)
def test_wrong_input_gets_one_clear_error_and_its_exit_status(pitmark, arguments, status, code):
    found, result, errors = pitmark(*arguments)
    assert (found, result) == (status, None)
    assert "Traceback" not in errors
    if code is not None:
        told = json.loads(errors)
        assert told["code"] == code
        assert told["message"]


def test_errors_for_a_person_come_with_a_hint(tmp_path, capsys):
    assert run(["--home", str(tmp_path), "status"]) == 1
    told = capsys.readouterr().err
    assert "Error: there is no workspace" in told
    assert "Hint: " in told


def test_the_home_folder_comes_from_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PITMARK_HOME", str(tmp_path / "elsewhere"))
    assert run(["new", "parts", "--task", "anomaly"]) == 0
    assert (tmp_path / "elsewhere" / "pitmark.db").exists()
    assert "parts" in capsys.readouterr().out


def test_every_command_says_what_it_does_and_is_in_the_docs(request):
    page = (request.config.rootpath / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == make_page(), "run python docs/make_cli_page.py"
    own = {f"{g.name} {n}": c for g in COMMANDS for n, c in getattr(g, "commands", {}).items()}
    for name, command in {**{str(c.name): c for c in COMMANDS}, **own}.items():
        assert command.help
        assert f"## pitmark {name}\n" in page
        for parameter in command.params:
            assert all(o in page for o in parameter.opts if o.startswith("--"))
    assert {c.name for c in COMMANDS} == set(cli.commands)


def test_asking_for_help_loads_neither_torch_nor_sql():
    code = (
        "import sys; from pitmark.cli.main import run; run(['--help']);"
        "assert not {'torch', 'sqlalchemy', 'onnxruntime', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
