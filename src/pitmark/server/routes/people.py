"""Members, invitations, tokens and the audit log of an organisation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from pitmark.core.roles import at_least
from pitmark.ops import people
from pitmark.server.access import ORGANISATION, OrganisationAccess, organisation_access
from pitmark.store.invitations import InvitationRow
from pitmark.store.people import MemberRow
from pitmark.store.tokens import NewToken as TokenToMake
from pitmark.store.tokens import TokenRow
from pitmark.wire.people import (
    AuditLine,
    Invitation,
    Invite,
    Member,
    NewToken,
    Person,
    RoleChange,
    Token,
)

# What an integer column holds in every database.
_MOST_KEY = 2**31 - 1
Key = Annotated[int, Path(ge=1, le=_MOST_KEY)]
router = APIRouter(prefix=ORGANISATION, tags=["people"])
Seeing = Annotated[OrganisationAccess, Depends(organisation_access("viewer"))]
InPerson = Annotated[OrganisationAccess, Depends(organisation_access("viewer", in_person=True))]
Leading = Annotated[OrganisationAccess, Depends(organisation_access("admin"))]
LeadingInPerson = Annotated[
    OrganisationAccess, Depends(organisation_access("admin", in_person=True))
]


@router.get("/members")
def members(access: Seeing) -> list[Member]:
    """Who belongs to the organisation, by name."""
    return [_member(row) for row in access.store.people.list()]


@router.patch("/members/{person}")
def change_role(access: LeadingInPerson, person: Key, change: RoleChange) -> Member:
    """Another role for a member, in the organisation or in one project; it counts at once."""
    changed = people.change_role(
        access.store, access.member, person, role=change.role, project=change.project
    )
    return _member(changed)


@router.delete("/members/{person}", status_code=204)
def remove_member(access: LeadingInPerson, person: Key) -> None:
    """Take a person out of the organisation, with their tokens; what they said stays."""
    people.remove_member(access.store, access.member, person)


@router.get("/invitations")
def invitations(access: Leading) -> list[Invitation]:
    """The open invitations, without their links."""
    return [_invitation(row) for row in access.store.invitations.list()]


@router.post("/invitations", status_code=201)
def invite(access: LeadingInPerson, request: Request, given: Invite) -> Invitation:
    """Invite somebody; the link is told this once and works once, within seven days."""
    row, secret = people.invite(access.store, access.member, email=given.email, role=given.role)
    base = f"{request.url.scheme}://{request.url.netloc}"
    return _invitation(row, link=f"{base}/invitation/{secret}")


@router.delete("/invitations/{invitation}", status_code=204)
def take_back(access: LeadingInPerson, invitation: Key) -> None:
    """End an invitation before it is accepted."""
    people.take_back_invitation(access.store, access.member, invitation)


@router.get("/tokens")
def tokens(access: Seeing) -> list[Token]:
    """One's own tokens; all of them for those who look after people."""
    own = None if at_least(access.role, "admin") else access.member.person.id
    return [_token(row) for row in access.store.tokens.list(own)]


@router.post("/tokens", status_code=201)
def make_token(access: InPerson, given: NewToken) -> Token:
    """Make a token in one's own name; its secret is told this once."""
    project = None
    if given.project is not None:
        project = access.store.project(given.project).id
    new = TokenToMake(given.name, given.scope, project, given.days)
    row, secret = people.make_token(access.store, access.member, new)
    return _token(row, secret=secret)


@router.delete("/tokens/{token}", status_code=204)
def revoke_token(access: InPerson, token: Key) -> None:
    """Revoke a token: one's own, or anybody's for those who look after people."""
    people.revoke_token(access.store, access.member, token)


@router.get("/audit")
def audit(
    access: Leading,
    before: Annotated[int | None, Query(ge=1, le=_MOST_KEY)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AuditLine]:
    """Who did what when, the newest first; `before` goes on where a page ended."""
    return [
        AuditLine(
            id=e.id, at=e.at, who=e.who, action=e.action, object=e.object, details=e.details
        )
        for e in access.store.audit.entries(limit=limit, before=before)
    ]


def _person(row: MemberRow) -> Person:
    return Person(id=row.person.id, name=row.person.name, email=row.person.email)


def _member(row: MemberRow) -> Member:
    return Member(
        person=_person(row), role=row.role, projects=dict(row.projects), since=row.since
    )


def _invitation(row: InvitationRow, *, link: str | None = None) -> Invitation:
    return Invitation(
        id=row.id,
        email=row.email,
        role=row.role,
        expires=row.expires,
        invited_by=row.invited_by,
        link=link,
    )


def _token(row: TokenRow, *, secret: str | None = None) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        person=row.person.name,
        scope=row.scope,
        project=row.project,
        created=row.created,
        expires=row.expires,
        last_used=row.last_used,
        secret=secret,
    )
