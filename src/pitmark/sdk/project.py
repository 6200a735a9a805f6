"""A project on a server as Python sees it: what `pitmark.open` offers and the API can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, Task
from pitmark.core.progress import Reporter, silent
from pitmark.sdk import exports, imports
from pitmark.sdk.connection import Connection, message, part, unexpected
from pitmark.sdk.data import RemoteData
from pitmark.sdk.devices import RemoteDevices
from pitmark.sdk.findings import (
    Finding,
    Findings,
    Review,
    SettledGroup,
    Undone,
    find_page,
    finding_of,
)
from pitmark.sdk.images import Images, find_image, list_images
from pitmark.sdk.jobs import Jobs, result_of
from pitmark.sdk.labels import RemoteLabels
from pitmark.sdk.options import plain_options
from pitmark.sdk.releases import Bundle, Bundles, bundle_target
from pitmark.sdk.rollouts import RemoteRollouts
from pitmark.sdk.runs import Run
from pitmark.sdk.shapes import to_wire
from pitmark.sdk.summaries import AuditSummary, ExportSummary
from pitmark.sdk.upkeep import RemoteUpkeep
from pitmark.wire.findings import Decision, Settle, Settled, Undo
from pitmark.wire.labels import Labels, SaveLabels
from pitmark.wire.line import Release
from pitmark.wire.message import Document
from pitmark.wire.projects import BookChange, Project
from pitmark.wire.projects import LabelBook as WireBook
from pitmark.wire.runs import Run as WireRun
from pitmark.wire.runs import Snapshot


class RemoteProject:
    """One inspection task with its images, labels, models and releases.

    Args:
        connection: To the server.
        organisation: The path of the organisation.
        about: The project as the server tells of it.
    """

    def __init__(self, connection: Connection, organisation: str, about: Project) -> None:
        self._connection, self._organisation, self._about = connection, organisation, about
        self._path = f"{organisation}/projects/{part(about.name)}"
        self._jobs = Jobs(connection, self._path)
        self._bundles = Bundles(connection, self._path, about.name)
        self.labels = RemoteLabels(connection, self._path)
        self.data = RemoteData(connection, self._path, self._jobs)
        self.upkeep = RemoteUpkeep(connection, self._path, self._jobs, self._bundles)
        self.devices = RemoteDevices(connection, self._path)
        self.rollouts = RemoteRollouts(connection, self._path)

    @property
    def name(self) -> str:
        """Its name."""
        return self._about.name

    @property
    def task(self) -> Task:
        """classification, detection, segmentation or anomaly."""
        return self._about.task

    @property
    def label_book(self) -> LabelBook:
        """The label book as it stands."""
        found = self._connection.get(f"{self._path}/label-book", WireBook)
        return LabelBook.from_json(found.model_dump())

    def save_label_book(
        self, book: LabelBook, *, reason: str = "", based_on: int | None = None
    ) -> LabelBook:
        """Save the next revision of the label book.

        Args:
            book: As it shall stand; its own revision number is not looked at.
            reason: Why.
            based_on: The revision that the change was made on: it is refused if somebody
                else has changed the book since. None replaces whatever stands.

        Returns:
            The book with its revision.

        Raises:
            ConflictError: The book has another revision than `based_on` by now.
        """
        known = self.label_book.revision if based_on is None else based_on
        sent = WireBook.model_validate(replace(book, revision=known).to_json())
        change = message(BookChange, book=sent, reason=reason)
        saved = self._connection.send("PUT", f"{self._path}/label-book", change, WireBook)
        return LabelBook.from_json(saved.model_dump())

    def import_folder(
        self, folder: str | Path, *, options: Any = None, report: Reporter = silent
    ) -> imports.ImportSummary:
        """Import a folder of images, labels and metadata; only new bytes travel.

        Args:
            folder: The folder, on this machine.
            options: A pitmark.ops.images.importing.ImportOptions, or a mapping of its names;
                `metadata_csv` is a file on this machine.
            report: Told of the progress: hash, upload, then the stages of the import.

        Returns:
            What was found, added and left out.
        """
        files, told = imports.prepare(Path(folder), plain_options(options))
        uploaded = imports.upload(self._connection, self._organisation, files, report)
        told["files"] = [f.model_dump() for f in uploaded]
        return imports.summary_of(result_of(self._jobs.do("import", told, report)))

    def images(self, filter: str = "") -> Images:
        """All images, or those that a filter leaves.

        Args:
            filter: Such as `class = dent and split = test`; empty for all.

        Returns:
            The images.

        Raises:
            InvalidInputError: The filter names an unknown column, or cannot be read.
        """
        return list_images(self._connection, self._path, filter)

    def annotate(self, image: str, shapes: Sequence[Shape], *, reason: str = "") -> None:
        """Write what the person of the token says about an image as a new revision.

        Args:
            image: Name, or the beginning of the sha256.
            shapes: All shapes; none means "nothing to mark".
            reason: Why.

        Raises:
            NotFoundError: No image is meant.
            InvalidInputError: Several are meant.
        """
        sha256 = find_image(self._connection, self._path, image)
        said = message(SaveLabels, shapes=to_wire(shapes), reason=reason)
        self._connection.send("PUT", f"{self._path}/images/{sha256}/labels", said, Labels)

    def take_back(self, image: str) -> None:
        """Make an image as if the person of the token had never said anything about it.

        Args:
            image: Name, or the beginning of the sha256.

        Raises:
            NotFoundError: No image is meant.
            InvalidInputError: Several are meant.
        """
        sha256 = find_image(self._connection, self._path, image)
        self._connection.send("DELETE", f"{self._path}/images/{sha256}/labels", None, Labels)

    def snapshot(self, *, plan: Any = None, note: str = "") -> Snapshot:
        """Freeze all labeled images with their splits.

        Args:
            plan: A pitmark.ops.images.snapshots.SplitPlan, or a mapping of its names.
            note: What this version is for.

        Returns:
            The snapshot.
        """
        told = {**plain_options(plan), "note": note}
        made = result_of(self._jobs.do("snapshot", told, silent)).get("snapshot")
        for found in self._connection.get(f"{self._path}/snapshots", list[Snapshot]):
            if found.id == made:
                return found
        raise unexpected(f"the new snapshot {made} is not among the snapshots")

    def train(self, *, options: Any = None, report: Reporter = silent) -> Run:
        """Train on the latest snapshot, or on a new one where there is none.

        Args:
            options: A pitmark.ops.models.train_options.TrainOptions, or a mapping of its names.
            report: Told of step, loss and time left.

        Returns:
            The finished run.
        """
        done = result_of(self._jobs.do("train", plain_options(options), report))
        return self.run(str(done.get("run")))

    def run(self, run: str = "latest") -> Run:
        """A training run.

        Args:
            run: Its id, or latest.

        Returns:
            The run.
        """
        found = self._connection.get(f"{self._path}/runs/{part(run)}", WireRun)
        return Run(self._connection, self._path, found)

    def audit(self, *, options: Any = None, report: Reporter = silent) -> AuditSummary:
        """Queue findings: label faults, broken rules, duplicates, leaks.

        Args:
            options: A pitmark.ops.models.out_of_fold.AuditOptions, or a mapping of its names.
            report: Told of the progress.

        Returns:
            How many of each kind.
        """
        done = self._jobs.do("audit", plain_options(options), report)
        return AuditSummary(result_of(done))

    def findings(
        self, *, state: str | None = "open", kind: str | None = None, limit: int | None = None
    ) -> Findings:
        """The queue of findings: test images first, then by expected gain per minute.

        Args:
            state: open, accepted, corrected, dismissed; None for all.
            kind: Only this kind.
            limit: At most so many.

        Returns:
            The findings.
        """
        return find_page(self._connection, self._path, state or "all", kind, limit)

    def settle(
        self,
        finding: str,
        decision: Decision,
        *,
        shapes: Sequence[Shape] | None = None,
        note: str = "",
    ) -> Finding:
        """Decide on a finding.

        Args:
            finding: Its id.
            decision: accept, correct or dismiss.
            shapes: For correct: what is true instead of the suggestion.
            note: Why.

        Returns:
            The settled finding.
        """
        given = None if shapes is None else to_wire(shapes)
        told = message(Settle, decision=decision, shapes=given, note=note)
        return finding_of(self._settle(finding, told).finding)

    def settle_group(
        self,
        finding: str,
        decision: Decision,
        *,
        label: str | None = None,
        note: str = "",
    ) -> SettledGroup:
        """Decide on a group labeled by two rules and on all its labels at once.

        Args:
            finding: Id of the finding on the group.
            decision: accept, correct or dismiss.
            label: For correct: the class that is right, one of the two sides.
            note: Why.

        Returns:
            What was done.
        """
        told = message(Settle, decision=decision, label=label, whole_group=True, note=note)
        return SettledGroup(self._settle(finding, told))

    def undo(self, finding: str | None = None, *, note: str = "") -> Undone:
        """Take a decision back, with the labels that were corrected in it.

        Args:
            finding: Whose decision; None takes one's own last one.
            note: Why.

        Returns:
            What was taken back.
        """
        which = message(Undo, finding=finding, note=note)
        path = f"{self._path}/findings/undo"
        return Undone(self._connection.send("POST", path, which, Settled))

    def review(self) -> Review:
        """How the review of findings stands, what is left in the queue, and when to stop."""
        return Review(self._connection.get(f"{self._path}/review", Document))

    def release(
        self,
        out: str | Path | None = None,
        *,
        run: str = "latest",
        int8: bool = True,
        conditions: Sequence[str] | None = None,
        report: Reporter = silent,
    ) -> Bundle:
        """Export a run as a bundle, if its gate lets it pass, and fetch it.

        Args:
            out: File or folder to write to; None writes into the current folder.
            run: Which training run.
            int8: Also quantize.
            conditions: Metadata that shift images without being drift, such as the camera.
            report: Told of the stages.

        Returns:
            The release with the path of the bundle.
        """
        bundle_target(out, self.name, 0)
        named = None if conditions is None else list(conditions)
        told = {"run": run, "int8": int8, "conditions": named}
        done = result_of(self._jobs.do("release", told, report))
        return self._bundles.fetch(int(done["version"]), out)

    def roll_back(self, version: int, out: str | Path | None = None) -> Bundle:
        """Release the content of an earlier version again, under a new version.

        Args:
            version: The version to go back to.
            out: File or folder to write to; None writes into the current folder.

        Returns:
            The new release with the path of the bundle.
        """
        bundle_target(out, self.name, 0)
        path = f"{self._path}/releases/{version}/rollback"
        made = self._connection.send("POST", path, None, Release)
        return self._bundles.fetch(made.version, out)

    def export(
        self, out: str | Path, *, format: str, snapshot: str = "latest"
    ) -> ExportSummary:
        """Write a snapshot as a folder in another tool's format.

        Args:
            out: A new folder, on this machine.
            format: Name of the format.
            snapshot: Which one.

        Returns:
            How many files, and what the format could not hold.

        Raises:
            ConflictError: The folder holds something already.
        """
        return exports.export_folder(
            self._connection, self._jobs, Path(out), format=format, snapshot=snapshot
        )

    def _settle(self, finding: str, told: Settle) -> Settled:
        path = f"{self._path}/findings/{part(finding)}/settle"
        return self._connection.send("POST", path, told, Settled)
