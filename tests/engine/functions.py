"""Small job functions for the tests of engines; each leaves a trace in a file."""

import os
import time
from pathlib import Path

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.progress import Progress
from pitmark.core.work import Outcome

TABLE = {
    name: f"tests.engine.functions:{name}"
    for name in ("add", "count", "fail", "broken", "die", "die_once", "deaf", "keep", "publish")
}


def _trace(context, word):
    """One line per event, appended whole, so that two processes cannot mix."""
    path = Path(context.workspace) / "trace"
    line = f"{word} {context.work.id} {context.work.attempt} {os.getpid()}\n"
    with path.open("ab", buffering=0) as file:
        file.write(line.encode())


def add(context):
    _trace(context, "add")
    return Outcome({"sum": sum(context.work.options["numbers"])})


def count(context):
    """Counts to `to`, one step each `step_s`, telling of each.

    At the step `waits_at` it goes on telling of that step until there is a file `go` in the
    workspace: so a test can look at it while it works, however fast the machine is.
    """
    _trace(context, "count")
    options, go = context.work.options, Path(context.workspace) / "go"
    total = options["to"]
    for done in range(1, total + 1):
        told = False
        while not told or (done == options.get("waits_at") and not go.exists()):
            context.report(Progress("count", done, total, eta_s=1.0, facts={"loss": 1 / done}))
            time.sleep(options.get("step_s", 0.02))
            told = True
    return Outcome({"counted": total, "attempt": context.work.attempt})


def fail(context):
    raise NotEnoughDataError("there is nothing to learn from", hint="Label some images.")


def broken(context):
    return Outcome({"sum": 1 + "1"})


def die(context):
    _trace(context, "die")
    os.kill(os.getpid(), 9)


def die_once(context):
    _trace(context, "die_once")
    if context.work.attempt == 1:
        os.kill(os.getpid(), 9)
    return Outcome({"attempt": context.work.attempt})


def deaf(context):
    """Never tells of itself, so that it cannot hear."""
    _trace(context, "deaf")
    time.sleep(600)


def keep(context):
    return Outcome({}, artifact=context.artifacts.put(b"made by a job"))


def publish(context):
    """As `count`, and leaves a trace just before its result is published."""
    done = count(context)
    _trace(context, "publish")
    return done
