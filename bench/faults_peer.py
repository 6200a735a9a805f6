"""cleanlab's rankings of labels, in its own python, from the same probabilities."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.peer import ask_peer

Floats = NDArray[np.float64]
PEER = """
import json, sys, numpy as np
try:
    import cleanlab
    from cleanlab.rank import get_label_quality_scores as judge
except ImportError as exc:
    print(json.dumps({"missing": str(exc)})); sys.exit()
data = np.load(sys.argv[1])
out = {"version": cleanlab.__version__, "scores": {}}
for how in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
    for adjust in (False, True):
        try:
            found = judge(data["labels"], data["probs"], method=how, adjust_pred_probs=adjust)
        except ValueError:
            continue
        out["scores"][how + " adjusted" * adjust] = found.tolist()
print(json.dumps(out))
"""


def peer_scores(python: str, labels: NDArray[np.int64], probs: Floats) -> dict[str, Floats]:
    """Every ranking that cleanlab offers; higher means more likely wrong.

    Args:
        python: An interpreter that has cleanlab 2.9.
        labels: (N,) given class.
        probs: (N, K) out-of-fold probabilities.

    Returns:
        Setting to (N,); empty where cleanlab is not installed, which is told.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "judged.npz"
        np.savez(path, labels=labels, probs=probs)
        found = ask_peer(python, PEER, path)
    if found is None:
        return {}
    return {name: -np.array(scores) for name, scores in found["scores"].items()}
