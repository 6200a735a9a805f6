"""The rollouts of a project on a server; see `pitmark.workspace.rollouts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pitmark.core.errors import NotFoundError
from pitmark.sdk.connection import Connection, message
from pitmark.sdk.options import plain_options
from pitmark.wire.devices import (
    HaltRollout,
    ResumeRollout,
    RollBackRollout,
    Rollout,
    RolloutLine,
    StartRollout,
)
from pitmark.wire.message import Message


class RemoteRollouts:
    """The rollouts of a project on a server.

    Args:
        connection: To the server.
        path: Of the project.
    """

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection, self._path = connection, f"{path}/rollouts"

    def start(
        self,
        version: int,
        *,
        waves: Sequence[float] | None = None,
        canary: Sequence[str] = (),
        rules: Any = None,
    ) -> Rollout:
        """Begin to bring a release to the devices; an open rollout is superseded.

        Args:
            version: Of the release.
            waves: Shares of all devices that are reached after each wave, rising to 1;
                () ends it with the devices of `canary`, None takes 1, 10, 50 and 100 %.
            canary: Devices that come first, by name.
            rules: A pitmark.ops.line.rollout_rules.RolloutRules, or a mapping of its names.

        Returns:
            Where it stands.

        Raises:
            NotFoundError: No such release, or no device of a name.
            ConflictError: A higher version was rolled out before.
            InvalidInputError: Shares that cannot be.
        """
        told = {"version": version, "canary": [*canary], "rules": plain_options(rules)}
        if waves is not None:
            told["waves"] = [*waves]
        return self._connection.send("POST", self._path, message(StartRollout, **told), Rollout)

    def status(self, number: int | None = None) -> Rollout:
        """Where a rollout stands; the newest is looked at first.

        Args:
            number: Which one; None for the newest.

        Returns:
            The rollout with its waves.

        Raises:
            NotFoundError: None such.
        """
        chosen = self._newest() if number is None else number
        return self._connection.get(f"{self._path}/{chosen}", Rollout)

    def halt(self, why: str = "") -> Rollout:
        """Offer the release to no further device until the newest rollout is resumed.

        Args:
            why: In words.

        Returns:
            Where it stands.

        Raises:
            NotFoundError: There is none.
            ConflictError: It does not run.
        """
        return self._tell("halt", message(HaltRollout, why=why))

    def resume(self, *, rules: Any = None) -> Rollout:
        """Let the newest rollout go on; it halts again where a rule still holds.

        Args:
            rules: Others from now on, as for `start`; None keeps them.

        Returns:
            Where it stands.

        Raises:
            NotFoundError: There is none.
            ConflictError: It is not halted.
        """
        given = None if rules is None else plain_options(rules)
        return self._tell("resume", message(ResumeRollout, rules=given))

    def roll_back(self, *, to: int | None = None) -> Rollout:
        """Bring the devices that were offered a release back to the content of one before.

        Args:
            to: The version whose content they shall run; None for the one before.

        Returns:
            The rollout that brings it back; the same one where no device was offered any.

        Raises:
            NotFoundError: There is no rollout, no such release, or none before.
            ConflictError: The rollout was superseded or rolled back already.
        """
        return self._tell("rollback", message(RollBackRollout, to=to))

    def list(self) -> Sequence[RolloutLine]:
        """All rollouts, the newest first."""
        return self._connection.get(self._path, list[RolloutLine])

    def _tell(self, what: str, said: Message) -> Rollout:
        path = f"{self._path}/{self._newest()}/{what}"
        return self._connection.send("POST", path, said, Rollout)

    def _newest(self) -> int:
        found = self.list()
        if not found:
            raise NotFoundError(
                "the project has no rollout yet", hint="Begin one: pitmark rollout VERSION"
            )
        return found[0].number
