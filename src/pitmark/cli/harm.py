"""The command that says whether a drift on the line does harm."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from pitmark.cli.output import Output

_SHOWN = 10
_VERDICTS = {
    "harmless": "Harmless.",
    "retrain": "It does harm.",
    "more labels": "More labels are needed.",
}


@click.command()
@click.option(
    "--draw",
    type=click.IntRange(1, 1000),
    help="Draw images from the line at random until so many wait for a label; 60 are usual.",
)
@click.option(
    "--since",
    type=click.DateTime(),
    help="Test all parts since this moment (UTC), with or without an alarm.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="So many wrong verdicts more per image would be harm.",
)
@click.option("--by", default="cli", show_default=True, help="Who asks for it.")
@click.pass_obj
def harm(out: Output, draw: int | None, since: datetime | None, margin: float, by: str) -> None:
    """Say whether a drift is harmless, or does harm, or how many labels that needs.

    Images are drawn at random from the parts since the alarm and labeled by a person; the
    verdicts are compared with what was accepted at the release. It may be asked after
    every label: the chance of a wrong answer stays below 5 % all the same.
    """
    from pitmark.ops.line.harm import HarmOptions

    upkeep = out.project().upkeep
    moment = since.replace(tzinfo=UTC) if since else None
    options = HarmOptions(since=moment, margin=margin)
    if draw is None:
        state = upkeep.harm(options=options)
    else:
        state = upkeep.draw_for_harm(draw, options=options, by=by)
    lines = [_VERDICTS[state.verdict], *state.sentences()]
    waiting = [d.name for d in state.to_label]
    if waiting:
        more = len(waiting) - _SHOWN
        named = ", ".join(waiting[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        lines.append(f"To label: {named}")
    out.result(state.to_json(), lines)


COMMANDS = (harm,)
