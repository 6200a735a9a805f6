"""People: who is there, what they may do, and how they prove who they are."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from pitmark.core.roles import Role, Scope
from pitmark.wire.message import Document, Message


class Person(Message):
    """A person with an account."""

    id: int
    name: str
    email: str


class Membership(Message):
    """An organisation that a person belongs to, and as what."""

    organisation: str
    role: Role


class Session(Message):
    """Who is signed in. `setup_needed` is true until the first owner exists."""

    person: Person | None
    memberships: list[Membership]
    csrf: str
    setup_needed: bool


class SignIn(Message):
    """Signing in with a password."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)


class Setup(Message):
    """The first owner, with the one-time token that the server printed at its start."""

    token: str = Field(max_length=200)
    name: str = Field(min_length=1, max_length=100)
    email: str = Field(min_length=3, max_length=254)
    password: str = Field(min_length=10, max_length=1000)


class PasswordChange(Message):
    """Another password for the person who is signed in; all other sessions end."""

    old: str = Field(max_length=1000)
    new: str = Field(min_length=10, max_length=1000)


class SignedIn(Message):
    """A session of one's own: since when, and when it was last used, to the hour.

    `browser` is such as "Firefox on Windows", "" where it is not known.
    """

    created: datetime
    used: datetime
    own: bool
    browser: str


class Member(Message):
    """A person within an organisation. `projects` are roles that differ per project."""

    person: Person
    role: Role
    projects: dict[str, Role]
    since: datetime


class RoleChange(Message):
    """Another role: within the organisation, or within one project of it only."""

    role: Role
    project: str | None = None


class Invite(Message):
    """Whom to invite as what."""

    email: str = Field(min_length=3, max_length=254)
    role: Role


class Invitation(Message):
    """An open invitation. `link` is given once, when it is made."""

    id: int
    email: str
    role: Role
    expires: datetime
    invited_by: str
    link: str | None = None


class InvitationOffer(Message):
    """What a person sees who opens the link of an invitation."""

    organisation: str
    email: str
    role: Role
    known: bool


class AcceptInvitation(Message):
    """Name and password of the person invited; a known person gives their password."""

    name: str = Field(max_length=100)
    password: str = Field(min_length=1, max_length=1000)


class NewToken(Message):
    """A token for a program. `project` limits it to one project."""

    name: str = Field(min_length=1, max_length=100)
    scope: Scope
    project: str | None = None
    days: int = Field(default=365, ge=1, le=3650)


class Token(Message):
    """A token. `secret` is given once, when it is made; only its hash is kept.

    It acts in the name of `person` and may never more than they may.
    """

    id: int
    name: str
    person: str
    scope: Scope
    project: str | None
    created: datetime
    expires: datetime
    last_used: datetime | None
    secret: str | None = None


class AuditLine(Message):
    """One line of the audit log."""

    id: int
    at: datetime
    who: str
    action: str
    object: str
    details: Document
