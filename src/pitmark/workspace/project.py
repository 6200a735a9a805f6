"""A project as Python sees it: everything a person can do with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, Task
from pitmark.core.progress import Reporter, silent
from pitmark.ops.images import importing, snapshots
from pitmark.ops.labels import labeling
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow
from pitmark.store.snapshots import SnapshotInfo
from pitmark.workspace.views import (
    Findings,
    Images,
    Run,
)

# What few callers ask for is imported when they do: a command starts in half the time.
if TYPE_CHECKING:
    from pitmark.ops.data.auditing import AuditSummary
    from pitmark.ops.labels.review_groups import SettledGroup
    from pitmark.ops.labels.review_undo import Undone
    from pitmark.ops.models.out_of_fold import AuditOptions
    from pitmark.workspace.data import Data
    from pitmark.workspace.devices import Devices
    from pitmark.workspace.labels import Labels
    from pitmark.workspace.review import Review
    from pitmark.workspace.rollouts import Rollouts
    from pitmark.workspace.upkeep import Upkeep


class Project:
    """One inspection task with its images, labels, models and releases."""

    def __init__(self, store: ProjectStore) -> None:
        self.store = store

    @cached_property
    def labels(self) -> Labels:
        """What people say of the same things, and the rules that settle it."""
        from pitmark.workspace.labels import Labels

        return Labels(self.store)

    @cached_property
    def data(self) -> Data:
        """What Pitmark says of the data, and does about it."""
        from pitmark.workspace.data import Data

        return Data(self.store)

    @cached_property
    def upkeep(self) -> Upkeep:
        """Feedback from the line, updates, limits and the schedule."""
        from pitmark.workspace.upkeep import Upkeep

        return Upkeep(self.store)

    @cached_property
    def devices(self) -> Devices:
        """Who may send, and what runs where."""
        from pitmark.workspace.devices import Devices

        return Devices(self.store)

    @cached_property
    def rollouts(self) -> Rollouts:
        """Releases for many devices, in waves."""
        from pitmark.workspace.rollouts import Rollouts

        return Rollouts(self.store)

    @property
    def name(self) -> str:
        """Its name."""
        return self.store.info.name

    @property
    def task(self) -> Task:
        """classification, detection, segmentation or anomaly."""
        return self.store.task

    @property
    def label_book(self) -> LabelBook:
        """The label book as it stands."""
        return self.store.book.current()

    def save_label_book(
        self, book: LabelBook, *, author: str = "python", reason: str = ""
    ) -> LabelBook:
        """Save the next revision of the label book.

        Args:
            book: As it shall stand.
            author: Who changes it.
            reason: Why.

        Returns:
            The book with its revision.
        """
        return labeling.save_label_book(self.store, book, author=author, reason=reason)

    def import_folder(
        self,
        folder: str | Path,
        *,
        options: importing.ImportOptions | None = None,
        report: Reporter = silent,
    ) -> importing.ImportSummary:
        """Import a folder of images, labels and metadata.

        Args:
            folder: The folder.
            options: Format, pattern, metadata table and grouping.
            report: Told of the progress.

        Returns:
            What was found, added and left out.
        """
        return importing.import_folder(self.store, Path(folder), options=options, report=report)

    def images(self) -> Images:
        """All images, shown as thumbnails in a notebook."""
        return Images(self.store, self.store.images.all())

    def annotate(
        self, image: str, shapes: Sequence[Shape], *, labeler: str, reason: str = ""
    ) -> None:
        """Write what a labeler says about an image as a new revision.

        Args:
            image: Name, or the beginning of the sha256.
            shapes: All shapes; none means "nothing to mark".
            labeler: Who says so.
            reason: Why.
        """
        labeling.annotate(self.store, image, tuple(shapes), labeler=labeler, reason=reason)

    def take_back(self, image: str, *, labeler: str) -> None:
        """Make an image as if a labeler had never said anything about it.

        Args:
            image: Name, or the beginning of the sha256.
            labeler: Whose words.
        """
        labeling.take_back(self.store, self.store.images.find(image).sha256, labeler=labeler)

    def snapshot(
        self, *, plan: snapshots.SplitPlan | None = None, note: str = ""
    ) -> SnapshotInfo:
        """Freeze all labeled images with their splits.

        Args:
            plan: How to split.
            note: What this version is for.

        Returns:
            The snapshot.
        """
        return snapshots.take_snapshot(self.store, plan=plan, note=note)

    def train(self, *, options: Any = None, report: Reporter = silent) -> Run:
        """Train on the latest snapshot, or on a new one where there is none.

        Args:
            options: A pitmark.ops.models.train_options.TrainOptions; None for the defaults.
            report: Told of step, loss and time left.

        Returns:
            The finished run.
        """
        from pitmark.ops.models.training import train

        if not self.store.snapshots.list():
            self.snapshot()
        return Run(self.store, train(self.store, options=options, report=report))

    def run(self, run: str = "latest") -> Run:
        """A training run.

        Args:
            run: Its id, or latest.

        Returns:
            The run.
        """
        return Run(self.store, self.store.runs.get(run))

    def audit(
        self, *, options: AuditOptions | None = None, report: Reporter = silent
    ) -> AuditSummary:
        """Queue findings: label faults, broken rules, duplicates, leaks.

        Args:
            options: Snapshot, folds and preset.
            report: Told of the progress.

        Returns:
            How many of each kind.
        """
        from pitmark.ops.data.auditing import audit

        if not self.store.snapshots.list():
            self.snapshot()
        return audit(self.store, options=options, report=report)

    def findings(
        self, *, state: str | None = "open", kind: str | None = None, limit: int | None = None
    ) -> Findings:
        """The queue of findings: test images first, then by expected gain per minute.

        Args:
            state: open, accepted, corrected, dismissed; None for all.
            kind: Only this kind.
            limit: At most so many.

        Returns:
            The findings, shown with pictures in a notebook.
        """
        from pitmark.ops.labels.finding_order import queue

        return Findings(self.store, queue(self.store, state=state, kind=kind, limit=limit))

    def settle(
        self,
        finding: str,
        decision: labeling.Decision,
        *,
        by: str = "python",
        shapes: Sequence[Shape] | None = None,
        note: str = "",
    ) -> FindingRow:
        """Decide on a finding.

        Args:
            finding: Its id.
            decision: accept, correct or dismiss.
            by: Who decides.
            shapes: For correct: what is true instead of the suggestion.
            note: Why.

        Returns:
            The settled finding.
        """
        given = None if shapes is None else tuple(shapes)
        return labeling.settle(self.store, finding, decision, by=by, shapes=given, note=note)

    def settle_group(
        self,
        finding: str,
        decision: labeling.Decision,
        *,
        label: str | None = None,
        by: str = "python",
        note: str = "",
    ) -> SettledGroup:
        """Decide on a group labeled by two rules and on all its labels at once.

        Args:
            finding: Id of the finding on the group.
            decision: accept, correct or dismiss.
            label: For correct: the class that is right, one of the two sides.
            by: Who decides.
            note: Why.

        Returns:
            What was done.
        """
        from pitmark.ops.labels.review_groups import settle_group

        return settle_group(self.store, finding, decision, by=by, label=label, note=note)

    def undo(self, finding: str | None = None, *, by: str = "python", note: str = "") -> Undone:
        """Take a decision back, with the labels that were corrected in it.

        Args:
            finding: Whose decision; None takes the last one of `by`.
            by: Who takes it back.
            note: Why.

        Returns:
            What was taken back.
        """
        from pitmark.ops.labels.review_undo import undo

        return undo(self.store, finding, by=by, note=note)

    def review(self, *, minutes_per_fault: float = 5.0, most_left: float = 0.002) -> Review:
        """How the review of findings stands, what is left in the queue, and when to stop.

        Args:
            minutes_per_fault: What a person's time is worth.
            most_left: Share of the labels that may be faults still in the queue.

        Returns:
            The status, shown with tables in a notebook.
        """
        from pitmark.ops.labels.review import review_status
        from pitmark.quality.review.stop import StopRule
        from pitmark.workspace.review import Review

        rule = StopRule(minutes_per_fault, most_left)
        return Review(self.store, review_status(self.store, rule=rule))

    def release(
        self,
        out: str | Path | None = None,
        *,
        run: str = "latest",
        int8: bool = True,
        conditions: Sequence[str] | None = None,
        report: Reporter = silent,
    ) -> Any:
        """Export a run as a bundle, if its gate lets it pass.

        Args:
            out: File or folder to write to.
            run: Which training run.
            int8: Also quantize.
            conditions: Metadata that shift images without being drift, such as the camera.
            report: Told of the stages.

        Returns:
            The release with the path of the bundle.
        """
        from pitmark.ops.line.releasing import release

        target = None if out is None else Path(out)
        return release(
            self.store, target, run=run, int8=int8, conditions=conditions, report=report
        )

    def roll_back(self, version: int, out: str | Path | None = None, *, by: str = "") -> Any:
        """Release the content of an earlier version again, and bring it to the devices.

        Args:
            version: The version to go back to.
            out: File or folder to write to.
            by: Who decides.

        Returns:
            The new release with the path of the bundle, and its rollout.
        """
        from pitmark.ops.line.rollback import roll_back

        return roll_back(self.store, version, None if out is None else Path(out), by=by)

    def export(self, out: str | Path, *, format: str, snapshot: str = "latest") -> Any:
        """Write a snapshot as a folder in another tool's format.

        Args:
            out: A new folder.
            format: Name of the format.
            snapshot: Which one.

        Returns:
            How many files, and what the format could not hold.
        """
        from pitmark.ops.images.exporting import export_folder

        return export_folder(self.store, Path(out), format=format, snapshot=snapshot)
