"""Who sends a request: the person of a session cookie, or of a token.

A session comes with every request of the browser, wanted or not: what changes anything
must carry the session's CSRF word in a header as well, which other sites cannot know.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from fastapi import Request, Response

from pitmark.core.errors import NotAllowedError, NotSignedInError
from pitmark.store.persons import PersonRow
from pitmark.store.sessions import SESSION_LIFE
from pitmark.store.tokens import TOKEN_PREFIX, TokenRow
from pitmark.store.whose import organisation_of_token

COOKIE = "pitmark_session"
CSRF_HEADER = "X-Pitmark-CSRF"
_SAFE = ("GET", "HEAD", "OPTIONS")
_HINT = "Sign in, or send a token as Authorization: Bearer <token>."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request; `token` is what they show, where it is a program."""

    person: PersonRow
    token: TokenRow | None = None


def caller_of(request: Request) -> Caller:
    """Who sends a request.

    Args:
        request: The request.

    Returns:
        The person.

    Raises:
        NotSignedInError: Nobody, or a session or token that is not valid any more.
        NotAllowedError: A change without the session's CSRF word.
    """
    if "authorization" in request.headers:
        return _by_token(request)
    person = signed_in(request)
    if person is None:
        raise NotSignedInError("nobody is signed in", hint=_HINT)
    if request.method not in _SAFE:
        _expect_csrf(request)
    return Caller(person)


def signed_in(request: Request) -> PersonRow | None:
    """The person of the session cookie, if any.

    Args:
        request: The request.

    Returns:
        The person, or None.
    """
    secret = request.cookies.get(COOKIE, "")
    found: PersonRow | None = None
    if secret:
        found = request.app.state.stores.local().sessions.person_of(secret)
    return found


def csrf_of(secret: str) -> str:
    """The CSRF word of a session: it follows from its secret, which it does not tell.

    Args:
        secret: Of the session.

    Returns:
        64 hex digits.
    """
    return hmac.new(secret.encode(), b"pitmark csrf", hashlib.sha256).hexdigest()


def set_session_cookie(request: Request, response: Response, secret: str) -> None:
    """Hand a session to the browser.

    Args:
        request: Whether it came over TLS decides whether the cookie may go without.
        response: What carries the cookie.
        secret: Of the session.
    """
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def _by_token(request: Request) -> Caller:
    kind, _, secret = request.headers["authorization"].partition(" ")
    secret = secret.strip()
    if kind.lower() == "bearer" and secret.startswith(TOKEN_PREFIX):
        stores = request.app.state.stores
        owner = organisation_of_token(stores.local().database, secret)
        token = None if owner is None else stores.of(owner).tokens.use(secret)
        if token is not None:
            return Caller(token.person, token)
    raise NotSignedInError("the token is unknown, revoked or has run out", hint=_HINT)


def _expect_csrf(request: Request) -> None:
    expected = csrf_of(request.cookies[COOKIE])
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotAllowedError(
            f"the request changes something and lacks the right {CSRF_HEADER}",
            hint="Load the page again; programs use a token.",
        )
