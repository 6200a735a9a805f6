"""Commands around projects: new, rename, delete."""

from __future__ import annotations

import click

from pitmark.cli.output import Output
from pitmark.core.labels import TASKS


@click.command()
@click.argument("name")
@click.option("--task", required=True, type=click.Choice(TASKS), help="What is to be learned.")
@click.pass_obj
def new(out: Output, name: str, task: str) -> None:
    """Begin a project; makes the workspace where there is none."""
    with out.workspace(create=True) as workspace:
        project = workspace.create_project(name, task=task)
        out.result(
            {"project": project.name, "task": project.task, "home": str(workspace.home)},
            [f"Project {name} ({task}) in {workspace.home}. Next: pitmark import FOLDER"],
        )


@click.command()
@click.argument("name")
@click.argument("new_name")
@click.pass_obj
def rename(out: Output, name: str, new_name: str) -> None:
    """Call a project by another name; all that belongs to it stays."""
    with out.workspace() as workspace:
        renamed = workspace.rename_project(name, new_name, by="cli")
        out.result({"project": renamed.name, "was": name}, [f"{name} is now {renamed.name}."])


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask; needed with --json.")
@click.pass_obj
def delete(out: Output, name: str, yes: bool) -> None:
    """Remove a project with all its images, labels, runs and releases, for good."""
    with out.workspace() as workspace:
        project = workspace.project(name)
        images = project.store.images.count()
        if not yes:
            _ask(out, f"Remove {name} with its {images} images and all labels for good?")
        workspace.delete_project(name, by="cli")
        out.result({"deleted": name, "images": images}, [f"{name} is removed."])


def _ask(out: Output, question: str) -> None:
    if out.as_json:
        raise click.UsageError("with --json nobody can be asked: add --yes")
    click.confirm(question, abort=True)


COMMANDS = (new, rename, delete)
