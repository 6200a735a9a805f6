"""The release that judges right now, and the one before, which steps in when it fails.

Images are judged by one thread at a time, releases are exchanged by another; what they share
is one reference, replaced in one step. The line gets a verdict on every image, whatever
happens to releases meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pitmark.core.bundle import Manifest
from pitmark.core.errors import (
    BundleError,
    InvalidInputError,
    NotFoundError,
    ParityError,
    PitmarkError,
)
from pitmark.core.inspector import Verdict
from pitmark.core.preprocess import Pixels
from pitmark.edge.activation import Activated, Gate, activate, file_sha256
from pitmark.edge.guarded import MISHAPS, guarded
from pitmark.edge.runtime import EdgeInspector, Inspection
from pitmark.edge.slots import Held, Slots, Step
from pitmark.edge.trial import ENOUGH_IMAGES, NgRate, Trial, TrialLimits

_MOST_STARTS = 2


@dataclass(frozen=True, slots=True)
class _Running:
    """One release in memory, with the one before while it is on trial."""

    held: Held
    inspector: EdgeInspector
    before: _Running | None = None
    trial: Trial | None = None


class LiveRelease:
    """One release of a device at work.

    Args:
        slots: Where it is kept.
        gate: What a new one must fulfill.
        limits: What a new one must prove on the line.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        slots: Slots,
        gate: Gate,
        limits: TrialLimits,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots, self._gate, self._limits, self._clock = slots, gate, limits, clock
        self._running: _Running | None = None
        self._rate = NgRate()
        self._swapping = threading.Lock()
        # For the moment in which one release takes the place of another.
        self._handing = threading.Lock()
        self.rollbacks = 0
        self.last_failure = ""

    @property
    def name(self) -> str:
        """What the slots are called."""
        return self._slots.folder.name

    @property
    def held(self) -> Held | None:
        """The release that judges."""
        running = self._running
        return None if running is None else running.held

    @property
    def manifest(self) -> Manifest | None:
        """Its manifest."""
        running = self._running
        return None if running is None else running.inspector.manifest

    def manifest_of(self, held: Held) -> Manifest:
        """The manifest of a release that has just judged.

        Args:
            held: The one that judges, or the one before it.

        Returns:
            Its manifest.

        Raises:
            NotFoundError: It is neither.
        """
        running = self._running
        for found in (running, running.before if running else None):
            if found is not None and found.held.sha256 == held.sha256:
                return found.inspector.manifest
        raise NotFoundError(f"release {held.version} is not loaded any more")

    @property
    def inspector(self) -> EdgeInspector | None:
        """What judges."""
        running = self._running
        return None if running is None else running.inspector

    @property
    def on_trial(self) -> bool:
        """Whether it must still prove itself."""
        running = self._running
        return running is not None and running.trial is not None

    def start(self) -> bool:
        """Load what the pointer names, or what ran before if that fails.

        A release on trial with which the device has started twice already is taken for one
        that brings it down, and rolled back.

        Returns:
            Whether there is a release to judge with now.

        Raises:
            StorageError: The pointer cannot be read or written.
        """
        with self._swapping:
            pointer = self._slots.pointer()
            self._slots.complete_record()
            if pointer.current is None:
                return False
            if pointer.trial:
                if pointer.starts >= _MOST_STARTS:
                    self._give_up("the device went down on it again and again")
                    return self._running is not None
                self._slots.point(replace(pointer, starts=pointer.starts + 1))
            try:
                running = _Running(pointer.current, self._loaded(pointer.current))
            except PitmarkError as error:
                self.last_failure = error.message
                if pointer.previous is not None:
                    self._give_up(error.message)
                return self._running is not None
            self._running = running
            if pointer.trial:
                self._on_trial(running, self._before(pointer.previous))
            return True

    def activate(self, source: Path | bytes, *, step: Step = lambda _: None) -> Activated:
        """Bring a new release into use while the present one goes on judging.

        Args:
            source: The bundle.
            step: Told every step as it is reached.

        Returns:
            The new release, on trial.

        Raises:
            PitmarkError: As for `pitmark.edge.activation.activate`; the present one stays.
        """
        with self._swapping:
            done = activate(self._slots, source, self._gate, step=step)
            self._on_trial(_Running(done.held, done.inspector), self._running)
            return done

    def begin_with(self, source: Path) -> None:
        """Before the start: activate a release, unless it is the one that runs already.

        Args:
            source: The bundle.

        Raises:
            PitmarkError: As for `activate`.
        """
        held = self._slots.pointer().current
        if held is not None and held.sha256 == file_sha256(source):
            return
        with self._swapping:
            activate(self._slots, source, self._gate)

    def inspect(
        self, image: Pixels | bytes, *, name: str = "", reference: Pixels | bytes | None = None
    ) -> tuple[Inspection, Held | None]:
        """The verdict on one image, and the release that gave it.

        Args:
            image: Pixels, or the bytes of an image file.
            name: How to call it.
            reference: Of the image, for a release that compares.

        Returns:
            The inspection. Where a release on trial fails on an image that the one before
            can judge, it is the verdict of that one, and the new one is rolled back.
        """
        running = self._running
        if running is None:
            verdict = Verdict("error", 0.0, None, "no release is loaded")
            return Inspection(name, verdict, None, None, 0.0), None
        found = guarded(running.inspector, image, name=name, reference=reference)
        if running.trial is None:
            self._rate.note(found.verdict.outcome)
            return found, running.held
        return self._inspect_on_trial(running, found, image, reference)

    def second_opinion(
        self, image: Pixels, reference: Pixels | bytes | None = None
    ) -> Verdict | None:
        """What the release before says about an image, while a new one is on trial.

        Args:
            image: Pixels.
            reference: Of the image, for a release that compares.

        Returns:
            Its verdict, or None when none is on trial.
        """
        running = self._running
        if running is None or running.trial is None or running.before is None:
            return None
        return guarded(running.before.inspector, image, reference=reference).verdict

    def settle(self) -> str | None:
        """End a trial whose time is over, or that failed; to be called now and then.

        Returns:
            "kept" or "rolled back" when one ended.

        Raises:
            StorageError: The pointer cannot be written; it is tried again next time.
        """
        running = self._running
        if running is None or running.trial is None:
            return None
        trial = running.trial
        if trial.failure is None:
            if not trial.passed(self._clock()):
                return None
            self._check_golden(running, trial)
        with self._swapping:
            # A part may fail at any moment, until the trial is closed.
            if trial.failure is None:
                self._slots.confirm()
                if trial.close():
                    self._hand_over(replace(running, trial=None, before=None))
                    self._slots.complete_record()
                    return "kept"
            self._give_up(trial.failure or "")
            return "rolled back"

    def status(self) -> dict[str, Any]:
        """The state of the release as plain JSON types."""
        held = self.held
        return {
            "name": self.name,
            "project": held.project if held else None,
            "version": held.version if held else None,
            "sha256": held.sha256 if held else None,
            "precision": held.precision if held else None,
            "threads": held.threads if held else None,
            "on_trial": self.on_trial,
            "rollbacks": self.rollbacks,
            "last_failure": self.last_failure,
        }

    def _inspect_on_trial(
        self,
        running: _Running,
        found: Inspection,
        image: Pixels | bytes,
        reference: Pixels | bytes | None,
    ) -> tuple[Inspection, Held]:
        trial = running.trial
        assert trial is not None
        if found.verdict.outcome == "error" and running.before is not None:
            old = running.before
            instead = guarded(old.inspector, image, name=found.name, reference=reference)
            if instead.verdict.outcome != "error":
                if trial.fail(f"it could not judge {found.name!r}: {found.verdict.reason}"):
                    self._step_back(running)
                return instead, old.held
            return found, running.held  # The image is at fault, not the release.
        trial.note(found.verdict.outcome, found.latency_ms)
        if trial.failure is not None:
            self._step_back(running)
        return found, running.held

    def _step_back(self, failed: _Running) -> None:
        """Judge with the release before from the next image on; the disk follows later."""
        with self._handing:
            # Whoever settles the trial may have gone back on the disk already.
            if failed.before is not None and self._running is failed:
                self._running = replace(failed.before, before=None, trial=failed.trial)

    def _hand_over(self, running: _Running | None) -> None:
        with self._handing:
            self._running = running

    def _on_trial(self, new: _Running, before: _Running | None) -> None:
        if before is None:  # Nothing to go back to: it judges, come what may.
            self._running = new
            return
        known = self._rate.rate if self._rate.count >= ENOUGH_IMAGES else None
        trial = Trial(self._limits, known, self._clock())
        self._rate = NgRate()
        kept = replace(before, before=None, trial=None)
        self._running = replace(new, before=kept, trial=trial)

    def _before(self, held: Held | None) -> _Running | None:
        if held is None:
            return None
        try:
            return _Running(held, self._loaded(held))
        except PitmarkError:
            return None

    def _give_up(self, reason: str) -> None:
        """Roll back on the disk and in memory, and say why."""
        back = self._slots.roll_back(reason)
        self.rollbacks += 1
        self.last_failure = reason
        running = self._running
        if back is None:
            self._hand_over(None)
        elif running is not None and running.held.sha256 == back.sha256:
            self._hand_over(replace(running, trial=None, before=None))
        elif running is not None and running.before is not None:
            self._hand_over(running.before)
        else:
            self._hand_over(self._before(back))

    def _loaded(self, held: Held) -> EdgeInspector:
        bundle = self._slots.read(held, trusted=self._gate.trusted)
        return EdgeInspector.open(bundle, precision=held.precision, threads=held.threads)

    def _check_golden(self, running: _Running, trial: Trial) -> None:
        """Replay the golden images once more at the end of a trial."""
        try:
            report = running.inspector.replay_golden()
            failure = None if report.ok else f"it disagrees with training: {report.sentence()}"
        except (BundleError, ParityError, InvalidInputError, *MISHAPS) as error:
            failure = f"its golden images fail: {error}"
        if failure is not None and trial.fail(failure):
            self._step_back(running)
