"""Commands around releases as files: keys, verify, rollback, and the list of them."""

from __future__ import annotations

from pathlib import Path

import click

from pitmark.cli.output import Output, table

FILE = click.Path(path_type=Path)


@click.group()
def keys() -> None:
    """The keys that sign releases, and that devices trust."""


@keys.command("list")
@click.pass_obj
def list_(out: Output) -> None:
    """The public keys of this workspace; one is made if there is none."""
    with out.workspace() as workspace:
        rows = [k.to_json() for k in workspace.signing_keys()]
    out.result(rows, table(rows, ("number", "id", "signs", "line")))


@keys.command()
@click.pass_obj
def renew(out: Output) -> None:
    """Make a new key that signs from now on; give it to the devices before you release."""
    with out.workspace() as workspace:
        made = workspace.renew_key()
    lines = [
        f"Key {made.public.id} signs from now on.",
        "Next: pitmark keys export FILE, and give the file to every device.",
    ]
    out.result(made.to_json(), lines)


@keys.command()
@click.argument("file", type=FILE)
@click.pass_obj
def export(out: Output, file: Path) -> None:
    """Write the public keys as the file that devices are given."""
    with out.workspace() as workspace:
        held = workspace.export_keys(file)
    lines = [f"{len(held)} keys written to {file}; use it with --keys on the device."]
    out.result({"file": str(file), "keys": [k.to_json() for k in held]}, lines)


@click.command()
@click.argument("bundle", type=FILE)
@click.option("--keys", "keys_", type=FILE, help="File of trusted keys; one must have signed.")
@click.pass_obj
def verify(out: Output, bundle: Path, keys_: Path | None) -> None:
    """Check a bundle as a device does: every byte, who signed it, the golden images."""
    from pitmark.edge.signing import read_keys
    from pitmark.ops.line.rollback import verify as check

    found = check(bundle, trusted=() if keys_ is None else read_keys(keys_))
    out.result(found.to_json(), found.sentences())


@click.command()
@click.argument("version", type=click.IntRange(1))
@click.argument("file", type=FILE, required=False)
@click.option("--by", default="cli", show_default=True, help="Who decides.")
@click.pass_obj
def rollback(out: Output, version: int, file: Path | None, by: str) -> None:
    """Go back to an earlier release: its content as a higher version, to all devices."""
    done = out.project().roll_back(version, file, by=by)
    out.result(done.to_json(), done.sentences())


@click.command()
@click.pass_obj
def releases(out: Output) -> None:
    """All releases of the project, the newest first."""
    rows = [
        {
            "version": r.version,
            "run": r.run_id,
            "at": r.created.isoformat(timespec="minutes"),
            "precisions": ", ".join(r.gate.get("precisions", [])),
            "content of": r.gate.get("content_of"),
        }
        for r in out.project().store.releases.list()
    ]
    out.result(rows, table(rows, ("version", "run", "at", "precisions", "content of")))


COMMANDS = (keys, verify, rollback, releases)
