"""The rollouts of a project as Python sees them: a release for many devices, in waves."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pitmark.ops.line import rollout_back, rollouts
from pitmark.ops.line.fleet_messages import rollout_line
from pitmark.ops.line.rollout_plan import DEFAULT_WAVES, RolloutPlan
from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.store.db import ProjectStore
from pitmark.wire.devices import Rollout, RolloutLine


class Rollouts:
    """The rollouts of a project in a workspace folder.

    Args:
        store: The project.
    """

    def __init__(self, store: ProjectStore) -> None:
        self._store = store

    def start(
        self,
        version: int,
        *,
        waves: Sequence[float] = DEFAULT_WAVES,
        canary: Sequence[str] = (),
        rules: RolloutRules | None = None,
        by: str = "python",
    ) -> Rollout:
        """Begin to bring a release to the devices; an open rollout is superseded.

        Args:
            version: Of the release.
            waves: Shares of all devices that are reached after each wave, rising to 1;
                none ends it with the devices of `canary`.
            canary: Devices that come first, by name.
            rules: When a wave is over and what halts it; None takes the usual ones.
            by: Who begins it.

        Returns:
            Where it stands.

        Raises:
            NotFoundError: No such release, or no device of a name.
            ConflictError: A higher version was rolled out before.
            InvalidInputError: Shares that cannot be.
        """
        plan = RolloutPlan(tuple(waves), tuple(canary), rules or RolloutRules())
        return self.status(rollouts.start(self._store, version, plan, by=by).number)

    def status(self, number: int | None = None) -> Rollout:
        """Where a rollout stands; the newest is looked at first.

        Args:
            number: Which one; None for the newest.

        Returns:
            The rollout with its waves.

        Raises:
            NotFoundError: None such.
        """
        return Rollout.model_validate(rollouts.status(self._store, number).to_json())

    def halt(self, why: str = "", *, by: str = "python") -> Rollout:
        """Offer the release to no further device until the newest rollout is resumed.

        Args:
            why: In words.
            by: Who halts it.

        Returns:
            Where it stands.

        Raises:
            NotFoundError: There is none.
            ConflictError: It does not run.
        """
        return self.status(rollouts.halt(self._store, by=by, why=why).number)

    def resume(self, *, rules: RolloutRules | None = None, by: str = "python") -> Rollout:
        """Let the newest rollout go on; it halts again where a rule still holds.

        Args:
            rules: Others from now on; None keeps them.
            by: Who resumes it.

        Returns:
            Where it stands.

        Raises:
            NotFoundError: There is none.
            ConflictError: It is not halted.
        """
        return self.status(rollouts.resume(self._store, by=by, rules=rules).number)

    def roll_back(self, *, to: int | None = None, by: str = "python") -> Rollout:
        """Bring the devices that were offered a release back to the content of one before.

        Args:
            to: The version whose content they shall run; None for the one before.
            by: Who decides.

        Returns:
            The rollout that brings it back; the same one where no device was offered any.

        Raises:
            NotFoundError: There is no rollout, no such release, or none before.
            ConflictError: The rollout was superseded or rolled back already.
        """
        with tempfile.TemporaryDirectory(dir=self._store.work) as folder:
            row = rollout_back.roll_back(self._store, Path(folder), by=by, to=to)
        return self.status(row.number)

    def list(self) -> Sequence[RolloutLine]:
        """All rollouts, the newest first."""
        rollouts.advance(self._store)
        return [rollout_line(row) for row in self._store.rollouts.list()]
