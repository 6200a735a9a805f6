"""Projects, the label book of each, and what to do next."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from pitmark.core.label_book import LabelBook as Book
from pitmark.core.roles import Role
from pitmark.ops.data.advice_pages import job_of, page_of
from pitmark.ops.data.advising import advise
from pitmark.ops.jobs.kinds import kinds_for
from pitmark.ops.labels.book_change import change_label_book
from pitmark.ops.models.model_course import model_course
from pitmark.server.access import (
    ORGANISATION,
    PROJECT,
    OrganisationAccess,
    ProjectAccess,
    organisation_access,
    project_access,
)
from pitmark.store.db import ProjectStore
from pitmark.wire.projects import (
    Action,
    Advice,
    BookChange,
    BookRevision,
    LabelBook,
    NewProject,
    Project,
    ProjectChange,
)

router = APIRouter(tags=["projects"])
Anywhere = Annotated[OrganisationAccess, Depends(organisation_access("viewer", anywhere=True))]
Leading = Annotated[OrganisationAccess, Depends(organisation_access("admin"))]
Seeing = Annotated[ProjectAccess, Depends(project_access("viewer"))]
LeadingProject = Annotated[ProjectAccess, Depends(project_access("admin"))]


@router.get(ORGANISATION + "/projects")
def projects(access: Anywhere) -> list[Project]:
    """The projects by name; a token of one project sees that one."""
    names = access.store.project_names()
    return [
        _project(access.store.project(name), access.role_in(name))
        for name in names
        if access.only_project in (None, name)
    ]


@router.post(ORGANISATION + "/projects", status_code=201)
def make_project(access: Leading, new: NewProject) -> Project:
    """Begin a project, with the classes of its first label book if they are known."""
    book = Book().with_classes(new.classes)
    made = access.store.create_project(new.name, new.task, book, by=access.who)
    return _project(made, access.role)


@router.get(PROJECT)
def project(access: Seeing) -> Project:
    """One project in figures."""
    return _project(access.store, access.role)


@router.patch(PROJECT)
def rename_project(access: LeadingProject, change: ProjectChange) -> Project:
    """Call a project by another name; all that belongs to it stays."""
    renamed = access.workspace.rename_project(access.store.name, change.name, by=access.who)
    return _project(renamed, access.role)


@router.delete(PROJECT, status_code=204)
def delete_project(access: LeadingProject) -> None:
    """Remove a project with all its images, labels, runs and releases."""
    access.workspace.delete_project(access.store.name, by=access.who)


@router.get(PROJECT + "/label-book")
def label_book(access: Seeing) -> LabelBook:
    """The label book as it stands."""
    return _book(access.store.book.current())


@router.put(PROJECT + "/label-book")
def change_book(access: LeadingProject, change: BookChange) -> LabelBook:
    """The next revision of the label book, made from the one that it names."""
    book = Book.from_json(change.book.model_dump())
    saved = change_label_book(access.store, book, author=access.who, reason=change.reason)
    return _book(saved)


@router.get(PROJECT + "/label-book/history")
def book_history(access: Seeing) -> list[BookRevision]:
    """All revisions of the label book, the newest first."""
    return [
        BookRevision(book=_book(r.book), author=r.author, reason=r.reason, at=r.at)
        for r in reversed(access.store.book.history())
    ]


@router.get(PROJECT + "/advice")
def advice(access: Seeing) -> Advice:
    """What to do next, what earlier advice brought, and escapes and overkill by run."""
    found = advise(access.store)
    return Advice(
        actions=[
            Action(
                kind=a.kind,
                stage=a.stage,
                title=a.title,
                why=a.why,
                command=a.command,
                minutes=a.minutes,
                gain=a.gain,
                low=a.low,
                high=a.high,
                basis=a.basis,
                page=page_of(a),
                job=job_of(a),
            )
            for a in found.actions
        ],
        brought=list(found.brought),
        course=model_course(access.store),
    )


def _project(store: ProjectStore, role: Role) -> Project:
    info = store.info
    return Project(
        name=info.name,
        task=info.task,
        created=info.created,
        images=info.images,
        labeled=info.labeled,
        open_findings=sum(by.get("open", 0) for by in store.findings.counts().values()),
        runs=store.runs.count_done("train"),
        releases=store.releases.count(),
        role=role,
        may_start=kinds_for(role),
    )


def _book(book: Book) -> LabelBook:
    return LabelBook.model_validate(book.to_json())
