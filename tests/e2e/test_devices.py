"""Devices and a real server: the network is cut, both are restarted, and nothing is lost."""

import json
import signal
import stat
import subprocess
import sys

import pytest

from pitmark.cli.main import run
from pitmark.core.errors import InvalidInputError
from pitmark.edge.delivery import Backoff
from pitmark.edge.device_spec import ServerSpec
from pitmark.edge.parts import Frame
from pitmark.edge.slots import Slots
from pitmark.edge.trial import TrialLimits
from pitmark.ops.line import rollouts
from pitmark.ops.line.devices import add_device
from pitmark.ops.line.fleet import device_details
from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.store.db import open_store
from tests.e2e.cut_line import CutLine
from tests.edge.lines import png, running, spec_in, until
from tests.edge.releases import TRUSTED, disagreeing, ng_for_all
from tests.ops.fleets import add_release, make_project
from tests.sdk.conftest import Serving

QUICK = RolloutRules(min_hours=0, min_parts=0)
NAME = "press-3"


class Plant:
    """A workspace with a project, its server behind a line, and a device that may join."""

    def __init__(self, folder):
        self.folder, self.home = folder, folder / "home"
        self.store = open_store(self.home, create=True)
        self.project = make_project(self.store)
        self.serving = Serving(self.home)
        self.serving.__enter__()
        self.line = CutLine(self.serving.port)
        (folder / "keys.txt").write_text(TRUSTED[0].line + "\n")

    def restart(self):
        """Stop the server and start it again on the same port."""
        port = self.serving.port
        self.serving.__exit__()
        self.serving = Serving(self.home, port)
        self.serving.__enter__()

    def register(self):
        """Register the device by the command; gives the lines for its points file."""
        _, code = add_device(self.project, NAME, by="ann")
        key_file = self.folder / "device-key"
        assert run(["edge", "register", self.line.url, code, "--key-file", str(key_file)]) == 0
        return ServerSpec(
            self.line.url, key_file.read_text().strip(), NAME, update="ask", ask_s=1.0
        )

    def spec(self, **changes):
        """The device, which asks once a second."""
        changes.setdefault("server", self.register())
        about = {"name": "cell", "keys": self.folder / "keys.txt", **changes}
        return spec_in(self.folder, **about)

    def roll_out(self, make=None, **plan):
        """Make a release and offer it to all at once; gives its version."""
        made = add_release(self.project, self.folder, *([make] if make else []))
        shares = RolloutPlan((1.0,), rules=RolloutRules(min_hours=0, min_parts=0, **plan))
        rollouts.start(self.project, made.version, shares, by="ann")
        return made.version

    @property
    def device(self):
        return self.project.devices.get(NAME)

    def outcomes(self):
        notes = device_details(self.project, NAME).notes
        return [(n.version, n.outcome) for n in reversed(notes)]

    def close(self):
        self.line.close()
        self.serving.__exit__()
        self.store.close()


@pytest.fixture
def plant(tmp_path):
    made = Plant(tmp_path)
    yield made
    made.close()


def judge(station, name, *, bright=True):
    # A disk that is too slow costs images, which is another matter.
    until(lambda: station.recorder._queue.qsize() < 4)
    return station.point("top").push(Frame(name, png(bright=bright))).verdict.outcome


def hurry(station):
    """Try again within a tenth of a second, not within minutes."""
    station.delivery._backoff = station.talk._backoff = Backoff(0.05, 0.1)


def test_a_device_registers_and_its_key_is_for_itself_alone(plant, capsys):
    plant.register()
    told = capsys.readouterr().out
    assert f'device = "{NAME}"' in told
    assert stat.S_IMODE((plant.folder / "device-key").stat().st_mode) == 0o600
    assert [p.name for p in plant.folder.glob(".device-key*")] == []
    again = ["edge", "register", plant.line.url, "AAAA", "--key-file", str(plant.folder / "k")]
    assert run(again) == 1
    assert "used already" in capsys.readouterr().err
    assert not (plant.folder / "k").exists()


def test_a_code_is_not_used_up_where_the_key_could_not_be_kept(plant, capsys):
    _, code = add_device(plant.project, NAME, by="ann")
    (plant.folder / "file").write_text("")
    bad = str(plant.folder / "file" / "key")
    assert run(["edge", "register", plant.line.url, code, "--key-file", bad]) == 1
    assert "Nothing was used up" in capsys.readouterr().err
    plant.line.cut()
    good = str(plant.folder / "key")
    assert run(["edge", "register", plant.line.url, code, "--key-file", good]) == 1
    assert "does not answer" in capsys.readouterr().err
    plant.line.mend()
    assert run(["edge", "register", plant.line.url, code, "--key-file", good]) == 0


def test_every_part_arrives_once_though_the_network_is_cut_and_the_server_restarted(plant):
    version = plant.roll_out()
    with running(plant.spec(trial=TrialLimits(seconds=0.0, images=1))) as station:
        hurry(station)
        until(lambda: station.releases["main"].held is not None)
        assert station.releases["main"].held.version == version
        names = [f"part-{n}" for n in range(40)]
        for number, name in enumerate(names):
            assert judge(station, name, bright=number % 2 == 0) in ("OK", "NG")
            if number == 10:
                plant.line.cut()
            if number == 20:
                plant.line.mend()
            if number == 25:
                plant.restart()
            if number == 30:
                plant.line.break_after = 300  # Answers are lost on their way.
            if number == 35:
                plant.line.break_after = None
        until(lambda: plant.project.events.counts().get("OK", 0) == 20, seconds=60)
        until(lambda: sum(station.outbox.state().waiting.values()) == 0)
    events = plant.project.events.list()
    assert sorted(e.name for e in events) == sorted(names)
    assert {e.verdict for e in events if int(e.name[5:]) % 2 == 0} == {"NG"}
    shas = {e.sha256 for e in events if e.verdict == "NG"}
    assert None not in shas
    assert all(plant.project.blobs.read(sha) == png() for sha in shas)
    assert plant.store.check() == []
    counts = device_details(plant.project, NAME).shown.parts
    assert (counts.ok, counts.ng, counts.error) == (20, 20, 0)


def test_a_release_is_fetched_in_pieces_proved_and_told_of(plant):
    plant.roll_out()
    with running(plant.spec(trial=TrialLimits(seconds=0.0, images=1))) as station:
        hurry(station)
        until(lambda: plant.outcomes() == [(1, "activated")])
        until(lambda: plant.device.release == 1)
        plant.line.break_after = 3000  # Less than a bundle.
        before = plant.line.passed
        assert plant.roll_out() == 2
        size = plant.project.blobs.path(plant.project.releases.get(2).bundle_sha).stat().st_size
        assert size > 6000
        until(lambda: station.releases["main"].held.version == 2, seconds=120)
        plant.line.break_after = None
        # Going on where it was cut: far from as much as beginning anew each time.
        assert plant.line.passed - before < 4 * size + 200_000
        assert judge(station, "p") == "NG"
        until(lambda: plant.outcomes()[1:] == [(2, "activated"), (2, "kept")])
        until(lambda: (plant.device.release, plant.device.on_trial) == (2, False))
        assert rollouts.status(plant.project).row.state == "done"
        report = plant.device.state
        assert report["healthy"]
        assert report["disk"]["free_bytes"] > 0
        assert list((plant.folder / "device" / "update").glob("*.part")) == []


def test_a_release_that_the_gate_refuses_halts_the_rollout_and_is_fetched_once(plant):
    plant.roll_out()
    with running(plant.spec()) as station:
        hurry(station)
        until(lambda: plant.device.release == 1)
        plant.roll_out(disagreeing)
        until(lambda: (2, "refused") in plant.outcomes())
        until(lambda: plant.project.rollouts.get().state == "halted")
        assert "1 device refused the release" in plant.project.rollouts.get().why
        assert judge(station, "p") == "NG"
        assert station.releases["main"].held.version == 1
        rollouts.resume(plant.project, by="ann", rules=RolloutRules(refused=0))
        until(lambda: station.talk.status()["update"] == "refused before")
    assert plant.outcomes() == [(1, "activated"), (2, "refused")]


def test_a_release_that_is_taken_back_on_trial_halts_the_rollout(plant):
    plant.roll_out()
    limits = TrialLimits(seconds=3600, images=20)
    with running(plant.spec(trial=limits)) as station:
        hurry(station)
        until(lambda: plant.device.release == 1)
        for number in range(25):
            judge(station, f"good-{number}", bright=False)
        plant.roll_out(ng_for_all)
        until(lambda: station.releases["main"].held.version == 2)
        for number in range(25):
            judge(station, f"more-{number}", bright=False)
        until(lambda: (2, "rolled back") in plant.outcomes())
        until(lambda: plant.project.rollouts.get().state == "halted")
        assert station.releases["main"].held.version == 1
    notes = device_details(plant.project, NAME).notes
    assert "the share of NG parts rose" in notes[0].reason


def test_a_device_without_keys_to_trust_brings_no_releases_by_itself(plant):
    server = ServerSpec(plant.line.url, "k", update="ask")
    with pytest.raises(InvalidInputError, match="must know who may sign them"):
        spec_in(plant.folder, server=server)


def test_a_device_that_is_killed_while_it_updates_starts_with_the_old_release_or_the_new(plant):
    plant.roll_out()
    server = plant.register()
    points = plant.folder / "points.toml"
    points.write_text(
        f'[device]\nname = "cell"\nfolder = "device"\nkeys = "keys.txt"\n'
        f"[trial]\nseconds = 0.0\nimages = 1\n[listen]\nport = 0\n"
        f'[server]\nurl = "{server.url}"\ndevice = "{NAME}"\nkey_file = "device-key"\n'
        f'update = "ask"\nask_s = 1.0\n[[points]]\nname = "top"\n'
    )
    command = [sys.executable, "-m", "pitmark", "--json", "edge", "serve", "--points"]
    slots = Slots(plant.folder / "device" / "slots" / "main")

    def killed_when(ready):
        """Start the device as a process, and kill it as soon as something is true."""
        process = subprocess.Popen(
            [*command, str(points)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert json.loads(process.stdout.readline())["started"]["points"] == ["top"]
            until(ready, seconds=120)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()

    def held():
        pointer = slots.pointer()
        return pointer.current.version if pointer.current else None

    killed_when(lambda: held() == 1)
    plant.roll_out()
    bundle = plant.project.blobs.path(plant.project.releases.get(2).bundle_sha)
    plant.line.break_after = 2000 + bundle.stat().st_size // 3
    update, slot = plant.folder / "device" / "update", slots.folder
    for ready in (
        lambda: any(update.glob("*.part")),
        lambda: any(p.stat().st_size > 4000 for p in update.glob("*.part")),
        lambda: any(slot.glob(".*.new")) or len(list(slot.glob("?.pitmark"))) == 2,
        lambda: held() == 2,
    ):
        killed_when(ready)
        assert held() in (1, 2)
        slots.read(slots.pointer().current)  # Whole, whatever happened.
    assert held() == 2
    plant.line.break_after = None
    killed_when(lambda: (2, "activated") in plant.outcomes())
    assert plant.outcomes().count((2, "activated")) == 1
