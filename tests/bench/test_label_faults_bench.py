"""The benchmark of label faults: its pictures, its tables, and its arguments."""

import argparse

import numpy as np
import pytest

from bench.faults_classes import _ece, _group, _table
from bench.faults_pictures import INCONSISTENT, class_names, make_pictures
from bench.label_faults import read_arguments


def test_thirty_pictures_of_one_class_are_labeled_by_another_rule(tmp_path):
    drawn = make_pictures(tmp_path / "p", 1300, 1)
    faulty = [d for d in drawn if d.faulty]
    assert len(faulty) == INCONSISTENT
    assert len({(d.true, d.given) for d in faulty}) == 1
    others = {d.labeler for d in drawn if not d.faulty}
    assert len({d.labeler for d in faulty}) == 3 < len(others)
    assert {d.true for d in drawn} == set(class_names())
    assert make_pictures(tmp_path / "p", 1300, 1) == drawn


def test_calibration_error_is_none_where_scores_are_shares():
    truth = np.tile([True, False, False, False], 50)
    assert _ece(np.full(200, 0.25), truth) == pytest.approx(0)
    assert _ece(np.full(200, 0.95), truth) == pytest.approx(0.7)


def test_numbers_of_files_group_parts_from_one_on():
    names = ["a/cell0001.png", "a/cell0060.png", "a/cell0061.png"]
    assert [_group(n, 60) for n in names] == ["range 0", "range 0", "range 1"]
    assert _group("a/x.png", None) == "a/x.png"


def test_tables_with_and_without_a_header_are_read_and_lost_images_left_out(tmp_path):
    (tmp_path / "one.png").write_bytes(b"")
    (tmp_path / "plain.csv").write_text("one.png   0.5  mono\ntwo.png   0.0  mono\n")
    (tmp_path / "named.csv").write_text("image,fate\none.png,same\n")
    options = argparse.Namespace(metadata=None, columns="")
    plain = _table(tmp_path, options, default="plain.csv", columns="image,grade,kind")
    assert plain == [{"image": "one.png", "grade": "0.5", "kind": "mono"}]
    named = _table(tmp_path, options, default="named.csv", columns="")
    assert named == [{"image": "one.png", "fate": "same"}]
    with pytest.raises(SystemExit, match="there is no table"):
        _table(tmp_path, options, default="lost.csv", columns="")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "either --scenario or --scale"),
        (["--scenario", "thirty", "--scale", "9,9"], "either --scenario or --scale"),
        (["--scenario", "graded"], "needs at least one --data"),
    ],
)
def test_arguments_that_do_not_fit_are_named(given, told):
    with pytest.raises(SystemExit, match=told):
        read_arguments(given)
