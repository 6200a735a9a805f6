"""3 a.m.: the light changes, and an operator alone brings the line back.

    python3 dev.py bench night -- [--data FOLDER --task segmentation] --seeds 3 [--kill]

Part of a folder (of generated casings where none is named) becomes the project, another part
runs past a device that registered with the server, sends what it sees and asks for its
release. The network is off but for 127.0.0.1. Then the light of the line changes; an
operator (a token that may not manage anything) waits for the alarm, answers 40 pictures by
what is true and asks for an update, which reaches the device as a rollout. `--kill`
kills server, worker and device with SIGKILL at every arrow. What is timed begins with the
first changed part.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.loop import PITMARK, run_json
from bench.night_line import Part, make_project, operator_token, parts_of
from bench.night_machine import Machine, show_all
from bench.shape import finish, gate, parser, tell
from pitmark.core.errors import PitmarkError
from pitmark.core.progress import silent
from pitmark.ops.demo.factory import build_factory
from pitmark.sdk.workspace import RemoteWorkspace

_ALONE = "PITMARK_NIGHT_ALONE"
_KIND = "from_device"


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    alone = _without_network()
    results = []
    for data in arguments.data or [None]:
        for seed in range(arguments.seeds):
            with tempfile.TemporaryDirectory() as folder:
                results.append({**_night(data, seed, Path(folder), arguments), "alone": alone})
    wall = max(r["wall_s"] for r in results)
    gates = [
        gate("wall-clock under 600 s", wall, 600, at_least=False),
        gate("promoted in every draw", min(r["promoted"] for r in results), 1, at_least=True),
        gate(
            "false NG back within 10 points of before the change",
            max(r["false_ng"]["after"] - r["false_ng"]["before"] for r in results),
            0.1,
            at_least=False,
        ),
        gate(
            "lost or doubled",
            max(r["doubled"] + r["not_arrived"] + r["unanswered"] for r in results),
            0,
            at_least=False,
        ),
        gate("alarm in every draw", min(r["alarm"] for r in results), 1, at_least=True),
    ]
    finish("night", results, gates, arguments)


def _arguments() -> Any:
    out = parser(__doc__ or "")
    out.add_argument("--task", default="detection")
    out.add_argument("--import", dest="import_", default="", help="options of pitmark import")
    out.add_argument("--known", type=int, default=150, help="images of the project")
    out.add_argument("--calm", type=int, default=100, help="parts before the change")
    out.add_argument("--changed", type=int, default=200, help="parts after it, at most")
    out.add_argument("--last", type=int, default=100, help="parts after the update")
    out.add_argument("--corrections", type=int, default=40)
    out.add_argument("--light", type=float, default=0.6, help="factor on every pixel")
    out.add_argument("--slope", type=float, default=0.6, help="lighter left, darker right")
    out.add_argument("--quick", action="store_true", help="the first model, in closed form")
    out.add_argument("--cost-escape", type=float, default=10.0, help="against 1 of overkill")
    out.add_argument("--preset", default="fast")
    out.add_argument("--steps", type=int, help="image-steps instead of the preset's")
    out.add_argument("--side", type=int)
    out.add_argument("--threads", type=int, help="cores to learn with; all if left out")
    out.add_argument("--run-length", type=int, default=10_000)
    out.add_argument(
        "--margin", type=float, help="of the gate, set by the admin; its own if left out"
    )
    out.add_argument("--kill", action="store_true", help="SIGKILL at every arrow")
    return out.parse_args()


def _without_network() -> bool:
    """Leave the network but for loopback, where the system lets a user do so."""
    if os.environ.get(_ALONE) == "1":
        return True
    inside = f'ip link set lo up && {_ALONE}=1 exec "$@"'
    again = ["sh", "-c", inside, "sh", sys.executable, *sys.orig_argv[1:]]
    for way in (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"]):
        tried = subprocess.run([*way, "sh", "-c", "ip link set lo up"], capture_output=True)
        if tried.returncode == 0:
            os.execvp(way[0], [*way, *again])
    tell("the network cannot be left here: nothing but 127.0.0.1 is spoken to all the same")
    return False


def _night(data: Path | None, seed: int, folder: Path, arguments: Any) -> dict[str, Any]:
    home = folder / "home"
    data = data or _casings(folder / "casings", seed, arguments)
    known, line = parts_of(data, folder, seed, arguments)
    make_project(home, known, arguments.task)
    command = ["--home", str(home), "--json"]
    train = ["--preset", arguments.preset]
    train += ["--steps", str(arguments.steps)] if arguments.steps else []
    train += ["--side", str(arguments.side)] if arguments.side else []
    train += ["--quick"] if arguments.quick else []
    train += ["--cost-escape", str(arguments.cost_escape)]
    train += ["--threads", str(arguments.threads)] if arguments.threads else []
    run_json([*PITMARK, "snapshot", *command])
    _, first_s, _ = run_json([*PITMARK, "train", *train, *command])
    run_json([*PITMARK, "release", str(folder / "v1.pitmark"), *command])
    run_json([*PITMARK, "keys", "export", str(folder / "keys.txt"), *command])
    if arguments.margin is not None:
        run_json([*PITMARK, "limits", f"gate.margin={arguments.margin}", *command])
    token = operator_token(home)
    with Machine(home, folder, arguments.run_length) as machine:
        told = _loop(machine, token, line, arguments)
    return {"data": data.name, "seed": seed, "first_training_s": round(first_s, 1), **told}


def _loop(machine: Machine, token: str, line: Sequence[Part], arguments: Any) -> dict[str, Any]:
    n, m = arguments.calm, arguments.changed
    calm, changed, last = line[:n], line[n : n + m], line[n + m :][: arguments.last]
    kills = 0

    def arrow() -> None:
        nonlocal kills
        if arguments.kill:
            machine.kill_all()
            kills += 1

    before = show_all(machine, calm, 1.0, 0.0)
    arrow()
    start = time.monotonic()
    during = show_all(machine, changed, arguments.light, arguments.slope)
    alarm_s = time.monotonic() - start
    arrow()
    with RemoteWorkspace.connect(machine.url, token) as workspace:
        project = workspace.project("line")
        queued = _again(
            lambda: project.upkeep.feedback(options={"count": arguments.corrections})
        )
        arrow()
        names = _answer(project, machine.shown, arrow)
        answers_s = time.monotonic() - start - alarm_s
        bundle = machine.folder / "new.pitmark"
        result, cut = _update(machine, project, bundle, kill=arguments.kill)
        kills += cut
        update_s = time.monotonic() - start - alarm_s - answers_s
    swap_s = after = in_swap = None
    if result.promoted:
        at = time.monotonic()
        version = int(result.to_json()["version"])
        arrived, in_swap = _swapped(machine, version, arrow, kill=arguments.kill)
        kills += bool(in_swap)
        swap_s = round(time.monotonic() - at, 1) if arrived else None
        # What was answered was learned from: it says nothing of parts to come.
        asked = {machine.shown[n].group for n in names}
        last = [p for p in last if p.group not in asked]
        after = show_all(machine, last, arguments.light, arguments.slope)
        arrow()
    machine.arrived()
    wall = time.monotonic() - start
    return {
        "wall_s": round(wall, 1),
        "alarm": during["alarm"],
        "alarm_after": during["alarm_after"],
        "line_s": round(alarm_s, 1),
        "picked": queued.to_json()["picked"],
        "answers": len(names),
        "shown_after": len(last),
        "answers_s": round(answers_s, 1),
        "update_s": round(update_s, 1),
        "swap_s": swap_s,
        "promoted": result.promoted,
        "checks": {c["name"]: c["verdict"] for c in result.to_json()["checks"]},
        "sentences": result.sentences(),
        "ng_rate": _rates("ng", before, during, after),
        "false_ng": _rates("false_ng", before, during, after),
        "missed": _rates("missed", before, during, after),
        "taken_by_device": swap_s is not None,
        "unanswered": sum(s["lost"] for s in (before, during, after) if s),
        "kills": kills,
        "killed_in_swap": in_swap,
        "doubled": machine.doubled(),
        "not_arrived": machine.lost(),
    }


def _swapped(
    machine: Machine, version: int, arrow: Callable[[], None], *, kill: bool
) -> tuple[bool, bool | None]:
    """Whether the device came to run a version, and whether it was killed inside the swap."""
    arrow()
    in_swap = machine.cut_swap(version) if kill else None
    arrived = machine.runs(version)
    # The release is on trial: killed now, the device begins with it or the one before.
    arrow()
    return arrived and machine.runs(version), in_swap


def _rates(name: str, before: Any, during: Any, after: Any) -> dict[str, float]:
    out = {"before": before[name], "changed": during[name]}
    return {**out, "after": after[name] if after else during[name]}


def _casings(folder: Path, seed: int, arguments: Any) -> Path:
    """Photographs of casings, with the labels as their labelers drew them."""
    wanted = arguments.known + arguments.calm + arguments.changed
    tell(f"about {wanted} casings are photographed")
    made = build_factory(folder, seed=seed, images=wanted, size_wh=(448, 336), report=silent)
    return made.photos


def _again(do: Callable[[], Any]) -> Any:
    """What an operator does whose command was cut off: the same once more."""
    for _ in range(5):
        try:
            return do()
        except PitmarkError as exc:
            tell(f"again: {exc.message}")
            time.sleep(1)
    return do()


def _answer(project: Any, truth: dict[str, Part], arrow: Callable[[], None]) -> list[str]:
    """Answer what waits by what is true; gives the names of the pictures."""
    done = []
    rows = list(project.findings(kind=_KIND))
    names = {i.sha256: i.name for i in project.images()}
    for number, row in enumerate(rows):
        if number == len(rows) // 2:
            arrow()
        part_name = names[row.sha256]
        part = truth[part_name]
        _again(lambda row=row, part=part: project.settle(row.id, "correct", shapes=part.shapes))
        done.append(part_name)
    return done


def _update(machine: Machine, project: Any, out: Path, *, kill: bool) -> tuple[Any, int]:
    """Ask for the update; with `kill`, cut it off while it learns and while it decides."""
    if not kill:
        return project.upkeep.update(out), 0
    cuts = machine.cutting(("learn", "decide"))
    try:
        return project.upkeep.update(out), cuts()
    except PitmarkError as exc:
        tell(f"update: {exc.message}")
        return _again(lambda: project.upkeep.update(out)), cuts()


if __name__ == "__main__":
    main()
