"""`pitmark rollout`: bring a release to all devices in waves, and stop it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pitmark.cli.devices import BY
from pitmark.cli.output import Output, table
from pitmark.core.errors import InvalidInputError

if TYPE_CHECKING:
    from pitmark.ops.line.rollout_rules import RolloutRules
    from pitmark.store.db import ProjectStore
    from pitmark.store.rollouts import RolloutRow

_RULES = (
    ("--min-hours", "min_hours", float, "Hours that a wave lasts at least.  [default: 1]"),
    ("--min-parts", "min_parts", int, "Parts judged before the next wave.  [default: 20]"),
    ("--enough", "enough", float, "Share of a wave that must run it.  [default: 0.9]"),
    ("--halt-ng-jump", "ng_jump", float, "Change of the share of NG, 1 off.  [default: 0.1]"),
    ("--halt-errors", "errors", float, "Rise of the share of errors, 1 off.  [default: 0.02]"),
    ("--halt-refused", "refused", int, "Devices that refuse it, 0 off.  [default: 1]"),
)


class _VersionOrVerb(click.Group):
    """`rollout 5` is `rollout start 5`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the verb where a version stands in its place."""
        if args and args[0].isdecimal():
            args.insert(0, "start")
        return super().parse_args(ctx, args)


@click.group(cls=_VersionOrVerb)
def rollout() -> None:
    """Bring a release to all devices in waves: `pitmark rollout VERSION`."""


def _ruled(command: Any) -> Any:
    """The options that are rules."""
    for option, name, kind, words in reversed(_RULES):
        command = click.option(option, name, type=kind, help=words)(command)
    return command


@rollout.command()
@click.argument("version", type=click.IntRange(1))
@click.option(
    "--waves", default="1,10,50,100", show_default=True, help="Percent of the devices."
)
@click.option("--canary", default="", help="Devices that come first, as in press-1,press-2.")
@click.option("--only-canary", is_flag=True, help="Nobody but those.")
@_ruled
@BY
@click.pass_obj
def start(
    out: Output,
    /,
    version: int,
    waves: str,
    canary: str,
    only_canary: bool,
    by: str,
    **rules: Any,
) -> None:
    """Begin; an open rollout before it is superseded."""
    from pitmark.ops.line import rollouts
    from pitmark.ops.line.rollout_plan import RolloutPlan
    from pitmark.ops.line.rollout_rules import RolloutRules

    names = tuple(n.strip() for n in canary.split(",") if n.strip())
    shares = () if only_canary else _shares(waves)
    plan = RolloutPlan(shares, names, _changed(RolloutRules(), rules))
    store = out.project().store
    rollouts.start(store, version, plan, by=by)
    _tell(out, store)


@rollout.command()
@click.option("--number", type=click.IntRange(1), help="Which one.  [default: the newest]")
@click.pass_obj
def status(out: Output, number: int | None) -> None:
    """Where a rollout stands, and why."""
    _tell(out, out.project().store, number)


@rollout.command("list")
@click.pass_obj
def list_(out: Output) -> None:
    """All rollouts, the newest first."""
    rows = [
        {
            "number": r.number,
            "version": r.version,
            "state": r.state,
            "at": r.created.isoformat(timespec="minutes"),
            "by": r.author,
            "why": r.why,
        }
        for r in out.project().store.rollouts.list()
    ]
    out.result(rows, table(rows, ("number", "version", "state", "at", "by", "why")))


@rollout.command()
@click.option("--why", default="", help="In words.")
@BY
@click.pass_obj
def halt(out: Output, why: str, by: str) -> None:
    """Offer the release to no further device."""
    from pitmark.ops.line import rollouts

    store = out.project().store
    rollouts.halt(store, by=by, why=why)
    _tell(out, store)


@rollout.command()
@_ruled
@BY
@click.pass_obj
def resume(out: Output, /, by: str, **rules: Any) -> None:
    """Go on after a halt; it halts again where a rule still holds."""
    from pitmark.ops.line import rollouts
    from pitmark.ops.line.rollout_plan import RolloutPlan

    store = out.project().store
    before = RolloutPlan.from_json(store.rollouts.get().plan).rules
    rollouts.resume(store, by=by, rules=_changed(before, rules))
    _tell(out, store)


@rollout.command("roll-back")
@click.option("--to", type=click.IntRange(1), help="Version whose content they shall run.")
@BY
@click.pass_obj
def roll_back(out: Output, to: int | None, by: str) -> None:
    """Bring the devices that were offered the release back to the one before."""
    from pitmark.ops.line import rollout_back

    store = out.project().store
    with tempfile.TemporaryDirectory(dir=store.work) as folder:
        rollout_back.roll_back(store, Path(folder), by=by, to=to)
    _tell(out, store)


def _tell(out: Output, store: ProjectStore, number: int | None = None) -> None:
    from pitmark.ops.line.rollouts import status as status_of

    found = status_of(store, number)
    told = found.to_json()
    lines = [f"Rollout {told['number']} of release {told['version']}: {_words(found.row)}"]
    if told["why"]:
        lines.append(f"{told['why'][0].upper()}{told['why'][1:]}.")
    columns = ("wave", "open", "devices", "running", "on_trial", "failed")
    rows = [{**w, "open": "yes" if w["open"] else None} for w in told["waves"]]
    lines += table(rows, columns)
    out.result(told, lines)


def _words(row: RolloutRow) -> str:
    where = f", wave {row.wave + 1} of {row.plan['placed']}" if row.open else ""
    return f"{row.state}{where}"


def _changed(rules: RolloutRules, given: dict[str, Any]) -> RolloutRules:
    from dataclasses import replace

    return replace(rules, **{name: v for name, v in given.items() if v is not None})


def _shares(waves: str) -> tuple[float, ...]:
    try:
        percents = [float(w) for w in waves.rstrip("% ").split(",")]
    except ValueError as exc:
        raise InvalidInputError(
            f"waves cannot be {waves!r}", hint="Percent of the devices, as in 1,10,50,100."
        ) from exc
    return tuple(p / 100 for p in percents)


COMMANDS = (rollout,)
