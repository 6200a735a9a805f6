"""Synthesis by commands: the loop in one command, its record, and what wrong input gets."""

import json

import pytest

from tests.ops.toys import mask_folder

QUICK = ("--preset", "fast", "--steps", "48", "--side", "64", "--threads", "1")


@pytest.fixture
def pitmark(tmp_path, pitmark_in):
    """Runs a command on a project with a snapshot."""
    home = tmp_path / "home"
    call = pitmark_in(home)

    call("new", "parts", "--task", "segmentation")
    call("import", mask_folder(tmp_path / "in"))
    call("snapshot", "--train", 12, "--val", 4)
    return call


def test_one_command_makes_learns_tests_and_decides(pitmark):
    assert pitmark("synthesize", "--list", as_json=False)[1] == "Nothing was made yet.\n"
    status, done, _ = pitmark("synthesize", "--amount", 3, *QUICK)
    assert status == 0
    assert (done["amount"], done["kept"]) in {(3, True), (3, False)}
    assert done["sentences"][-1].startswith("Kept: " if done["kept"] else "Dropped: ")
    assert pitmark("synthesize", "--list")[1] == [done]
    assert (
        pitmark("synthesize", "--list", as_json=False)[1].splitlines()[1:] == done["sentences"]
    )


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("crater",), 1, "invalid_label"),
        (("--where", "camera"), 2, None),
        (("--where", "camera=cam9"), 1, "invalid_input"),
        (("--amount", "0"), 2, None),
        (("--policy", "fog"), 2, None),
        (("--kind", "foam"), 1, "invalid_input"),
        (("--snapshot", "nowhere"), 1, "not_found"),
    ],
)
def test_wrong_input_gets_one_clear_error(pitmark, arguments, status, code):
    found, result, errors = pitmark("synthesize", *arguments, *QUICK)
    assert (found, result) == (status, "")
    assert "Traceback" not in errors
    if code is not None:
        assert json.loads(errors)["code"] == code
