"""Commands around the line: release, predict, watch."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import click

from pitmark.cli.output import Output

FILE = click.Path(path_type=Path)
_NEEDS_REFERENCE = (
    "It compares: give predict and watch the rule of the references with --reference."
)
_NAMED = 8
PRECISIONS = ("auto", "fp32", "int8")


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--run", default="latest", show_default=True)
@click.option("--int8/--no-int8", default=True, show_default=True, help="Also quantize.")
@click.option(
    "--drift-by",
    help="Metadata that shift images without being drift, as in camera,finish."
    " Nothing between quotes compares all alike.  [default: camera, where there are several]",
)
@click.pass_obj
def release(out: Output, file: Path | None, run: str, int8: bool, drift_by: str | None) -> None:
    """Write a bundle for the edge, if it agrees with the trained model."""
    with out.progress() as progress:
        conditions = (
            None if drift_by is None else [n.strip() for n in drift_by.split(",") if n.strip()]
        )
        done = out.project().release(
            file, run=run, int8=int8, conditions=conditions, report=progress
        )
    gate = done.row.gate
    by = ", ".join(done.drift_conditions)
    drift = f"Drift is judged by {by} where --tags tells it of each image." if by else ""
    out.result(
        done.to_json(),
        [
            f"Release {done.row.version}: {done.path} ({done.size_bytes / 1e6:.1f} MB),"
            f" {' and '.join(gate['precisions'])}.",
            f"Largest difference to the trained model: {gate['fp32']['largest']:.1e} (fp32).",
            f"{gate['quantization']['why'][0].upper()}{gate['quantization']['why'][1:]}.",
            *([drift] if drift else []),
            *([_NEEDS_REFERENCE] if done.reference else []),
        ],
    )


def _options(
    precision: str,
    threads: int | None,
    run_length: int,
    tags: str | None,
    **given: Any,
) -> Any:
    from pitmark.ops.models.inspecting import WatchOptions, name_tags

    known: dict[str, Any] = {p: p for p in PRECISIONS}
    return WatchOptions(
        precision=known[precision],
        threads=threads,
        run_length_images=run_length,
        tags=name_tags(tags) if tags else (lambda _: {}),
        **given,
    )


def _shared(command: Any) -> Any:
    """What predict and watch have in common; all but bundle and folder goes to _options."""
    for option in reversed(
        (
            click.argument("bundle", type=FILE),
            click.argument("folder", type=FILE),
            click.option("--precision", type=click.Choice(PRECISIONS), default="auto"),
            click.option("--threads", type=click.IntRange(1)),
            click.option(
                "--run-length",
                type=click.IntRange(100),
                default=50_000,
                show_default=True,
                help="Images expected between two false drift alarms.",
            ),
            click.option("--tags", help='Tags from file names, as in "{camera}_{lot}_{n}".'),
            click.option(
                "--reference",
                help="Reference of each image, as at the import: a file, or by name as in"
                ' "{name}_temp" or "{n}_test={n}_temp".',
            ),
            click.option("--keys", type=FILE, help="Trusted keys; one must have signed."),
            click.option("--log", type=FILE, help="Append one JSON line per image here."),
        )
    ):
        command = option(command)
    return command


@click.command()
@_shared
@click.pass_obj
def predict(out: Output, /, bundle: Path, folder: Path, **how: Any) -> None:
    """Inspect a folder of images, or one image, with a bundle."""
    from pitmark.ops.models.inspecting import predict as predict_folder

    seen: list[dict[str, Any]] = []

    def note(inspection: Any, state: Any) -> None:
        seen.append(inspection.to_json())
        if not out.as_json:
            click.echo(_line(inspection))

    done = predict_folder(bundle, folder, options=_options(**how), on_image=note)
    out.result({**done.to_json(), "inspections": seen}, _summary(done))


@click.command()
@_shared
@click.pass_obj
def watch(out: Output, /, bundle: Path, folder: Path, **how: Any) -> None:
    """Inspect images as they appear in a folder; Ctrl-C ends it."""
    from pitmark.ops.models.inspecting import watch as watch_folder

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    alarmed = False

    def note(inspection: Any, state: Any) -> None:
        nonlocal alarmed
        if out.as_json:
            return
        click.echo(_line(inspection))
        if state is not None and state.alarm and not alarmed:
            alarmed = True
            click.secho(f"DRIFT: {state.sentence}", fg="yellow")

    done = watch_folder(bundle, folder, stop=stop, options=_options(**how), on_image=note)
    out.result(done.to_json(), _summary(done))


def _line(inspection: Any) -> str:
    verdict = inspection.verdict
    return f"{verdict.outcome:5}  {inspection.name}  {verdict.reason}"


def _summary(done: Any) -> list[str]:
    told = ", ".join(f"{n} {o}" for o, n in sorted(done.outcomes.items()))
    how = f"{done.precision}, {done.threads} threads"
    how += ", compared with references" if done.reference else ""
    lines = [f"{done.images} images: {told or 'none'} ({how})"]
    if done.p50_ms is not None:
        lines.append(f"{done.p50_ms} ms per image (median), {done.p95_ms} ms (95 %)")
    if done.drift is not None:
        lines += _drift(done.drift)
    return lines


def _drift(told: dict[str, Any]) -> list[str]:
    lines = [f"Drift: {told['sentence']}"]
    if told["alarm"]:
        lines[0] += f" (it began between images {told['since_low']} and {told['since_high']})"
        names = [i["name"] for i in told["newest"][:_NAMED]]
        lines.append(f"To label first: {', '.join(names)}")
    return lines


COMMANDS = (release, predict, watch)
