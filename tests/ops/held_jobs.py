"""The real jobs, but a training that is not asked to go on stands still at its first steps.

So a test can look at it, stop it or kill it while it learns, however fast the machine is.
"""

import time
from dataclasses import replace
from pathlib import Path

from pitmark.ops.jobs import models as jobs_models
from pitmark.ops.jobs.kinds import FUNCTIONS

TABLE = "tests.ops.held_jobs:HELD"
HELD = {**FUNCTIONS, "train": "tests.ops.held_jobs:train"}
_FIRST_STEPS = 20


def train(context):
    """Learns; waits after some steps until there is a file `go` in the workspace."""
    go = Path(context.workspace) / "go"

    def report(progress):
        context.report(progress)
        while progress.stage == "train" and progress.done > _FIRST_STEPS and not go.exists():
            time.sleep(0.02)
            # Told again, for so it hears that it is to stop.
            context.report(progress)

    return jobs_models.train(replace(context, report=report))
