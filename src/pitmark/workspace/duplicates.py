"""Duplicates, groups and shortcuts of a project as Python sees them."""

from __future__ import annotations

from pitmark.core.progress import Reporter, silent
from pitmark.ops.duplicates import DoublesReport, compare_images
from pitmark.ops.grouping import GroupProposals, Regrouped, accept_groups, propose_groups
from pitmark.ops.shortcuts import project_shortcuts
from pitmark.quality.shortcuts import Shortcut
from pitmark.store.db import ProjectStore


class Sameness:
    """Which images of a project show the same thing, and what else gives the class away.

    Args:
        store: The project.
    """

    def __init__(self, store: ProjectStore) -> None:
        self._store = store

    def duplicates(self, *, embed: bool = True, report: Reporter = silent) -> DoublesReport:
        """Compare all images, queue duplicates, leaks and contradictions as findings.

        Args:
            embed: Let the shipped backbone look as well.
            report: Told of the progress.

        Returns:
            What was found, with the effect of leaks on the score.
        """
        return compare_images(self._store, embed=embed, report=report)

    def propose_groups(
        self, *, embed: bool = True, report: Reporter = silent
    ) -> GroupProposals:
        """Ranked candidates for what must stay together in splits.

        Args:
            embed: Let the shipped backbone look as well.
            report: Told of the progress.

        Returns:
            The candidates with reasons.
        """
        return propose_groups(self._store, embed=embed, report=report)

    def accept_groups(
        self, key: str, *, by: str = "python", report: Reporter = silent
    ) -> Regrouped:
        """Regroup all images by a key.

        Args:
            key: Of a proposal, or "metadata:A,B".
            by: Who decides.
            report: Told of the progress.

        Returns:
            What was grouped.
        """
        return accept_groups(self._store, key, by=by, report=report)

    def shortcuts(self, *, report: Reporter = silent) -> list[Shortcut]:
        """What is no defect and yet tells the class.

        Args:
            report: Told of the progress.

        Returns:
            Shortcuts, then hints.
        """
        return project_shortcuts(self._store, report=report)
