"""Signing in and out, the first owner, and accepting an invitation."""

from __future__ import annotations

import hmac
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from pitmark.core.errors import NotAllowedError
from pitmark.ops import people
from pitmark.ops.people_passwords import check_password, hash_password
from pitmark.server.attempts import Attempt
from pitmark.server.browser_name import browser_name
from pitmark.server.callers import (
    COOKIE,
    Caller,
    caller_of,
    csrf_of,
    set_session_cookie,
    signed_in,
)
from pitmark.store.db import Store
from pitmark.store.persons import PersonRow
from pitmark.store.secret import digest
from pitmark.store.whose import is_owned, organisation_of_invitation, roles_of
from pitmark.wire.people import (
    AcceptInvitation,
    InvitationOffer,
    Membership,
    PasswordChange,
    Person,
    Session,
    Setup,
    SignedIn,
    SignIn,
)

router = APIRouter(prefix="/api", tags=["session"])
Calling = Annotated[Caller, Depends(caller_of)]


@router.get("/health")
def health() -> dict[str, str]:
    """Whether the server answers."""
    return {"status": "ok"}


@router.get("/session")
def session(request: Request, response: Response) -> Session:
    """Who is signed in, and the CSRF word for what changes anything.

    A program hears in whose name it speaks, and of its token's organisation alone.
    """
    if "authorization" in request.headers:
        caller = caller_of(request)
        told = _session(request, caller.person, csrf="")
        own = [m for m in told.memberships if m.organisation == _organisation(caller)]
        return told.model_copy(update={"memberships": own})
    person = signed_in(request)
    if person is None:
        needed = not is_owned(_local(request).database)
        return Session(person=None, memberships=[], csrf="", setup_needed=needed)
    secret = request.cookies[COOKIE]
    set_session_cookie(request, response, secret)
    return _session(request, person, csrf=csrf_of(secret))


@router.post("/session")
def sign_in(request: Request, response: Response, given: SignIn) -> Session:
    """Sign in with a password; the session that the browser had before ends."""
    with Attempt(request, given.email):
        person = people.sign_in(_local(request), given.email, given.password)
    return _begin(request, response, person)


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, caller: Calling) -> None:
    """Sign out: the session is worth nothing any more."""
    if caller.token is not None:
        raise NotAllowedError("a token has no session to end", hint="Revoke it instead.")
    _local(request).sessions.close(request.cookies[COOKIE])
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


@router.put("/session/password", status_code=204)
def change_password(request: Request, caller: Calling, given: PasswordChange) -> None:
    """Give oneself another password; all other sessions end."""
    if caller.token is not None:
        raise NotAllowedError("a token cannot change a password")
    store = _local(request)
    with Attempt(request, caller.person.email):
        if not check_password(given.old, caller.person.password_hash):
            raise NotAllowedError("the old password is not right")
    kept = hash_password(given.new)
    with store.transaction():
        store.persons.set_password(caller.person.id, kept)
        store.sessions.close_all(caller.person.id, but=request.cookies[COOKIE])


@router.get("/sessions")
def sessions(request: Request, caller: Calling) -> list[SignedIn]:
    """Where one is signed in, the session used last first."""
    found = _local(request).sessions.list(caller.person.id, own=request.cookies.get(COOKIE, ""))
    return [SignedIn(**asdict(row)) for row in found]


@router.delete("/sessions", status_code=204)
def sign_out_elsewhere(request: Request, caller: Calling) -> None:
    """End all sessions of one's own but the one that asks."""
    if caller.token is not None:
        raise NotAllowedError("a token ends no sessions", hint="Sign in with the password.")
    _local(request).sessions.close_all(caller.person.id, but=request.cookies[COOKIE])


@router.post("/setup")
def setup(request: Request, response: Response, given: Setup) -> Session:
    """Make the first owner, with the link that the server printed at its start."""
    expected = request.app.state.setup_sha
    if expected is None or not hmac.compare_digest(digest(given.token), expected):
        raise NotAllowedError(
            "this is not the link that the server printed",
            hint="Look where `pitmark serve` was started; each start prints a new link.",
        )
    person = people.first_owner(
        _local(request), name=given.name, email=given.email, password=given.password
    )
    request.app.state.setup_sha = None
    return _begin(request, response, person)


@router.get("/invitations/{token}")
def invitation(request: Request, token: str) -> InvitationOffer:
    """What an invitation offers to whom has its link."""
    store, row = people.find_invitation(_inviting(request, token), token)
    known = store.persons.by_email(row.email) is not None
    return InvitationOffer(
        organisation=row.organisation, email=row.email, role=row.role, known=known
    )


@router.post("/invitations/{token}/accept")
def accept(
    request: Request, response: Response, token: str, given: AcceptInvitation
) -> Session:
    """Become a member by an invitation."""
    with Attempt(request, digest(token)):
        person = people.accept_invitation(
            _inviting(request, token), token, name=given.name, password=given.password
        )
    return _begin(request, response, person)


def _begin(request: Request, response: Response, person: PersonRow) -> Session:
    store = _local(request)
    if old := request.cookies.get(COOKIE):
        store.sessions.close(old)
    browser = browser_name(request.headers.get("user-agent", ""))
    secret = store.sessions.open(person.id, browser=browser)
    set_session_cookie(request, response, secret)
    return _session(request, person, csrf=csrf_of(secret))


def _organisation(caller: Caller) -> str:
    return "" if caller.token is None else caller.token.organisation


def _session(request: Request, person: PersonRow, *, csrf: str) -> Session:
    return Session(
        person=Person(id=person.id, name=person.name, email=person.email),
        memberships=[
            Membership(organisation=name, role=role)
            for name, role in roles_of(_local(request).database, person.id)
        ],
        csrf=csrf,
        setup_needed=False,
    )


def _local(request: Request) -> Store:
    store: Store = request.app.state.stores.local()
    return store


def _inviting(request: Request, token: str) -> Store | None:
    """The organisation that a link invites to, if any."""
    stores = request.app.state.stores
    name = organisation_of_invitation(stores.local().database, token)
    found: Store | None = None if name is None else stores.of(name)
    return found
