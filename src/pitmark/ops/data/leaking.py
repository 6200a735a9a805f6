"""What leaks add to a score, by a stand-in for a model that needs no training."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from pitmark.ops.data.likeness import Likeness, said
from pitmark.quality.copies.duplicates import duplicate_groups
from pitmark.quality.copies.leak_effect import Effect, leak_effect
from pitmark.quality.copies.nearest_rows import nearest_of


def effect_of(seen: Likeness, leaked: Collection[str]) -> Effect | None:
    """How much too high a score is because of leaked images.

    Each held-out image is named after the training image whose vector is most like its
    own; leaked and clean images of one class are compared.

    Args:
        seen: Images with vectors.
        leaked: sha256 of held-out images with their like in training.

    Returns:
        The effect; None without vectors, or where too few images can be compared.
    """
    if seen.vectors is None:
        return None
    labeled = [i.shapes is not None for i in seen.images]
    learned = [i.split == "train" for i in seen.images]
    train = np.flatnonzero(np.array(labeled) & np.array(learned))
    held = np.flatnonzero(np.array(labeled) & ~np.array(learned))
    if not len(train) or not len(held):
        return None
    told = [said(i.shapes) for i in seen.images]
    near, _ = nearest_of(seen.vectors[held], seen.vectors[train], 1)
    right = np.array([told[a] == told[train[b]] for a, b in zip(held, near[:, 0], strict=True)])
    shas = [seen.images[h].image.sha256 for h in held]
    together = {sha: g[0] for g in duplicate_groups(seen.pairs) for sha in g}
    return leak_effect(
        right,
        np.array([s in leaked for s in shas]),
        [told[h] for h in held],
        [together.get(s, s) for s in shas],
    )
