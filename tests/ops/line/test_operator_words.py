"""What people on the line read has no word of machine learning in it."""

import ast
import re
from pathlib import Path

import click
import pytest

import pitmark.ops.line.promotion_checks as checks_module
from pitmark.cli import harm as harm_command
from pitmark.cli import upkeep as commands
from pitmark.cli.main import cli
from pitmark.core.errors import NotAllowedError
from pitmark.ops.line import (
    feedback,
    feedback_queue,
    harm,
    limits,
    promotion,
    promotion_gate,
    promotion_line,
    promotion_record,
    promotion_rollout,
    promotion_watch,
    schedule,
    updating,
    upkeep,
)
from pitmark.ops.line.feedback import feed_back
from pitmark.ops.line.limits import Actor, set_limits
from pitmark.ops.line.upkeep import upkeep_status
from tests.ops.on_the_line import send

FORBIDDEN = (
    "accuracy", "algorithm", "AUROC", "bootstrap", "calibration", "candidate", "champion",
    "checkpoint", "classifier", "confidence", "confusion", "dataset", "embedding", "epoch",
    "false positive", "feature", "F1", "finetune", "gradient", "hyperparameter", "inference",
    "latency", "learn", "loss", "machine learning", "metric", "model", "network",
    "neural", "ONNX", "overfit", "parity", "precision", "predict", "quantiz", "recall",
    "retrain", "score", "significan", "softmax", "snapshot", "tensor", "threshold", "torch",
    "train", "validation", "weights",
)  # fmt: skip
WORDS = re.compile(r"\b(" + "|".join(map(re.escape, FORBIDDEN)) + r")", re.IGNORECASE)
# Names of functions in which every text is for an engineer or a program.
_PROGRAMS = {"to_json", "__post_init__", "from_json", "set_limits"}


def offending(text):
    return WORDS.findall(text)


def test_the_list_finds_what_it_must_and_lets_plain_words_pass():
    assert offending("The model was retrained at a lower threshold") != []
    assert offending("Version 3 is in use; a map, constraints, strain") == []
    assert offending("A new version was made from 64 pictures") == []


def _sentences_in(module):
    """All texts of a module that could be shown: those with a space, without docstrings."""
    tree = ast.parse(Path(module.__file__).read_text())
    shown = []
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name in _PROGRAMS:
            function.body = []
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and id(node) not in docs and " " in node.value.strip():
            shown.append(node.value)
    return shown


@pytest.mark.parametrize(
    "module",
    [
        checks_module,
        feedback,
        feedback_queue,
        harm,
        limits,
        promotion,
        promotion_gate,
        promotion_line,
        promotion_record,
        promotion_rollout,
        promotion_watch,
        schedule,
        updating,
        upkeep,
    ],
    ids=lambda m: m.__name__.rpartition(".")[2],
)
def test_no_text_of_the_upkeep_has_one(module):
    shown = _sentences_in(module)
    assert shown
    assert {text: offending(text) for text in shown if offending(text)} == {}


@pytest.mark.parametrize(
    "command", [*commands.COMMANDS, *harm_command.COMMANDS], ids=lambda c: c.name
)
def test_no_help_of_its_commands_has_one(command):
    top = click.Context(cli, **cli.context_settings)
    help_text = command.get_help(click.Context(command, info_name=command.name, parent=top))
    assert offending(help_text) == []


def test_what_really_is_told_has_none(line):
    send(line, range(100, 120), light=1.5, alarm=True)
    told = feed_back(line, by="olga").sentences()
    told += [f.why for f in line.findings.list(kind=feedback_queue.KIND)]
    told += upkeep_status(line).sentences()
    set_limits(line, {"allowed": ["feedback"]}, actor=Actor("ada", "admin"))
    with pytest.raises(NotAllowedError) as refused:
        limits.expect_allowed(line, "update", Actor("olga", "operator"))
    told += [refused.value.message, refused.value.hint]
    assert len(told) > 20
    assert {text: offending(text) for text in told if offending(text)} == {}
