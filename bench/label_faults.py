"""Label faults: are they found first, in what time, and what is gained by correcting them?

    python3 dev.py bench label_faults -- --scenario thirty --cache FOLDER
    python3 dev.py bench label_faults -- --scenario relabeled --data FOLDER
    python3 dev.py bench label_faults -- --scenario graded --data FOLDER --range-of 60
    python3 dev.py bench label_faults -- --scenario planted --data FOLDER --cache FOLDER
    python3 dev.py bench label_faults -- --scenario gain --data FOLDER --image-steps 500
    python3 dev.py bench label_faults -- --scale 1000000,100

The peer is cleanlab 2.9, in the python named by --peer-python, on the same inputs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.shape import finish, parser

Outcome = tuple[list[dict[str, Any]], list[Any]]
SCENARIOS = ("thirty", "graded", "relabeled", "planted", "gain")
_NEED_DATA = ("graded", "relabeled", "planted", "gain")


def main() -> None:
    """Run one scenario or one size."""
    arguments = read_arguments()
    if arguments.scale is not None:
        from bench.faults_scale import run_scale

        results, gates = run_scale(arguments.scale)
    else:
        results, gates = _scenario(arguments.scenario)(arguments)
    finish("label_faults", results, gates, arguments)


def read_arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The arguments; ends with a message where they do not fit together."""
    out = parser(__doc__ or "")
    out.add_argument("--scenario", choices=SCENARIOS)
    out.add_argument("--scale", metavar="N,K", help="search alone, N images of K classes")
    _add_detectors(out)
    out.add_argument("--threads", type=int, help="cores to use; all if left out")
    out.add_argument("--peer-python", default=sys.executable, help="python with cleanlab 2.9")
    out.add_argument("--cache", type=Path, help="folder to keep what is computed")
    out.add_argument("--images", type=int, default=10_000, help="pictures of thirty")
    out.add_argument("--metadata", help="table below the data folder")
    out.add_argument("--columns", default="", help="of a table without header")
    out.add_argument("--label-column", default="raw_label", help="given class; else folder")
    out.add_argument("--fate-column", default="fate", help="what a reviewer did")
    out.add_argument("--faults", default="relabel,deleted", help="fates that name a fault")
    out.add_argument("--grade-column", default="grade", help="share of certainty, 0 to 1")
    out.add_argument("--range-of", type=int, metavar="N",
                     help="files of N successive numbers show one part")  # fmt: skip
    arguments = out.parse_args(given)
    if (arguments.scenario is None) == (arguments.scale is None):
        sys.exit("give either --scenario or --scale N,K")
    if arguments.scenario in _NEED_DATA and not arguments.data:
        sys.exit(f"--scenario {arguments.scenario} needs at least one --data FOLDER")
    return arguments


def _add_detectors(out: argparse.ArgumentParser) -> None:
    """What planted and gain train, and on which images."""
    out.add_argument("--task", help="of planted and gain; left out, as the labels are")
    out.add_argument("--train", type=int, default=100, help="images that a detector learns")
    out.add_argument("--image-steps", type=int, metavar="N",
                     help="images shown to a detector; else as the preset says")  # fmt: skip
    out.add_argument("--side", type=int, metavar="PX", help="side of its input")
    out.add_argument("--plantings", type=int, metavar="N", help="plantings per kind of fault")
    out.add_argument("--pattern", help="metadata in the file names, as in {part}_{side}")
    out.add_argument("--group-by", action="append", metavar="KEY",
                     help="metadata that images of one part share")  # fmt: skip


def _scenario(name: str) -> Callable[[argparse.Namespace], Outcome]:
    if name == "thirty":
        from bench.faults_thirty import run_thirty

        return run_thirty
    if name in ("graded", "relabeled"):
        from bench import faults_classes

        return faults_classes.run_graded if name == "graded" else faults_classes.run_relabeled
    from bench import faults_planted

    planted: Callable[[argparse.Namespace], Outcome] = (
        faults_planted.run_planted if name == "planted" else faults_planted.run_gain
    )
    return planted


if __name__ == "__main__":
    main()
