"""Bring a release to many devices, wave by wave, and stop where something goes wrong.

Nothing runs in the background: a rollout is looked at when a device tells something of
itself, and when somebody asks for it. All that it needs is in the database, so it goes on
wherever it was after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pitmark.core.errors import ConflictError
from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.ops.line.rollout_rules import Decision, RolloutFacts, RolloutRules, decide
from pitmark.store.db import ProjectStore
from pitmark.store.part_counts import PartCounts
from pitmark.store.rollouts import RolloutRow, WaveCounts

# Of a fleet that reports every minute, not every report is worth a look.
_LOOK_EVERY = timedelta(seconds=10)
_BY_ITSELF = "pitmark"


@dataclass(frozen=True, slots=True)
class RolloutStatus:
    """A rollout, its waves as they stand, and what would be decided now."""

    row: RolloutRow
    plan: RolloutPlan
    waves: tuple[WaveCounts, ...]
    facts: RolloutFacts
    decision: Decision

    def to_json(self) -> dict[str, Any]:
        """The status as plain JSON types."""
        row, facts = self.row, self.facts
        return {
            "number": row.number,
            "version": row.version,
            "state": row.state,
            "why": row.why or self.decision.why,
            "wave": row.wave + 1,
            "wave_since": row.wave_since.isoformat(timespec="seconds"),
            "created": row.created.isoformat(timespec="seconds"),
            "author": row.author,
            "plan": self.plan.to_json(),
            "waves": [
                {
                    "wave": number + 1,
                    "open": number <= row.wave,
                    "devices": wave.devices,
                    "running": wave.running,
                    "on_trial": wave.on_trial,
                    "failed": wave.failed,
                }
                for number, wave in enumerate(self.waves)
            ],
            "parts_before": _counts(facts.before),
            "parts_under": _counts(facts.under),
        }


def start(
    project: ProjectStore, version: int, plan: RolloutPlan | None = None, *, by: str = ""
) -> RolloutRow:
    """Begin to bring a release to the devices of a project; its first wave opens at once.

    An open rollout before it is superseded: its release is offered to nobody any more.

    Args:
        project: The project.
        version: Of the release.
        plan: The waves and rules; None takes 1, 10, 50 and 100 % of the devices.
        by: Who begins it.

    Returns:
        The rollout.

    Raises:
        NotFoundError: No such release, or no device of a name in the plan.
        ConflictError: A higher version was rolled out before: devices would refuse this one.
    """
    chosen = plan or RolloutPlan()
    project.releases.get(version)
    with project.transaction():
        last = project.rollouts.find()
        if last is not None and last.version > version:
            raise ConflictError(
                f"release {version} is older than {last.version}, which was rolled out before:"
                " devices would refuse it",
                hint=f"To go back: pitmark rollout roll-back --to {version}",
            )
        places = chosen.places(project.rollouts.candidates(), draw=str(version))
        if last is not None and last.open:
            project.rollouts.withdraw(last.version)
        told = {**chosen.to_json(), "placed": len(places)}
        row = project.rollouts.add(version, told, by=by)
        project.rollouts.place(places)
        project.rollouts.offer(0, version)
        details = {"version": version, **chosen.to_json()}
        project.audit.log(by, "start_rollout", f"rollout/{row.number}", details)
    return row


def advance(
    project: ProjectStore, *, now: datetime | None = None, at_once: bool = False
) -> RolloutRow | None:
    """Look at the newest rollout: open its next wave, halt it, end it, or leave it.

    Args:
        project: The project.
        now: The present moment; None takes the clock's.
        at_once: Look even where it was looked at seconds ago.

    Returns:
        The rollout as it is now; None where there is none.
    """
    moment = now or datetime.now(UTC)
    row = project.rollouts.find()
    if row is None or row.state != "running":
        return row
    if not at_once and timedelta(0) <= moment - row.checked < _LOOK_EVERY:
        return row
    _look(project, row, _facts(project, row, moment)[0], moment)
    return project.rollouts.get()


def _look(
    project: ProjectStore, row: RolloutRow, facts: RolloutFacts, moment: datetime
) -> RolloutRow:
    """Do what the facts ask for; they were counted before, so that no writer waits for it."""
    with project.transaction():
        # Looked at again under the lock: another request may have changed it meanwhile.
        if project.rollouts.get() == row and row.state == "running":
            _apply(project, row, decide(_rules(row), facts), moment)
    return project.rollouts.get()


def status(
    project: ProjectStore, number: int | None = None, *, now: datetime | None = None
) -> RolloutStatus:
    """Where a rollout stands; the newest is looked at first.

    Args:
        project: The project.
        number: Which one; None for the newest.
        now: The present moment; None takes the clock's.

    Returns:
        The status. Of an older rollout waves and parts are not known any more.

    Raises:
        NotFoundError: None such.
    """
    moment = now or datetime.now(UTC)
    newest = project.rollouts.get()
    row = newest if number is None else project.rollouts.get(number)
    facts, waves = _unknown(row), dict[int, WaveCounts]()
    if row.number == newest.number:
        facts, waves = _facts(project, row, moment)
        if row.state == "running":
            wave, row = row.wave, _look(project, row, facts, moment)
            if row.wave != wave:
                facts, waves = _facts(project, row, moment)
    return RolloutStatus(
        row,
        RolloutPlan.from_json(row.plan),
        tuple(waves.get(n, WaveCounts()) for n in range(row.plan["placed"])),
        facts,
        decide(_rules(row), facts),
    )


def halt(project: ProjectStore, *, by: str, why: str = "") -> RolloutRow:
    """Offer the release to no further device until somebody resumes the rollout.

    Args:
        project: The project.
        by: Who halts it.
        why: In words.

    Returns:
        The rollout as it is now.

    Raises:
        NotFoundError: There is none.
        ConflictError: It does not run.
    """
    with project.transaction():
        row = _expect(project, "running", "halted")
        project.rollouts.change(row.number, state="halted", why=why or f"halted by {by}")
        log_rollout(project, row, "halt_rollout", by, why)
    return project.rollouts.get()


def resume(project: ProjectStore, *, by: str, rules: RolloutRules | None = None) -> RolloutRow:
    """Let a halted rollout go on; where a rule to halt still holds, it halts again.

    Args:
        project: The project.
        by: Who resumes it.
        rules: Others from now on; None keeps them.

    Returns:
        The rollout as it is now.

    Raises:
        NotFoundError: There is none.
        ConflictError: It is not halted.
    """
    with project.transaction():
        row = _expect(project, "halted", "resumed")
        plan = dict(row.plan)
        if rules is not None:
            plan["rules"] = rules.to_json()
        project.rollouts.change(row.number, state="running", why="", plan=plan)
        details = f"rules: {plan['rules']}" if rules is not None else ""
        log_rollout(project, row, "resume_rollout", by, details)
    advance(project, at_once=True)
    return project.rollouts.get()


def _apply(
    project: ProjectStore, row: RolloutRow, decision: Decision, moment: datetime
) -> None:
    values: dict[str, Any] = {"checked": moment, "why": decision.why}
    if decision.step == "halt":
        values |= {"state": "halted"}
    elif decision.step == "done":
        values |= {"state": "done", "finished": moment}
    elif decision.step == "go on":
        values |= {"wave": row.wave + 1, "wave_since": moment}
        project.rollouts.offer(row.wave + 1, row.version)
    project.rollouts.change(row.number, **values)
    if decision.step != "wait":
        action = {"halt": "halt_rollout", "done": "end_rollout", "go on": "open_wave"}
        log_rollout(project, row, action[decision.step], _BY_ITSELF, decision.why)


def _facts(
    project: ProjectStore, row: RolloutRow, moment: datetime
) -> tuple[RolloutFacts, dict[int, WaveCounts]]:
    """What is decided by, and the waves; to be asked of the newest rollout only."""
    waves = project.rollouts.waves(row.version)
    here = waves.get(row.wave, WaveCounts())
    before, under = project.rollouts.parts(row.wave)
    facts = RolloutFacts(
        wave=row.wave,
        waves=row.plan["placed"],
        hours=(moment - row.wave_since).total_seconds() / 3600,
        devices=here.devices,
        running=here.running - here.on_trial,
        failed=sum(w.failed for n, w in waves.items() if n <= row.wave),
        before=before,
        under=under,
    )
    return facts, waves


def _unknown(row: RolloutRow) -> RolloutFacts:
    return RolloutFacts(row.wave, row.plan["placed"], 0.0, 0, 0, 0, PartCounts(), PartCounts())


def _rules(row: RolloutRow) -> RolloutRules:
    return RolloutPlan.from_json(row.plan).rules


def _expect(project: ProjectStore, state: str, verb: str) -> RolloutRow:
    row = project.rollouts.get()
    if row.state != state:
        raise ConflictError(
            f"rollout {row.number} is {row.state}, so it cannot be {verb}",
            hint="See it: pitmark rollout status",
        )
    return row


def log_rollout(project: ProjectStore, row: RolloutRow, action: str, by: str, why: str) -> None:
    """Note in the audit log what was done to a rollout.

    Args:
        project: The project.
        row: The rollout.
        action: What was done.
        by: Who did it.
        why: In words.
    """
    details = {"version": row.version, "why": why}
    project.audit.log(by, action, f"rollout/{row.number}", details)


def _counts(parts: Any) -> dict[str, int]:
    return {"ok": parts.ok, "ng": parts.ng, "error": parts.error}
