"""Every line of the table in docs/edge.md, on a device that judges parts all the while."""

import threading
from contextlib import contextmanager

import pytest

from pitmark.edge.network import Network
from pitmark.edge.trial import TrialLimits
from tests.edge import releases
from tests.edge.lines import png, running, served, spec_in, until
from tests.edge.networks import onnx_for, spec_for
from tests.edge.releases import TRUSTED, release

REFUSED = {
    "a flipped byte": (releases.flipped, "damaged|not a readable archive"),
    "cut short": (releases.truncated, "not a readable archive|lacks manifest"),
    "changed under its signature": (releases.tampered, "signature by key .* is false"),
    "another model than the manifest says": (releases.wrong_hash, "damaged or was changed"),
    "unsigned": (releases.unsigned, "is not signed"),
    "signed by another key": (releases.other_key, "trusted are"),
    "of another project": (releases.other_project, "of the project 'lids'"),
    "a lower version": (lambda folder, _: release(folder, 2), "not newer than 3"),
    "the same version": (lambda folder, _: releases.without_golden(folder, 3), "not newer"),
    "a tensor in another file": (releases.external_tensor, "a tensor in another file"),
    "a file that no bundle holds": (releases.stowaway, "which no bundle holds"),
    "a name that leads out": (releases.leading_out, "a name that leads out of it"),
    "a link": (releases.linked, "is a link or no plain file"),
    "arrays to be unpickled": (releases.pickled, "golden"),
    "without golden images": (releases.without_golden, "no golden images"),
    "with other golden answers": (releases.disagreeing, "no model of the bundle gives"),
}


class Line:
    """Shows parts to a device one after the other, in a thread, and keeps what it said."""

    def __init__(self, call, *, bright=True):
        self._call, self._part, self.told = call, png(bright=bright), []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        self.more(3)
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def more(self, count):
        """Wait for as many verdicts more."""
        known = len(self.told)
        until(lambda: len(self.told) >= known + count or not self._thread.is_alive())
        assert self._thread.is_alive(), "the line stopped"

    def _run(self):
        while not self._end.is_set():
            status, told = self._call("POST", "/points/top/images?name=p.png", self._part)
            assert status == 200, told
            held = told["release"]["version"] if told["release"] else None
            self.told.append((told["verdict"]["outcome"], held))


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """A device with release 3, asked over HTTP, that trusts one key."""
    folder = tmp_path_factory.mktemp("device")
    with served(folder, keys=keys_in(folder)) as (station, call):
        yield station, call


def keys_in(folder):
    path = folder / "keys.txt"
    path.write_text(TRUSTED[0].line + "\n")
    return path


@contextmanager
def on_trial(folder, bundle, *, bright, before=0, **limits):
    """A line on which a release has just taken the place of release 3."""
    trial = TrialLimits(**{"seconds": 3600.0, **limits})
    device = served(folder, keys=keys_in(folder), trial=trial)
    with device as (station, call), Line(call, bright=bright) as line:
        line.more(before)
        assert call("POST", "/releases/main", bundle)[0] == 200
        yield station, line, call


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_bundle_is_refused_by_a_device_that_goes_on_judging(device, tmp_path, kind):
    station, call = device
    make, match = REFUSED[kind]
    with Line(call) as line:
        status, told = call("POST", "/releases/main", make(tmp_path, 5))
        line.more(3)
    assert status == 422, told
    with pytest.raises(AssertionError, match=match):
        raise AssertionError(told["message"])
    assert set(line.told) == {("NG", 3)}
    assert station.healthy
    assert station.releases["main"].status()["version"] == 3


def test_a_bundle_that_is_too_slow_is_refused_by_a_device_that_goes_on_judging(tmp_path):
    keys = keys_in(tmp_path)
    with running(spec_in(tmp_path, keys=keys), release(tmp_path, 3)):
        pass
    with served(tmp_path, keys=keys, latency_ms=1e-3, version=None) as (_, call):
        with Line(call) as line:
            status, told = call("POST", "/releases/main", releases.slow(tmp_path, 5))
            line.more(3)
        assert status == 422
        assert "ms per image on this device, allowed are 0 ms" in told["message"]
        assert set(line.told) == {("NG", 3)}


def test_a_release_that_cannot_judge_the_parts_of_the_line_is_taken_back(tmp_path):
    bundle = releases.brittle(tmp_path, 5)
    with on_trial(tmp_path, bundle, bright=True) as (station, line, call):
        until(lambda: station.releases["main"].rollbacks == 1)
        line.more(3)
        assert set(line.told) == {("NG", 3)}
        assert "it could not judge 'p.png'" in station.releases["main"].last_failure
        status, told = call("POST", "/releases/main", bundle)
        assert status == 422
        assert "failed on this device before" in told["message"]


def test_a_release_that_becomes_slow_is_taken_back(tmp_path):
    bundle = release(tmp_path, 5)
    with on_trial(tmp_path, bundle, bright=True, latency_ms=0.0) as (station, line, _):
        until(lambda: station.releases["main"].rollbacks == 1)
        line.more(3)
        assert set(line.told) == {("NG", 3), ("NG", 5)}
        assert line.told[-1] == ("NG", 3)
        assert "took longer than 0 ms" in station.releases["main"].last_failure


def test_a_release_that_calls_every_part_ng_is_taken_back(tmp_path):
    bundle = releases.ng_for_all(tmp_path, 5)
    with on_trial(tmp_path, bundle, bright=False, before=25) as (station, line, _):
        until(lambda: station.releases["main"].rollbacks == 1)
        line.more(3)
        assert set(line.told) == {("OK", 3), ("NG", 5)}
        assert line.told[-1] == ("OK", 3)
        assert "the share of NG parts rose" in station.releases["main"].last_failure


def test_a_release_whose_golden_images_come_out_otherwise_later_is_taken_back(tmp_path):
    bundle = release(tmp_path, 5)
    with on_trial(tmp_path, bundle, bright=True) as (station, line, _):
        live = station.releases["main"]
        line.more(3)
        # As where the library below it was exchanged: the same parts get other scores.
        other = Network(onnx_for("detection", bias=3.0), spec_for("detection"), name="other")
        live.inspector._network = other
        live._running.trial._limits = TrialLimits(seconds=0.0, images=1)
        until(lambda: live.rollbacks == 1)
        line.more(3)
        assert line.told[-1] == ("NG", 3)
        assert "disagrees with training" in live.last_failure


def test_a_release_with_which_a_device_goes_down_is_taken_back_at_the_third_start(tmp_path):
    spec = spec_in(tmp_path, keys=keys_in(tmp_path), trial=TrialLimits(seconds=3600.0))
    with running(spec, release(tmp_path, 3)) as station:
        station.activate("main", release(tmp_path, 5))
    seen = []
    for _ in range(3):
        with running(spec) as station:
            seen.append(station.releases["main"].held.version)
    assert seen == [5, 5, 3]
