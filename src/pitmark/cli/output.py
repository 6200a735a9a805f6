"""How commands speak: one JSON object on standard output, or words for a person.

Progress always goes to standard error, so that standard output holds the result alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from pitmark.core.errors import PitmarkError
from pitmark.core.progress import Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

    from pitmark.workspace.home import Workspace
    from pitmark.workspace.project import Project


class Output:
    """What all commands of one call share: the workspace folder and the way to speak."""

    def __init__(self, home: Path, project: str | None, *, as_json: bool) -> None:
        self.home, self.project_name, self.as_json = home, project, as_json

    def workspace(self, *, create: bool = False) -> Workspace:
        """The workspace of `--home`.

        Args:
            create: Make it if there is none.

        Returns:
            The open workspace.
        """
        from pitmark.workspace.home import Workspace

        return Workspace.open(self.home, create=create)

    def project(self) -> Project:
        """The project of `--project`, or the only one."""
        return self.workspace().project(self.project_name)

    def result(self, data: Any, lines: Iterable[str]) -> None:
        """Print the result of a command.

        Args:
            data: Plain JSON types, printed with `--json`.
            lines: The same for a person, printed without.
        """
        if self.as_json:
            click.echo(json.dumps(data, ensure_ascii=False))
            return
        for line in lines:
            click.echo(line)

    def fail(self, error: PitmarkError) -> None:
        """Print an error.

        Args:
            error: What went wrong.
        """
        if self.as_json:
            click.echo(json.dumps(error.to_json(), ensure_ascii=False), err=True)
            return
        click.secho(f"Error: {error.message}", fg="red", err=True)
        if error.hint:
            click.echo(f"Hint: {error.hint}", err=True)

    def progress(self) -> ProgressBar:
        """A reporter of progress to standard error; silent with `--json`."""
        return ProgressBar(shown=not self.as_json and sys.stderr.isatty())


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """Shows the stage, how far it is, the time left and the figures of long work."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._stage: str | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBar:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as Bars

            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Take note of where the work stands.

        Args:
            progress: The present state.
        """
        if not self._shown:
            return
        if progress.stage != self._stage or self._task is None:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._stage = progress.stage
            self._task = self._bars.add_task(progress.stage, total=None, note="")
        self._bars.update(
            self._task,
            completed=progress.done,
            total=progress.total or None,
            note=_note(progress),
        )


def _note(progress: Progress) -> str:
    parts = []
    if progress.eta_s is not None:
        minutes, seconds = divmod(round(progress.eta_s), 60)
        parts.append(f"{minutes}:{seconds:02d} left")
    for name, value in progress.facts.items():
        parts.append(f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}")
    return "  ".join(parts)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Rows as aligned lines of text.

    Args:
        rows: One mapping per line.
        columns: Which keys, in order; they are the headings.

    Returns:
        The lines, headings first; one line saying so where there are no rows.
    """
    if not rows:
        return ["(none)"]
    texts = [[_cell(r.get(c)) for c in columns] for r in rows]
    widths = [max(len(c), *(len(t[n]) for t in texts)) for n, c in enumerate(columns)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(columns, widths, strict=True)).rstrip()]
    for text in texts:
        lines.append("  ".join(t.ljust(w) for t, w in zip(text, widths, strict=True)).rstrip())
    return lines


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def figures(metrics: Mapping[str, Any]) -> str:
    """Headline figures in one line.

    Args:
        metrics: Name to value.

    Returns:
        Such as "mAP50 0.912, recall 0.880".
    """
    known = [f"{k} {v:.3f}" for k, v in metrics.items() if isinstance(v, float)]
    return ", ".join(known) or "no figures"
