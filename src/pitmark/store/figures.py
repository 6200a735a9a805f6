"""Counts over a whole workspace, without a name: what its monitoring may know."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table, func

from pitmark.store.connection import Database
from pitmark.store.schema import events, images, organisations, projects
from pitmark.store.schema_jobs import jobs
from pitmark.store.schema_runs import releases
from pitmark.store.scope import Scope


@dataclass(frozen=True, slots=True)
class Figures:
    """A workspace in counts; `jobs` are by kind and state."""

    organisations: int
    projects: int
    images: int
    releases: int
    inspections: int
    jobs: dict[tuple[str, str], int]


def figures_of(database: Database) -> Figures:
    """A workspace in counts, all organisations together.

    Args:
        database: Of the workspace.

    Returns:
        The counts as of now.
    """
    by_state = Scope.across(jobs, jobs.c.kind, jobs.c.state, func.count().label("n"))
    with database.read() as connection:

        def count(table: Table) -> int:
            return int(connection.execute(Scope.across(table, func.count())).scalar_one())

        living = Scope.across(projects, func.count()).where(projects.c.deleted.is_(None))
        rows = connection.execute(by_state.group_by(jobs.c.kind, jobs.c.state)).all()
        return Figures(
            organisations=count(organisations),
            projects=int(connection.execute(living).scalar_one()),
            images=count(images),
            releases=count(releases),
            inspections=count(events),
            jobs={(row.kind, row.state): row.n for row in rows},
        )
