"""How soon a drift is seen, and how long a watch runs without a false alarm.

    python3 dev.py bench drift -- --streams 1000
    python3 dev.py bench drift -- --harm 200
    python3 dev.py bench drift -- --data FOLDER --seeds 20
    python3 dev.py bench drift -- --data FOLDER --metadata steps.csv --step exposure/2
    python3 dev.py bench drift -- --data FOLDER --pattern "{time}_{place}" --wear place,time

Five cases. `false_alarms`: streams without drift, independent and autocorrelated
(bench/drift_streams.py). `failing_loudly`: real images shifted on purpose, by kind,
strength, share and number of images, with a column without any shift, beside
Kolmogorov-Smirnov windows at the same measured rate of false alarms (bench/drift_grid.py).
`exposure`: a real change by some steps of a column. `wear`: places that are looked at again
and again until the first label of a defect (both bench/drift_real.py). `harm`: labels until a
drift is called harmless or harmful (bench/drift_harm.py).
"""

# ruff: noqa: TID253 - torch is what makes the embeddings
from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from bench.drift_grid import grid
from bench.drift_harm import harm
from bench.drift_real import steps, wear
from bench.drift_streams import false_alarms
from bench.sets import add_options
from bench.shape import finish, parser


def main() -> None:
    """Run the benchmark."""
    given = _arguments()
    torch.set_num_threads(1)
    results, gates = [], []
    if given.streams:
        found = false_alarms(
            streams=given.streams,
            images=given.images,
            reference_images=given.reference_images,
            seed=0,
        )
        results, gates = results + found[0], gates + found[1]
    if given.harm:
        found = harm(given.harm)
        results, gates = results + found[0], gates + found[1]
    case = steps if given.step else wear if given.wear else grid
    for folder in given.data:
        more, checks = case(folder, given)
        results, gates = results + more, gates + checks
    finish("drift", results, gates, given)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    add_options(out)
    out.add_argument("--streams", type=int, default=0, help="streams without drift")
    out.add_argument("--images", type=int, default=10_000, help="length of these streams")
    out.add_argument("--reference-images", type=int, default=300)
    out.add_argument("--harm", type=int, default=0, help="draws of the test for harm")
    out.add_argument("--run-length", type=int, default=50_000,
                     help="images between false alarms that are asked for")  # fmt: skip
    out.add_argument("--window", type=int, default=100, help="of Kolmogorov-Smirnov")
    out.add_argument("--most", type=int, default=400, help="images of a set that are shifted")
    out.add_argument("--step", metavar="COLUMN/N", help="a real change by N steps of a column")
    out.add_argument("--wear", metavar="PLACE,TIME", help="columns of places that wear")
    out.add_argument("--settle", type=int, default=4, help="first rounds left out of --wear")
    out.add_argument("--rounds", type=int, default=20, help="reference rounds of --wear")
    out.add_argument("--keep-looks", type=Path, default=Path("drift-looks"), metavar="FOLDER",
                     help="what was measured of images is kept here")  # fmt: skip
    given = out.parse_args()
    if not given.data and not given.streams and not given.harm:
        sys.exit("give --streams N, --harm N, or at least one --data FOLDER")
    return given


if __name__ == "__main__":
    main()
