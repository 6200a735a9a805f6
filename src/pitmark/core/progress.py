"""How long work tells where it stands, and is told to stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a piece of work stands: `done` of `total` steps of `stage`.

    `total` is 0 while unknown. `eta_s` is the time left in seconds where it can be told.
    `facts` carries figures worth showing, such as the loss.
    """

    stage: str
    done: int
    total: int
    eta_s: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Reporter(Protocol):
    """Takes progress; raises CancelledError to stop the work at this point."""

    def __call__(self, progress: Progress) -> None:
        """Take note of where the work stands.

        Args:
            progress: The present state.

        Raises:
            CancelledError: The work is to stop.
        """


def silent(progress: Progress) -> None:
    """A reporter that tells nobody.

    Args:
        progress: Ignored.
    """
