"""Duplicates, exposures of one part and stored copies, on any importable folder.

    python3 dev.py bench duplicates -- --data FOLDER [--data FOLDER ...] --seeds 3
    python3 dev.py bench duplicates -- --data magnetic_tile \\
        --groups exposure_groups.csv:tile_group_guess --by-eye bench/magnetic_tile_by_eye.csv
    python3 dev.py bench duplicates -- --scale 100000

Exact pairs are checked against a hash of all decoded pixels. `--groups TABLE:COLUMN` names
which images truly show one thing; file names are never shown to the method. `--by-eye`
corrects such a table. Copies of 5 kinds are planted (turned, noise, brightness, crop, jpeg)
and looked for. The peer is a 64-bit perceptual hash at the threshold that is best for it on
the very truth, which nobody has. `--scale N` searches N simulated vectors in a memory-mapped
float16 file.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import tempfile
import time
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.copies import COPIES, hash_distances, plain_hash
from bench.shape import finish, gate, measured, parser, tell
from pitmark.formats.images import decode_image
from pitmark.formats.registry import ImportedImage, read_folder
from pitmark.quality.copies.duplicates import DuplicatePair, duplicate_groups, find_duplicates
from pitmark.quality.copies.fingerprints import fingerprint
from pitmark.quality.copies.registered import common_scale
from pitmark.quality.copies.vector_pairs import vector_pairs

Result = dict[str, Any]
Pairs = set[tuple[int, int]]
PLANTED = 20
DIMENSIONS = 384
PEER = "64-bit perceptual hash, best threshold"


def main() -> None:
    """Run the benchmark."""
    out = parser(__doc__ or "")
    out.add_argument("--groups", metavar="TABLE:COLUMN", help="table below the data folder")
    out.add_argument("--by-eye", type=Path, metavar="TABLE", help="corrections: image,group")
    out.add_argument("--exact", type=int, help="expected pairs of identical pixels (a gate)")
    out.add_argument("--no-planted", action="store_true", help="plant no copies")
    out.add_argument("--scale", type=int, metavar="N", help="simulated vectors")
    out.add_argument("--simulate", type=int, help=argparse.SUPPRESS)
    arguments = out.parse_args()
    if arguments.simulate:
        print(json.dumps(_simulated(arguments.simulate)))
        return
    results: list[Result] = []
    for data in arguments.data:
        results += _folder(data, arguments)
    if arguments.scale:
        results += _scaled(arguments.scale)
    finish("duplicates", results, _gates(results, arguments), arguments)


def _folder(data: Path, arguments: argparse.Namespace) -> list[Result]:
    listed = sorted(read_folder(data, task="segmentation").images, key=lambda i: i.name)
    pictures = [decode_image(i.path.read_bytes(), name=i.name).pixels for i in listed]
    tell(f"{data.name}: {len(listed)} images")
    started, cpu = time.perf_counter(), time.process_time()
    pairs = _search(pictures)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    found = _found(pairs)
    shared = {"data": data.name, "task": "duplicates", "seconds": round(seconds, 1)}
    per_second = round(len(listed) / cpu, 1)
    kinds = {k: sum(p.kind == k for p in pairs) for k in ("identical pixels", "near", "turned")}
    results: list[Result] = [
        {**shared, "metric": "images_per_s", "value": per_second, "found": kinds}
    ]
    results.append({**shared, **_exact(pictures, pairs)})
    if arguments.groups:
        results += [{**shared, **r} for r in _grouped(data, listed, pictures, found, arguments)]
    for seed in range(0 if arguments.no_planted else arguments.seeds):
        results += [{**shared, **r, "seed": seed} for r in _planted(pictures, found, seed)]
    return results


def _search(pictures: list[NDArray[Any]]) -> list[DuplicatePair]:
    """As the product compares images: pixels, hashes, vectors of the shipped backbone."""
    from pitmark.train.embed import embed_images

    keys = [f"{n:07}" for n in range(len(pictures))]
    scales = common_scale([(p.shape[1], p.shape[0]) for p in pictures])
    prints = [fingerprint(p, px_per_cell=s) for p, s in zip(pictures, scales, strict=True)]
    vectors = embed_images(keys, lambda key: pictures[int(key)])
    return find_duplicates(keys, prints, np.stack([vectors[k] for k in keys]))


def _found(pairs: list[DuplicatePair]) -> Pairs:
    """All pairs inside the groups that pairs make."""
    groups = [[int(k) for k in g] for g in duplicate_groups(pairs)]
    return {c for g in groups for c in combinations(sorted(g), 2)}


def _exact(pictures: list[NDArray[Any]], pairs: list[DuplicatePair]) -> Result:
    same = defaultdict(list)
    for number, pixels in enumerate(pictures):
        digest = hashlib.sha256(repr((pixels.shape, pixels.dtype)).encode())
        digest.update(pixels.tobytes())
        same[digest.digest()].append(number)
    true = {c for g in same.values() for c in combinations(g, 2)}
    found = {(int(p.first), int(p.second)) for p in pairs if p.kind == "identical pixels"}
    surplus = sum(len(g) - 1 for g in same.values())
    return {
        "metric": "exact_f1",
        "value": _f1(found, true),
        "pairs": len(true),
        "surplus_images": surplus,
    }


def _f1(found: Pairs, true: Pairs) -> float:
    return 2 * len(found & true) / (len(found) + len(true)) if found or true else 1.0


def _grouped(
    data: Path,
    listed: list[ImportedImage],
    pictures: list[NDArray[Any]],
    found: Pairs,
    arguments: argparse.Namespace,
) -> list[Result]:
    table, _, column = arguments.groups.rpartition(":")
    with (data / table).open(newline="") as file:
        known = {r["image"]: r[column] for r in csv.DictReader(file)}
    tables = {"table": known}
    if arguments.by_eye:
        with arguments.by_eye.open(newline="") as file:
            tables["by eye"] = {
                **known,
                **{r["image"]: r["group"] for r in csv.DictReader(file)},
            }
    distance = hash_distances(np.stack([plain_hash(p) for p in pictures]))
    out: list[Result] = []
    for truth, groups in tables.items():
        members = defaultdict(list)
        for number, item in enumerate(listed):
            if item.name in groups:
                members[groups[item.name]].append(number)
        true = {c for g in members.values() for c in combinations(g, 2)}
        out.append(
            {
                "metric": "pair_f1",
                "truth": truth,
                "value": round(_f1(found, true), 4),
                "precision": round(len(found & true) / max(len(found), 1), 4),
                "recall": round(len(found & true) / max(len(true), 1), 4),
                **_peer(distance, true),
            }
        )
    return out


def _peer(distance: NDArray[np.uint8], true: Pairs) -> Result:
    """The best that any threshold on the plain hash gives."""
    rows, columns = np.triu_indices(len(distance), 1)
    far = distance[rows, columns]
    right = np.array(
        [(a, b) in true for a, b in zip(rows.tolist(), columns.tolist(), strict=True)]
    )
    scores = [
        2 * (right & (far <= limit)).sum() / max((far <= limit).sum() + right.sum(), 1)
        for limit in range(40)
    ]
    return {"peer": PEER, "peer_value": round(float(max(scores)), 4)}


def _planted(pictures: list[NDArray[Any]], before: Pairs, seed: int) -> list[Result]:
    """Copies of images that have no relatives, put among all others."""
    rng = np.random.default_rng(seed)
    related = {n for pair in before for n in pair}
    alone = [n for n, p in enumerate(pictures) if n not in related and p.dtype == np.uint8]
    if len(alone) < len(COPIES):
        return []
    each = min(PLANTED, len(alone) // len(COPIES))
    chosen = rng.permutation(alone)[: each * len(COPIES)]
    kinds = [k for k in COPIES for _ in range(each)]
    copies = [COPIES[k](pictures[n], rng) for k, n in zip(kinds, chosen, strict=True)]
    everything = [*pictures, *copies]
    pairs = {(int(p.first), int(p.second)) for p in _search(everything)}
    count = len(pictures)
    true = {(int(n), count + k) for k, n in enumerate(chosen)}
    mine = {p for p in pairs if p[1] >= count}
    distance = hash_distances(np.stack([plain_hash(p) for p in everything]))
    results: list[Result] = [
        {
            "metric": "planted_f1",
            "value": round(_f1(mine, true), 4),
            "wrong": len(mine - true),
            **_peer_planted(distance, true, count),
        }
    ]
    for kind in COPIES:
        those = {p for p in true if kinds[p[1] - count] == kind}
        share = len(mine & those) / len(those)
        results.append({"metric": "planted_recall", "copy": kind, "value": round(share, 4)})
    return results


def _peer_planted(distance: NDArray[np.uint8], true: Pairs, count: int) -> Result:
    own, planted = np.meshgrid(np.arange(len(distance)), np.arange(count, len(distance)))
    upper = own < planted
    far = distance[own, planted]
    right = np.zeros_like(upper)
    for first, second in true:
        right[second - count, first] = True
    scores = [
        2 * (right & upper & (far <= limit)).sum()
        / max((upper & (far <= limit)).sum() + right.sum(), 1)
        for limit in range(40)
    ]  # fmt: skip
    return {"peer": PEER, "peer_value": round(float(max(scores)), 4)}


def _scaled(count: int) -> list[Result]:
    command = [sys.executable, "-m", "bench.duplicates", "--simulate", str(count)]
    status, text, _, peak_mb = measured(command)
    if status:
        return []
    found = json.loads(text.splitlines()[-1])
    shared = {"data": "simulated", "task": "duplicates", "images": count}
    values = {**found, "peak_mb": round(peak_mb)}
    return [{**shared, "metric": m, "value": v} for m, v in values.items()]


def _simulated(count: int) -> Result:
    """Vectors in clusters, of which every hundredth has a near copy, in a file on disk."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.f16"
        rows = np.memmap(path, np.float16, "w+", shape=(count, DIMENSIONS))
        centers = rng.normal(size=(max(20, count // 1000), DIMENSIONS))
        ways = rng.normal(size=(40, DIMENSIONS)) / 4
        for start in range(0, count, 10_000):
            stop = min(start + 10_000, count)
            own = centers[rng.integers(len(centers), size=stop - start)]
            noise = 0.05 * rng.normal(size=own.shape)
            rows[start:stop] = own + rng.normal(size=(stop - start, 40)) @ ways + noise
        copies = rng.permutation(count)[: 2 * (count // 100)].reshape(-1, 2)
        for one, other in copies:
            rows[other] = rows[one] + 0.1 * rng.normal(size=DIMENSIONS)
        rows.flush()
        del rows
        started, cpu = time.perf_counter(), time.process_time()
        found, _ = vector_pairs(np.memmap(path, np.float16, "r", shape=(count, DIMENSIONS)))
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    true = {(int(min(p)), int(max(p))) for p in copies}
    mine = {(int(a), int(b)) for a, b in found}
    return {
        "seconds": round(seconds, 1),
        "cpu_s": round(cpu, 1),
        "images_per_s": round(count / seconds, 1),
        "recall": round(len(mine & true) / len(true), 4),
        "precision": round(len(mine & true) / max(len(mine), 1), 4),
    }


def _gates(results: list[Result], arguments: argparse.Namespace) -> list[Result]:
    out = []
    for r in results:
        metric, value = r["metric"], r["value"]
        if metric == "exact_f1":
            out.append(gate(f"{r['data']}: all exact pairs", value, 1.0, at_least=True))
            if arguments.exact is not None:
                name = f"{r['data']}: {arguments.exact} exact duplicates"
                out.append(gate(name, r["surplus_images"], arguments.exact, at_least=True))
        if metric == "pair_f1":
            name = f"{r['data']}: pair F1 >= .9 ({r['truth']})"
            out.append(gate(name, value, 0.9, at_least=True))
        if r["data"] == "simulated" and metric in ("seconds", "peak_mb"):
            limit = {"seconds": 600, "peak_mb": 4096}[metric]
            name = f"{r['images']} vectors: {metric} <= {limit}"
            out.append(gate(name, value, limit, at_least=False))
    return out


if __name__ == "__main__":
    main()
