"""Commands around the review of findings: how it stands, and taking decisions back."""

from __future__ import annotations

from pathlib import Path

import click

from pitmark.cli.output import Output, table


@click.command()
@click.option(
    "--minutes-per-fault",
    type=click.FloatRange(0, min_open=True),
    default=5.0,
    show_default=True,
    help="What a person's time is worth: stop where the next fault takes longer to find.",
)
@click.option(
    "--most-left",
    type=click.FloatRange(0, 1),
    default=0.002,
    show_default=True,
    help="Stop where at most this share of the labels can be a fault still in the queue.",
)
@click.option(
    "--html", type=click.Path(path_type=Path), help="Also write status and queue as a page."
)
@click.pass_obj
def review(out: Output, minutes_per_fault: float, most_left: float, html: Path | None) -> None:
    """How the review of findings stands, what is left in the queue, and when to stop."""
    status = out.project().review(minutes_per_fault=minutes_per_fault, most_left=most_left)
    if html is not None:
        status.write_page(html)
    data = status.to_json()
    kinds = [
        {
            "kind": k["kind"],
            "decided": k["decided"],
            "promised": f"{k['promised']:.1f}",
            "found": k["found"],
            "open": k["open"],
            "faults left": "{expected:.1f} ({low:.0f} to {high:.0f})".format(
                **k["faults_left"]
            ),
            "s each": f"{k['seconds_per_decision']:.0f}{'' if k['timed'] else ' (assumed)'}",
        }
        for k in data["kinds"]
    ]
    splits = [
        {
            "split": s["split"] or "none",
            "open": s["open"],
            "faults left": "{expected:.1f} ({low:.0f} to {high:.0f})".format(
                **s["faults_left"]
            ),
            "minutes": f"{s['minutes']:.0f}",
        }
        for s in data["splits"]
    ]
    lines = [*data["sentences"], "", *table(kinds, list(kinds[0]))] if kinds else []
    lines += ["", *table(splits, list(splits[0]))] if splits else []
    lines += ["", data["sentence"]] if kinds else ["No findings yet. Next: pitmark audit"]
    lines += [f"Page: {html}"] if html is not None else []
    out.result(data, lines)


@click.command()
@click.argument("finding", required=False)
@click.option("--by", default="cli", show_default=True, help="Who takes it back.")
@click.option("--note", default="", help="Why.")
@click.pass_obj
def undo(out: Output, finding: str | None, by: str, note: str) -> None:
    """Take back the last decision of --by, or that on FINDING, with the corrected labels."""
    done = out.project().undo(finding, by=by, note=note)
    out.result(done.to_json(), [done.sentence()])


COMMANDS = (review, undo)
