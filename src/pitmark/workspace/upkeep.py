"""Keeping the line going, as Python sees it: feedback, update, promote, limits, schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pitmark.core.progress import Reporter, silent
from pitmark.store.db import ProjectStore

if TYPE_CHECKING:
    from pitmark.ops.line.feedback import FeedbackOptions, FeedbackSummary
    from pitmark.ops.line.harm import HarmOptions, HarmState
    from pitmark.ops.line.promotion import PromoteOptions, PromotionResult
    from pitmark.ops.line.updating import UpdateOptions, UpdateResult
    from pitmark.ops.line.upkeep import UpkeepStatus
    from pitmark.store.promotions import PromotionRow


class Upkeep:
    """What keeps a project going on the line.

    Args:
        store: The project.
    """

    def __init__(self, store: ProjectStore) -> None:
        self._store = store

    def status(self) -> UpkeepStatus:
        """What is in use, what waits, whether an update is due, limits and schedule."""
        from pitmark.ops.line.upkeep import upkeep_status

        return upkeep_status(self._store)

    def feedback(
        self,
        *,
        options: FeedbackOptions | None = None,
        by: str = "python",
        report: Reporter = silent,
    ) -> FeedbackSummary:
        """Fill the queue of images from the line that wait for an answer.

        Args:
            options: How many, and how to pick them.
            by: Who asks for it.
            report: Told of the progress.

        Returns:
            What was picked.
        """
        from pitmark.ops.line.feedback import feed_back

        return feed_back(self._store, options=options, by=by, report=report)

    def harm(self, *, options: HarmOptions | None = None) -> HarmState:
        """Whether the drift that is on does harm, as far as labels tell.

        Args:
            options: See HarmOptions.

        Returns:
            The state.
        """
        from pitmark.ops.line.harm import harm_state

        return harm_state(self._store, options=options)

    def draw_for_harm(
        self, count: int = 60, *, options: HarmOptions | None = None, by: str = "python"
    ) -> HarmState:
        """Draw images of the line at random until so many wait for a label.

        Args:
            count: How many shall wait, 1 to 1,000.
            options: See HarmOptions.
            by: Who asks for it.

        Returns:
            The state with the new images.
        """
        from pitmark.ops.line.harm import draw_for_harm

        return draw_for_harm(self._store, count, options=options, by=by)

    def update(
        self,
        out: str | Path | None = None,
        *,
        options: UpdateOptions | None = None,
        by: str = "python",
        report: Reporter = silent,
    ) -> UpdateResult:
        """Make a version from the newest labels, and put it into use if the gate lets it.

        Args:
            out: File or folder for a copy of the bundle.
            options: See UpdateOptions.
            by: Who asks for it.
            report: Told of the steps.

        Returns:
            What came of it.
        """
        from pitmark.ops.line.limits import Actor
        from pitmark.ops.line.updating import update

        target = None if out is None else Path(out)
        return update(self._store, target, options=options, actor=Actor(by), report=report)

    def promote(
        self,
        run: str = "latest",
        out: str | Path | None = None,
        *,
        options: PromoteOptions | None = None,
        by: str = "python",
        report: Reporter = silent,
    ) -> PromotionResult:
        """Put a run into use, if the gate lets it pass.

        Args:
            run: The training run.
            out: File or folder for a copy of the bundle.
            options: See PromoteOptions.
            by: Who decides.
            report: Told of the stages.

        Returns:
            What came of it.
        """
        from pitmark.ops.line.limits import Actor
        from pitmark.ops.line.promotion import promote

        target = None if out is None else Path(out)
        return promote(
            self._store, run, target, options=options, actor=Actor(by), report=report
        )

    def promotions(self, limit: int = 100) -> Sequence[PromotionRow]:
        """What was decided about versions, the newest first.

        Args:
            limit: How many at most.

        Returns:
            The decisions.
        """
        return self._store.promotions.list(limit)

    def set_limits(self, change: Mapping[str, Any], *, by: str = "python") -> dict[str, Any]:
        """Change what operators may do.

        Args:
            change: What changes, see `pitmark.ops.line.limits.Limits`; the rest stays.
            by: Who decides.

        Returns:
            The limits from now on.
        """
        from pitmark.ops.line.limits import Actor, set_limits

        return set_limits(self._store, change, actor=Actor(by)).to_json()

    def set_schedule(self, change: Mapping[str, Any], *, by: str = "python") -> dict[str, Any]:
        """Change when the project updates by itself.

        Args:
            change: What changes, see `pitmark.ops.line.schedule.Schedule`; the rest stays.
            by: Who decides.

        Returns:
            The schedule from now on.
        """
        from pitmark.ops.line.limits import Actor
        from pitmark.ops.line.schedule import set_schedule

        return set_schedule(self._store, change, actor=Actor(by)).to_json()
