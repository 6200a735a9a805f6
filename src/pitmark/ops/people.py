"""People: the first owner, invitations, roles and tokens, each change in the audit log.

Nobody raises their own role or gives one above it, and an organisation is never left
without an owner.
"""

from __future__ import annotations

from collections.abc import Sequence

from pitmark.core.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
)
from pitmark.core.roles import SCOPE_ROLES, Role, at_least
from pitmark.ops.people_passwords import check_password, hash_password
from pitmark.store.db import Store
from pitmark.store.invitations import InvitationRow
from pitmark.store.people import MemberRow
from pitmark.store.persons import PersonRow
from pitmark.store.tokens import NewToken, TokenRow


def sign_in(store: Store, email: str, password: str) -> PersonRow:
    """The person who gives the right password.

    Args:
        store: The workspace.
        email: As typed.
        password: As typed.

    Returns:
        The person.

    Raises:
        NotSignedInError: Email and password do not belong together; which of the two is
            wrong is neither said nor to be told from the time it takes.
    """
    person = store.persons.by_email(email)
    right = check_password(password, None if person is None else person.password_hash)
    if person is None or not right:
        raise NotSignedInError("email and password do not belong together")
    return person


def first_owner(store: Store, *, name: str, email: str, password: str) -> PersonRow:
    """Make the first owner of an organisation.

    Args:
        store: The organisation.
        name: Of the owner.
        email: Of the owner.
        password: Of the owner.

    Returns:
        The person.

    Raises:
        ConflictError: There is an owner already.
        InvalidInputError: An impossible name, email or password.
    """
    kept = hash_password(password)
    with store.transaction():
        if store.people.owners():
            raise ConflictError("the workspace has an owner already", hint="Sign in.")
        person = store.persons.add(name, email, kept)
        store.people.add(person.id, "owner")
        store.audit.log(person.name, "set_up", f"person/{person.id}", {"email": person.email})
    return person


def invite(store: Store, by: MemberRow, *, email: str, role: Role) -> tuple[InvitationRow, str]:
    """Invite somebody to an organisation.

    Args:
        store: The organisation.
        by: Who invites.
        email: Whom.
        role: As what; not above one's own.

    Returns:
        The invitation and its secret, for the link.

    Raises:
        NotAllowedError: The role is above that of the inviting person.
        ConflictError: They belong to the organisation already.
    """
    _expect_not_above(by.role, role, what="invite somebody as")
    person = store.persons.by_email(email)
    with store.transaction():
        if person is not None and store.people.find(person.id) is not None:
            raise ConflictError(
                f"{person.email} belongs to the organisation already",
                hint="Change the role instead.",
            )
        row, secret = store.invitations.add(email, role, by=by.person.id)
        details = {"email": row.email, "role": role}
        store.audit.log(by.person.name, "invite", f"invitation/{row.id}", details)
    return row, secret


def take_back_invitation(store: Store, by: MemberRow, invitation_id: int) -> None:
    """End an invitation before it is accepted.

    Args:
        store: The organisation.
        by: Who does.
        invitation_id: The key.

    Raises:
        NotFoundError: None such.
        NotAllowedError: It gives a role above that of the person.
    """
    with store.transaction():
        row = store.invitations.get(invitation_id)
        _expect_not_above(by.role, row.role, what="take back an invitation as")
        store.invitations.remove(invitation_id)
        what = f"invitation/{invitation_id}"
        store.audit.log(by.person.name, "take_back_invitation", what, {"email": row.email})


def find_invitation(store: Store | None, secret: str) -> tuple[Store, InvitationRow]:
    """The invitation of a link.

    Args:
        store: The organisation that knows the link; None where none does.
        secret: The last part of the link.

    Returns:
        The organisation and the invitation.

    Raises:
        NotFoundError: It was used or taken back, has run out, or who gave it may not any more.
    """
    row = None if store is None else store.invitations.by_secret(secret)
    if store is not None and row is not None:
        inviter = store.people.find(row.inviter)
        if inviter is not None and at_least(inviter.role, _needed(row.role)):
            return store, row
    raise NotFoundError(
        "the invitation is not open: it was used or taken back, or seven days have passed",
        hint="Ask for a new one.",
    )


def accept_invitation(
    inviting: Store | None, secret: str, *, name: str, password: str
) -> PersonRow:
    """Become a member by an invitation, which is used up then.

    Args:
        inviting: The organisation that knows the link; None where none does.
        secret: The last part of the link.
        name: Of a new person; of no matter to one who has an account.
        password: A new one, or that of the account.

    Returns:
        The person.

    Raises:
        NotFoundError: The invitation is not open.
        NotSignedInError: There is an account with the email, and the password is wrong.
        InvalidInputError: An impossible name or password.
        ConflictError: The name is taken.
    """
    store, row = find_invitation(inviting, secret)
    person = store.persons.by_email(row.email)
    kept = ""
    if person is None:
        kept = hash_password(password)
    elif not check_password(password, person.password_hash):
        raise NotSignedInError(
            f"{row.email} has an account, and this is not its password",
            hint="Give the password that you sign in with.",
        )
    with store.transaction():
        store.invitations.remove(row.id)
        if person is None:
            person = store.persons.add(name, row.email, kept)
        store.people.add(person.id, row.role)
        details = {"email": row.email, "role": row.role, "invited_by": row.invited_by}
        store.audit.log(person.name, "accept_invitation", f"person/{person.id}", details)
    return person


def change_role(
    store: Store, by: MemberRow, person_id: int, *, role: Role, project: str | None = None
) -> MemberRow:
    """Give a member another role, in the organisation or in one project; it counts at once.

    Args:
        store: The organisation.
        by: Who does.
        person_id: The member.
        role: The new role; not above one's own.
        project: Only in this project.

    Returns:
        The member as of now.

    Raises:
        NotFoundError: No such member or project.
        NotAllowedError: Above one's own role, of somebody above oneself, or raising oneself.
        ConflictError: The last owner would be none any more.
    """
    with store.transaction():
        by, member = store.people.get(by.person.id), store.people.get(person_id)
        before = member.role if project is None else member.role_in(project)
        _expect_not_above(by.role, member.role, what="change the role of an")
        _expect_not_above(by.role, role, what="make somebody")
        if person_id == by.person.id and not at_least(before, role):
            raise NotAllowedError(
                f"nobody raises their own role: yours is {before}",
                hint="Ask somebody else who may.",
            )
        if project is None:
            _keep_an_owner(store, member, role)
            store.people.set_role(person_id, role)
        else:
            key = store.project(project).info.id
            store.people.set_project_role(person_id, key, None if role == member.role else role)
        details = {"was": before, "role": role, "project": project}
        store.audit.log(by.person.name, "change_role", f"person/{person_id}", details)
    return store.people.get(person_id)


def remove_member(store: Store, by: MemberRow, person_id: int) -> None:
    """Take a person out of an organisation, with their tokens; what they said stays.

    Args:
        store: The organisation.
        by: Who does.
        person_id: The member.

    Raises:
        NotFoundError: No such member.
        NotAllowedError: They are above the person who asks.
        ConflictError: They are the last owner.
    """
    with store.transaction():
        by, member = store.people.get(by.person.id), store.people.get(person_id)
        _expect_not_above(by.role, member.role, what="remove an")
        _keep_an_owner(store, member, None)
        store.people.remove(person_id)
        details = {"name": member.person.name, "role": member.role}
        store.audit.log(by.person.name, "remove_member", f"person/{person_id}", details)


def make_token(store: Store, by: MemberRow, new: NewToken) -> tuple[TokenRow, str]:
    """Make a token in one's own name.

    Args:
        store: The organisation.
        by: Who does.
        new: What it may.

    Returns:
        The token and its secret, told this once.

    Raises:
        NotAllowedError: Its scope is above what the person may anywhere.
    """
    most = [by.role, *by.projects.values()]
    if not any(at_least(role, SCOPE_ROLES[new.scope]) for role in most):
        raise NotAllowedError(
            f"a token with the scope {new.scope} takes the role {SCOPE_ROLES[new.scope]};"
            f" yours is {by.role}"
        )
    with store.transaction():
        row, secret = store.tokens.add(new, person=by.person.id)
        details = {"name": row.name, "scope": row.scope, "project": row.project}
        store.audit.log(by.person.name, "make_token", f"token/{row.id}", details)
    return row, secret


def revoke_token(store: Store, by: MemberRow, token_id: int) -> None:
    """Revoke a token: one's own, or anybody's for those who look after people.

    Args:
        store: The organisation.
        by: Who does.
        token_id: The key.

    Raises:
        NotFoundError: None such that the person may see.
    """
    with store.transaction():
        row = store.tokens.get(token_id)
        if row.person.id != by.person.id and not at_least(by.role, "admin"):
            raise NotFoundError(f"there is no token {token_id}")
        store.tokens.remove(token_id)
        details = {"name": row.name, "person": row.person.name}
        store.audit.log(by.person.name, "revoke_token", f"token/{token_id}", details)


def reset_password(stores: Sequence[Store], email: str, password: str) -> PersonRow:
    """Give a person who forgot their password another one; all their sessions end.

    For whoever has the workspace folder in their hands; there is no way to this from outside.

    Args:
        stores: All organisations of the workspace.
        email: Of the person.
        password: The new one.

    Returns:
        The person.

    Raises:
        NotFoundError: Nobody has this email.
        InvalidInputError: A weak password.
    """
    kept = hash_password(password)
    person = stores[0].persons.by_email(email)
    if person is None:
        raise NotFoundError(f"nobody has the email {email}")
    with stores[0].transaction():
        stores[0].persons.set_password(person.id, kept)
        stores[0].sessions.close_all(person.id)
    for store in stores:
        if store.people.find(person.id) is not None:
            store.audit.log("", "reset_password", f"person/{person.id}")
    return person


def _needed(role: Role) -> Role:
    """What somebody must be to let another in with a role."""
    return role if role == "owner" else "admin"


def _expect_not_above(own: Role, other: Role, *, what: str) -> None:
    if not at_least(own, other):
        raise NotAllowedError(f"as {own} you cannot {what} {other}", hint="Ask an owner.")


def _keep_an_owner(store: Store, member: MemberRow, role: Role | None) -> None:
    if member.role == "owner" and role != "owner" and store.people.owners() == 1:
        raise ConflictError(
            f"{member.person.name} is the last owner of the organisation",
            hint="Make somebody else an owner first.",
        )
