"""Who asks, for which organisation and project, and whether they may.

The one place where a request meets the store: a route gets its organisation and project
from here or not at all. Nothing is remembered between requests: a role that was taken
away, a session that was ended and a token that was revoked count at once.

What somebody may not see does not exist for them: an organisation that they do not belong
to is answered like one that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from fastapi import Request

from pitmark.core.errors import NotAllowedError, NotFoundError
from pitmark.core.roles import SCOPE_ROLES, Role, at_least, stronger, weaker
from pitmark.server.callers import Caller, caller_of
from pitmark.store.db import ProjectStore, Store
from pitmark.store.people import MemberRow

ORGANISATION = "/api/orgs/{organisation}"
PROJECT = ORGANISATION + "/projects/{project}"


@dataclass(frozen=True, slots=True)
class OrganisationAccess:
    """A request within an organisation.

    Attributes:
        store: The workspace as this organisation sees it.
        who: The person as labels, findings and the audit log name them.
        role: Within the organisation, or less where a token limits it.
        member: The person.
        only_project: The one project that a token is limited to; None for all.
    """

    store: Store
    who: str
    role: Role
    member: MemberRow
    only_project: str | None = None
    scope_role: Role = "owner"

    def role_in(self, project: str) -> Role:
        """What may be done in a project of the organisation.

        Args:
            project: Its name.

        Returns:
            The role.
        """
        return weaker(self.member.role_in(project), self.scope_role)


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """A request within a project.

    Attributes:
        store: The project.
        workspace: The workspace as the organisation sees it.
        who: The person as labels, findings and the audit log name them.
        role: Within the project, or less where a token limits it.
    """

    store: ProjectStore
    workspace: Store
    who: str
    role: Role


def organisation_access(
    least: Role, *, anywhere: bool = False, in_person: bool = False
) -> Callable[..., OrganisationAccess]:
    """A dependency: the organisation of the path, for those who have at least a role in it.

    Args:
        least: The weakest role that may: viewer, labeler, operator, admin or owner.
        anywhere: Let in as well who has the role in one project only, and tokens of one
            project: for what says no more than the person may know, such as uploads.
        in_person: Refuse tokens: a token must not make tokens or let people in.

    Returns:
        What a route depends on.
    """

    def access(request: Request, organisation: str) -> OrganisationAccess:
        caller = caller_of(request)
        found = _organisation(request, caller, organisation)
        if in_person and caller.token is not None:
            raise NotAllowedError(
                "a token cannot do this", hint="Sign in with your password and do it there."
            )
        if anywhere:
            _expect(_best(found), least)
            return found
        if found.only_project is not None:
            raise NotAllowedError(
                f"the token is for project {found.only_project!r} alone",
                hint="Make a token for the whole organisation.",
            )
        _expect(found.role, least)
        return found

    return access


def project_access(least: Role) -> Callable[..., ProjectAccess]:
    """A dependency: the project of the path, for those who have at least a role in it.

    Args:
        least: The weakest role that may: viewer, labeler, operator, admin or owner.

    Returns:
        What a route depends on.
    """

    def access(request: Request, organisation: str, project: str) -> ProjectAccess:
        found = _organisation(request, caller_of(request), organisation)
        if found.only_project not in (None, project):
            raise NotFoundError(f"there is no project {project!r}")
        store = found.store.project(project)
        role = found.role_in(project)
        _expect(role, least)
        return ProjectAccess(store, found.store, found.who, role)

    return access


def _organisation(request: Request, caller: Caller, organisation: str) -> OrganisationAccess:
    stores, token = request.app.state.stores, caller.token
    unknown = NotFoundError(f"there is no organisation {organisation!r} for you")
    if token is not None and token.organisation != organisation:
        raise unknown
    try:
        store = stores.of(organisation)
    except NotFoundError:
        raise unknown from None
    member = store.people.find(caller.person.id)
    if member is None:
        raise unknown
    limit: Role = "owner" if token is None else SCOPE_ROLES[token.scope]
    return OrganisationAccess(
        store,
        caller.person.name,
        weaker(member.role, limit),
        member,
        only_project=None if token is None else token.project,
        scope_role=limit,
    )


def _best(found: OrganisationAccess) -> Role:
    """The strongest role in the organisation or in any project of it."""
    if found.only_project is not None:
        return found.role_in(found.only_project)
    return reduce(stronger, map(found.role_in, found.member.projects), found.role)


def _expect(role: Role, least: Role) -> None:
    if not at_least(role, least):
        raise NotAllowedError(
            f"this takes the role {least}; yours here is {role}",
            hint="Ask an owner or admin of the organisation.",
        )
