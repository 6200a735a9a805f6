"""What a fault in a label costs, so that faults of all kinds can be put in one order.

The cost is a share of the score that weighs all classes alike (mean recall, mean average
precision): one wrong label among the 12 of its class in a split moves the figure of that class
by up to 1/12, and the mean over K classes by 1/(12 K). In the test set that is how far the
measured score can be off; in the training set it is the share of what the model is taught.
It is an upper bound used for ordering, no promise about the next model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# A loose outline still says what is there and about where; a copy says nothing false.
_SHARE_OF_KIND: Mapping[str, float] = {"sloppy_outline": 0.5, "duplicate": 0.1}


@dataclass(frozen=True, slots=True)
class Worth:
    """What one fault would cost.

    Attributes:
        value: Share of the mean score over classes, in [0, 1].
        label: The class that it costs most; None where nothing is labeled.
        labels: How many labels that class has in the split.
    """

    value: float
    label: str | None
    labels: int


def fault_worth(
    kind: str,
    removed: Sequence[str | None],
    added: Sequence[str | None],
    counts: Mapping[str | None, int],
) -> Worth:
    """What a fault costs its class, or both classes where it takes one for the other.

    Args:
        kind: Of the finding.
        removed: Classes of the labels that would go, None for "nothing to mark".
        added: Classes of the labels that would come.
        counts: Labels of each class in the split.

    Returns:
        The worth; 0 where no label is concerned.
    """
    if list(removed) == list(added):
        added = ()
    sizes = [(max(counts.get(name, 0), 1), name) for name in removed]
    sizes += [(counts.get(name, 0) + 1, name) for name in added]
    if not sizes:
        return Worth(0.0, None, 0)
    classes = max(1, sum(1 for name, n in counts.items() if n and name is not None))
    value = sum(1 / n for n, _ in sizes) / classes * _SHARE_OF_KIND.get(kind, 1.0)
    _, label = min(sizes, key=lambda s: (s[0], str(s[1])))
    return Worth(min(value, 1.0), label, counts.get(label, 0))
