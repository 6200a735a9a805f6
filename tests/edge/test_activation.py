"""Every bad bundle is refused or rolled back, and the line gets verdicts all the while."""

import contextlib
import json
import signal
import subprocess
import sys
import threading

import pytest

from pitmark.core.errors import BundleError, ConflictError, PitmarkError, StorageError
from pitmark.edge.activation import Gate, activate
from pitmark.edge.live import LiveRelease
from pitmark.edge.slots import Slots
from pitmark.edge.trial import NgRate, Trial, TrialLimits
from tests.edge import releases
from tests.edge.networks import part_image
from tests.edge.releases import TRUSTED, release

GATE = Gate(TRUSTED)
OFFERED = 5

REFUSED = {
    "tampered": (releases.tampered, "signature by key .* is false"),
    "a flipped byte": (releases.flipped, "damaged|not a readable archive"),
    "truncated": (releases.truncated, "not a readable archive|lacks manifest"),
    "unsigned": (releases.unsigned, "is not signed"),
    "signed by another key": (releases.other_key, "trusted are"),
    "of another project": (releases.other_project, "of the project 'lids'"),
    "without golden images": (releases.without_golden, "no golden images"),
    "external tensor": (releases.external_tensor, "keeps a tensor in another file"),
    "disagreeing": (releases.disagreeing, "no model of the bundle gives on this device"),
}


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def line(tmp_path):
    """A device on which release 3 runs, past its trial."""
    slots = Slots(tmp_path / "slots" / "main")
    live = LiveRelease(slots, GATE, TrialLimits(seconds=30, images=3), clock=Clock())
    live.activate(release(tmp_path, 3))
    assert live.held.version == 3
    return live, slots


def judge(live, *, bright=True):
    found, held = live.inspect(part_image(4, bright=bright), name="part")
    return found.verdict.outcome, held.version


def broken(*_):
    raise IndexError("index 7 is out of bounds")


def offer(live, data):
    """Activate in one thread while another inspects; gives the error and all verdicts."""
    outcome, verdicts, done = [], [], threading.Event()

    def work():
        try:
            live.activate(data)
            outcome.append(None)
        except PitmarkError as error:
            outcome.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        verdicts.append(judge(live))
    verdicts.append(judge(live))
    thread.join()
    return outcome[0], verdicts


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_bundle_is_refused_and_the_line_goes_on(line, tmp_path, kind):
    live, slots = line
    make, match = REFUSED[kind]
    error, verdicts = offer(live, make(tmp_path, OFFERED))
    with pytest.raises(PitmarkError, match=match):
        raise error
    assert set(verdicts) == {("NG", 3)}
    assert slots.notes()[-1]["outcome"] == "refused"
    assert slots.pointer().current.version == 3
    assert activate(slots, release(tmp_path, OFFERED), GATE).held.version == OFFERED


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_lower_or_equal_version_is_refused(line, tmp_path, version):
    live, _ = line
    with pytest.raises(BundleError, match=f"release {version} is not newer than 3"):
        live.activate(release(tmp_path, version))
    assert judge(live) == ("NG", 3)


def test_a_slow_bundle_is_refused(line, tmp_path):
    _, slots = line
    with pytest.raises(BundleError, match=r"takes \d+ ms per image .* allowed are 1 ms"):
        activate(slots, releases.slow(tmp_path, OFFERED), Gate(TRUSTED, latency_ms=1.0))
    assert slots.pointer().current.version == 3


def test_a_good_release_runs_on_trial_and_is_kept_after_it(line, tmp_path):
    live, slots = line
    error, verdicts = offer(live, release(tmp_path, 4))
    assert error is None
    assert {v[0] for v in verdicts} == {"NG"}
    assert judge(live) == ("NG", 4)
    assert live.on_trial
    assert slots.pointer().previous.version == 3
    for _ in range(3):
        judge(live)
    assert live.settle() is None
    live._clock.now += 31
    assert live.settle() == "kept"
    assert not slots.pointer().trial
    assert slots.pointer().previous.version == 3


def test_nothing_is_activated_while_a_release_is_on_trial(line, tmp_path):
    live, _ = line
    live.activate(release(tmp_path, 4))
    with pytest.raises(ConflictError, match="still on trial"):
        live.activate(release(tmp_path, 5))


def test_a_jump_of_the_share_of_ng_parts_rolls_back(line, tmp_path):
    live, slots = line
    for _ in range(40):
        assert judge(live, bright=False) == ("OK", 3)
    live.activate(releases.ng_for_all(tmp_path, 4))
    seen = [judge(live, bright=False) for _ in range(30)]
    assert seen[0] == ("NG", 4)
    assert seen[-1] == ("OK", 3)
    assert live.settle() == "rolled back"
    assert "share of NG parts rose from 0% to 100%" in live.last_failure
    assert slots.pointer().current.version == 3
    assert not slots.pointer().trial
    with pytest.raises(BundleError, match="failed on this device before"):
        live.activate(releases.ng_for_all(tmp_path, 4))


def test_a_release_that_fails_on_a_part_is_rolled_back_and_the_part_gets_its_verdict(
    line, tmp_path, monkeypatch
):
    live, _ = line
    live.activate(release(tmp_path, 4))
    assert judge(live) == ("NG", 4)

    monkeypatch.setattr(live.inspector, "predict", broken)
    assert judge(live) == ("NG", 3)
    assert live.settle() == "rolled back"
    assert "could not judge 'part'" in live.last_failure
    assert judge(live) == ("NG", 3)


class PartAtTheLastMoment(Slots):
    """Slots of a device on whose line a part goes through while a release is confirmed."""

    def confirm(self):
        super().confirm()
        self.part()


def test_a_release_that_fails_while_it_is_confirmed_is_taken_back(tmp_path, monkeypatch):
    slots = PartAtTheLastMoment(tmp_path / "slots" / "main")
    live = LiveRelease(slots, GATE, TrialLimits(seconds=0, images=1), clock=Clock())
    live.activate(release(tmp_path, 3))
    live.activate(release(tmp_path, 4))
    assert judge(live) == ("NG", 4)
    new, seen = live.inspector, []

    def part():
        with monkeypatch.context() as patch:
            patch.setattr(new, "predict", broken)
            seen.append(judge(live))

    slots.part = part
    assert live.settle() == "rolled back"
    assert seen == [("NG", 3)]
    assert "could not judge 'part'" in live.last_failure
    assert judge(live) == ("NG", 3)
    assert slots.pointer().current.version == 3
    assert live.settle() is None


def test_a_failure_that_is_settled_before_its_part_is_answered_is_settled_once(
    line, tmp_path, monkeypatch
):
    live, slots = line
    live.activate(release(tmp_path, 4))
    trial, settled = live._running.trial, []
    fail = trial.fail

    def fail_and_settle(reason):
        counted = fail(reason)
        settled.append(live.settle())
        return counted

    monkeypatch.setattr(trial, "fail", fail_and_settle)
    monkeypatch.setattr(live.inspector, "predict", broken)
    assert judge(live) == ("NG", 3)
    assert settled == ["rolled back"]
    assert live.settle() is None
    assert judge(live) == ("NG", 3)
    assert slots.pointer().current.version == 3
    assert live.rollbacks == 1


def test_a_trial_that_is_closed_cannot_fail_and_one_that_failed_cannot_be_closed():
    kept, failed = (Trial(TrialLimits(), None, 0.0) for _ in range(2))
    assert kept.close()
    assert not kept.fail("too late")
    assert kept.failure is None
    assert failed.fail("slow")
    assert not failed.close()
    assert failed.failure == "slow"


def test_an_image_that_nobody_can_judge_is_not_held_against_a_new_release(line, tmp_path):
    live, _ = line
    live.activate(release(tmp_path, 4))
    found, held = live.inspect(b"no image", name="dark.png")
    assert (found.verdict.outcome, held.version) == ("error", 4)
    assert live.settle() is None


def test_a_release_that_has_become_slow_is_rolled_back(tmp_path):
    slots = Slots(tmp_path / "slots" / "main")
    limits = TrialLimits(latency_ms=0.0)
    live = LiveRelease(slots, GATE, limits, clock=Clock())
    live.activate(release(tmp_path, 3))
    live.activate(release(tmp_path, 4))
    versions = [judge(live)[1] for _ in range(6)]
    assert versions == [4, 4, 4, 4, 4, 3]
    assert live.settle() == "rolled back"
    assert "5 images in a row took longer" in live.last_failure


def test_the_release_before_gives_a_second_opinion_during_a_trial(line, tmp_path):
    live, _ = line
    assert live.second_opinion(part_image(4)) is None
    live.activate(releases.ng_for_all(tmp_path, 4))
    assert judge(live, bright=False) == ("NG", 4)
    assert live.second_opinion(part_image(4, bright=False)).outcome == "OK"


def restarted(slots, **limits):
    live = LiveRelease(slots, GATE, TrialLimits(**limits), clock=Clock())
    live.start()
    return live


def test_a_device_starts_again_with_what_it_ran(line):
    _, slots = line
    live = restarted(slots)
    assert judge(live) == ("NG", 3)
    assert live.status()["version"] == 3
    assert not live.on_trial


def test_a_release_that_brings_the_device_down_is_rolled_back_at_the_third_start(
    line, tmp_path
):
    live, slots = line
    live.activate(release(tmp_path, 4))
    assert [restarted(slots).held.version for _ in range(3)] == [4, 4, 3]
    assert slots.notes()[-1]["outcome"] == "rolled back"


def test_a_damaged_slot_gives_way_to_the_release_before(line, tmp_path):
    live, slots = line
    live.activate(release(tmp_path, 4))
    path = slots.folder / f"{slots.pointer().current.slot}.pitmark"
    path.write_bytes(path.read_bytes()[:-100])
    found = restarted(slots)
    assert found.held.version == 3
    assert "does not hold release 4 any more" in found.last_failure


def test_a_device_without_a_release_answers_with_an_error(tmp_path):
    live = restarted(Slots(tmp_path / "slots" / "main"))
    found, held = live.inspect(part_image(1))
    assert (found.verdict.outcome, found.verdict.reason) == ("error", "no release is loaded")
    assert held is None


def test_the_only_release_is_not_rolled_back_to_nothing(tmp_path):
    slots = Slots(tmp_path / "slots" / "main")
    live = LiveRelease(slots, GATE, TrialLimits(latency_ms=0.0), clock=Clock())
    live.activate(release(tmp_path, 1))
    assert {judge(live) for _ in range(20)} == {("NG", 1)}


def test_a_damaged_pointer_is_told_and_not_guessed_around(line):
    _, slots = line
    (slots.folder / "pointer.json").write_text("{")
    with pytest.raises(StorageError, match=r"pointer\.json cannot be read"):
        slots.pointer()


STEPS = (
    "checked",
    "proved",
    "timed",
    "slot written",
    "slot in place",
    "pointer written",
    "swapped",
)

KILLED = """
import os, signal, sys
from pathlib import Path
from pitmark.edge.activation import Gate, activate
from pitmark.edge.signing import read_keys
from pitmark.edge.slots import Slots
folder, bundle, keys, at = sys.argv[1:]
def step(name):
    if name == at:
        os.kill(os.getpid(), signal.SIGKILL)
activate(Slots(Path(folder)), Path(bundle), Gate(read_keys(Path(keys))), step=step)
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_device_killed_at_any_step_starts_with_a_whole_release(line, tmp_path, step):
    _, slots = line
    bundle, keys = tmp_path / "new.pitmark", tmp_path / "keys.txt"
    bundle.write_bytes(release(tmp_path, 4))
    keys.write_text(TRUSTED[0].line + "\n")
    command = [sys.executable, "-c", KILLED, str(slots.folder), str(bundle), str(keys), step]
    done = subprocess.run(command, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    live = restarted(slots)
    expected = 4 if step == "swapped" else 3
    assert judge(live) == ("NG", expected)
    if expected == 3:
        live.activate(bundle)
    assert judge(live) == ("NG", 4)
    told = [(n["outcome"], n.get("version")) for n in slots.notes()]
    assert told == [("activated", 3), ("activated", 4)]


class KilledBeforeTheRecord(Slots):
    """Slots of a device that goes down where the pointer is written and the record is not."""

    def complete_record(self):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("change", "runs", "line_of_record"),
    [
        (lambda slots: slots.confirm(), 4, {"outcome": "kept", "version": 4}),
        (
            lambda slots: slots.roll_back("too slow"),
            3,
            {"outcome": "rolled back", "version": 4, "to": 3, "reason": "too slow"},
        ),
    ],
)
def test_a_kill_between_pointer_and_record_loses_no_line_of_it(
    line, tmp_path, change, runs, line_of_record
):
    live, slots = line
    live.activate(release(tmp_path, 4))
    before = slots.notes()
    with contextlib.suppress(KeyboardInterrupt):
        change(KilledBeforeTheRecord(slots.folder))
    assert slots.notes() == before
    for _ in range(2):
        assert judge(restarted(slots)) == ("NG", runs)
        (last,) = slots.notes()[len(before) :]
        assert {name: last[name] for name in line_of_record} == line_of_record
        assert last.keys() - line_of_record.keys() == {"at"}


def test_a_record_that_cannot_be_read_keeps_no_device_from_starting(line):
    _, slots = line
    (slots.folder / "activations.jsonl").unlink()
    (slots.folder / "activations.jsonl").mkdir()
    assert judge(restarted(slots)) == ("NG", 3)


def test_the_steps_that_are_killed_at_are_all_there_are(line, tmp_path):
    _, slots = line
    seen = []
    activate(slots, release(tmp_path, 4), GATE, step=seen.append)
    assert tuple(seen) == STEPS


def test_the_record_of_activations_holds_every_attempt(line, tmp_path):
    live, slots = line
    with pytest.raises(BundleError, match="not newer"):
        live.activate(release(tmp_path, 2))
    live.activate(release(tmp_path, 4))
    told = [(n["outcome"], n.get("version")) for n in slots.notes()]
    assert told == [("activated", 3), ("refused", None), ("activated", 4)]
    assert json.dumps(slots.notes()[1]).count("not newer") == 1


def test_a_trial_ends_when_time_and_images_are_over():
    trial = Trial(TrialLimits(seconds=10, images=2), None, 0.0)
    assert not trial.passed(11)
    trial.note("OK", 1.0)
    trial.note("OK", 1.0)
    assert not trial.passed(9)
    assert trial.passed(11)
    trial.fail("why")
    trial.fail("later")
    assert not trial.passed(11)
    assert trial.failure == "why"


def test_a_trial_on_a_slow_line_ends_by_time_alone():
    trial = Trial(TrialLimits(seconds=10), None, 0.0)
    assert not trial.passed(1000)
    assert trial.passed(1200)


def test_the_share_of_ng_parts_is_that_of_the_latest():
    rate = NgRate(window=4)
    assert rate.rate == 0.0
    for outcome in ("OK", "OK", "NG", "error", "OK", "OK"):
        rate.note(outcome)
    assert rate.rate == 0.5
    assert rate.count == 4
