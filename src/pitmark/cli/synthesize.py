"""The command that makes images of a weak class and keeps them only if they help."""

from __future__ import annotations

import click

from pitmark.cli.model import PRESETS
from pitmark.cli.output import Output

_POLICIES = ("oversample", "flips", "turns", "brightness", "blur", "noise")


@click.command()
@click.argument("label", metavar="[CLASS]", required=False)
@click.option("--where", multiple=True, metavar="KEY=VALUE",
              help="Only this slice, as in camera=cam2; repeatable.")  # fmt: skip
@click.option("--amount", "amounts", type=click.IntRange(1), multiple=True,
              help="How many images; repeatable: validation chooses, and each further amount"
              " costs one more training. Left out: six for every real one.")  # fmt: skip
@click.option("--policy", "policies", type=click.Choice(_POLICIES), multiple=True,
              help="Change whole images of the class instead of pasting its defects"
              " (oversample: only show them more often); repeatable: validation"
              " chooses.")  # fmt: skip
@click.option("--kind", help="Painted defect for a class with fewer than five of its own.")
@click.option("--snapshot", default="latest", show_default=True)
@click.option("--preset", type=click.Choice(PRESETS), default="balanced", show_default=True)
@click.option("--side", type=click.IntRange(32, 4096), help="Longer side of the input in px.")
@click.option("--steps", type=click.IntRange(1), help="Image-steps instead of the preset's.")
@click.option("--seed", default=0, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Cores to use; all if left out.")
@click.option("--list", "listed", is_flag=True, help="Show what earlier runs did, and stop.")
@click.pass_obj
def synthesize(
    out: Output,
    label: str | None,
    where: tuple[str, ...],
    amounts: tuple[int, ...],
    policies: tuple[str, ...],
    kind: str | None,
    snapshot: str,
    preset: str,
    side: int | None,
    steps: int | None,
    seed: int,
    threads: int | None,
    listed: bool,
) -> None:
    """Make training images of a weak CLASS, retrain, and keep them only if they help.

    Without CLASS the weakest one on the validation images is taken. Defects of the class
    are cut out of training images, varied and laid on good ones; then a second model is
    trained and compared with the first on the real test images. What helps must also
    beat a third model that is shown the real images of CLASS as often.
    """
    from pitmark.ops.models.train_options import TrainOptions
    from pitmark.ops.synthesis.trial import SynthesisOptions

    data = out.project().data
    if listed:
        every = data.syntheses()
        lines = [line for one in every for line in (f"Run {one.record['run']}:", str(one))]
        out.result([dict(one.record) for one in every], lines or ["Nothing was made yet."])
        return
    train = TrainOptions(
        snapshot=snapshot,
        preset=preset,
        side_px=side,
        image_steps=steps,
        seed=seed,
        threads=threads,
    )
    options = SynthesisOptions(
        label=label,
        where=dict(_pair(text) for text in where),
        amounts=amounts,
        policies=policies,
        kind=kind,
        seed=seed,
        train=train,
    )
    with out.progress() as progress:
        done = data.synthesize(options=options, report=progress)
    out.result(dict(done.record), str(done).splitlines())


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (equals and key):
        raise click.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--where")
    return key, value


COMMANDS = (synthesize,)
