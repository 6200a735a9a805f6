"""Thirty labels of one class in ten thousand that follow another rule: are they found first?

Through the commands that a person uses, on pictures in files: import (one per labeler),
snapshot, audit. Making the pictures is not measured; everything that the audit does is:
vectors, folds, search, duplicates.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.faults_peer import peer_scores
from bench.faults_pictures import INCONSISTENT, Drawn, make_pictures
from bench.loop import PITMARK, run_json
from bench.shape import gate, tell
from pitmark.core.predictions import Prediction, predictions_from_bytes
from pitmark.ops.labels.finding_order import queue
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.store.db import open_store

LOOKED_AT = 45
_PROJECT = "thirty"


def run_thirty(arguments: argparse.Namespace) -> tuple[list[dict[str, Any]], list[Any]]:
    """All draws: how many of the thirty are among the first 45 findings, and in what time.

    Args:
        arguments: images, seeds, threads, peer_python, cache.

    Returns:
        Results and gates.
    """
    draws = [_draw(arguments, seed) for seed in range(arguments.seeds)]
    shared = {"data": f"generated {arguments.images}", "task": "classification"}
    results: list[dict[str, Any]] = [
        {**shared, "metric": "found_in_45", **_spread(draws, "ours")}
    ]
    results[0]["seconds"] = round(float(np.median([d["seconds"] for d in draws])), 1)
    results[0]["peak_mb"] = round(max(d["peak_mb"] for d in draws))
    results[0]["groups"] = [d["group"] for d in draws]
    peers = [d["peer"] for d in draws if d["peer"] is not None]
    if peers:
        results[0] |= {"peer": "cleanlab, best setting", "peer_median": float(np.median(peers))}
    else:
        results[0]["missing"] = "cleanlab is not installed"
    single = {**shared, "metric": "found_in_45", **_spread(draws, "single")}
    results.append(single | {"inputs": "without labelers: single labels only"})
    named = float(np.mean([d["named"] for d in draws]))
    least = float(min(d["ours"] for d in draws))
    gates = [
        gate("27 of 30 in the first 45 findings", least, 27, at_least=True),
        gate("the group names the class and both rules", named, 1.0, at_least=True),
        gate("audit within 5 minutes", results[0]["seconds"], 300, at_least=False),
    ]
    return results, gates


def _spread(draws: list[dict[str, Any]], key: str) -> dict[str, Any]:
    low, median, high = np.quantile([d[key] for d in draws], [0, 0.5, 1]).tolist()
    return {"median": median, "low": low, "high": high, "draws": len(draws)}


def _draw(arguments: argparse.Namespace, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as spare:
        kept = arguments.cache or Path(spare)
        folder = kept / f"thirty-{arguments.images}-{seed}"
        drawn = make_pictures(folder, arguments.images, seed)
        if sum(d.faulty for d in drawn) != INCONSISTENT:
            sys.exit(f"{arguments.images} images hold fewer than {INCONSISTENT} of the thirty")
        home = Path(spare) / "home"
        _import(folder, drawn, home, Path(spare) / "staged")
        options = ["--threads", str(arguments.threads)] if arguments.threads else []
        command = [*PITMARK, "audit", *options, "--home", str(home), "--json"]
        summary, seconds, peak_mb = run_json(command)
        tell(f"draw {seed}: audit {seconds:.0f} s, {peak_mb:.0f} MB")
        told = _look(home, drawn, arguments.peer_python)
    groups = summary["groups"]
    told["group"] = groups[0]["sentence"] if groups else None
    told["named"] = bool(groups) and _names(groups[0], drawn)
    tell(f"draw {seed}: {told['ours']} of {INCONSISTENT}; {told['group']}")
    return told | {"seconds": seconds, "peak_mb": peak_mb}


def _import(folder: Path, drawn: list[Drawn], home: Path, staged: Path) -> None:
    """Pictures in folders per class, one import per labeler, names that tell nothing."""
    out = ["--home", str(home), "--json"]
    run_json([*PITMARK, "new", _PROJECT, "--task", "classification", *out])
    mine: dict[str, list[Drawn]] = defaultdict(list)
    for item in drawn:
        mine[item.labeler].append(item)
    for labeler, items in sorted(mine.items()):
        for item in items:
            place = staged / labeler / item.given
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / item.file, place / Path(item.file).name)
        command = [*PITMARK, "import", str(staged / labeler), "--labeler", labeler, *out]
        run_json(command)
    run_json([*PITMARK, "snapshot", *out])


def _look(home: Path, drawn: list[Drawn], python: str) -> dict[str, Any]:
    """How many of the thirty the queue, its single findings, and the peer put first."""
    faulty = {Path(d.file).name for d in drawn if d.faulty}
    given = {Path(d.file).name: d.given for d in drawn}
    with open_store(home) as store:
        project = store.project(_PROJECT)
        names = {r.sha256: Path(r.name).name for r in project.images.iterate()}
        rows = queue(project, state="open")
        run = next(r for r in project.runs.list(kind="folds"))
        blob = project.runs.predictions(run.id, "oof")
        said = predictions_from_bytes(project.blobs.read(str(blob)))
        classes = list((run.inspector or {})["classes"])
    first = {names[r.sha256] for r in rows[:LOOKED_AT] if r.kind != GROUP}
    single = _single(home, drawn, said, classes, names)
    peer = _peer(said, names, given, classes, python)
    found = None if peer is None else max(len(faulty & p) for p in peer)
    return {"ours": len(faulty & first), "single": len(faulty & single), "peer": found}


def _single(
    home: Path,
    drawn: list[Drawn],
    said: dict[str, Prediction],
    classes: list[str],
    names: dict[str, str],
) -> set[str]:
    """The first 45 by the search for single faults, which knows nothing of labelers."""
    from pitmark.ops.models.closed_folds import vectors_of
    from pitmark.quality.faults.class_faults import classification_faults
    from pitmark.train.describe import standardized

    given = {Path(d.file).name: d.given for d in drawn}
    with open_store(home) as store:
        project = store.project(_PROJECT)
        vectors = vectors_of(project, next(r for r in project.runs.list(kind="folds")))
    shas = list(said)
    rows = standardized(np.stack([vectors[s] for s in shas])) if vectors else None
    probs = np.stack([_probs(said[s]) for s in shas])
    labels = [given[names[s]] for s in shas]
    found = classification_faults(shas, labels, probs, classes, embeddings=rows)
    return {names[f.key] for f in found[:LOOKED_AT]}


def _peer(
    said: dict[str, Prediction],
    names: dict[str, str],
    given: dict[str, str],
    classes: list[str],
    python: str,
) -> list[set[str]] | None:
    """The first 45 of each of cleanlab's rankings, from the same probabilities."""
    shas = list(said)
    labels = np.array([classes.index(given[names[s]]) for s in shas], dtype=np.int64)
    probs = np.stack([_probs(said[s]) for s in shas]).astype(np.float64)
    scores = peer_scores(python, labels, probs / probs.sum(axis=1, keepdims=True))
    out = []
    for ranking in scores.values():
        order = np.argsort(-ranking, kind="stable")[:LOOKED_AT]
        out.append({names[shas[i]] for i in order})
    return out or None


def _probs(said: Prediction) -> np.ndarray[Any, np.dtype[np.float32]]:
    assert said.class_probs is not None
    return said.class_probs


def _names(group: dict[str, Any], drawn: list[Drawn]) -> bool:
    """Whether a group is about the two classes, and parts the labelers as they were parted."""
    faulty = [d for d in drawn if d.faulty]
    sides = {side["label"]: side["condition"] for side in group["sides"]}
    if set(sides) != {faulty[0].true, faulty[0].given}:
        return False
    other_rule = {d.labeler for d in faulty}
    told = {w.strip(",") for w in sides[faulty[0].given].split()}
    held = {w.strip(",") for w in sides[faulty[0].true].split()}
    return other_rule <= told and not other_rule & held
