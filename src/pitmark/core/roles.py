"""What people may do, from the least to the most; each role may all that the one before may.

viewer reads; labeler writes labels, answers and settles findings; operator keeps the line
going: corrects, updates and rolls back within limits that an admin sets; admin looks after
projects, models and people; owner everything.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["owner", "admin", "operator", "labeler", "viewer"]
Scope = Literal["read", "label", "operate", "manage"]

ROLES: tuple[Role, ...] = ("viewer", "labeler", "operator", "admin", "owner")
SCOPE_ROLES: dict[Scope, Role] = {
    "read": "viewer",
    "label": "labeler",
    "operate": "operator",
    "manage": "admin",
}


def at_least(role: Role, least: Role) -> bool:
    """Whether a role may all that another may.

    Args:
        role: The role that somebody has.
        least: The role that is needed.

    Returns:
        True where it is the same or a stronger one.
    """
    return ROLES.index(role) >= ROLES.index(least)


def weaker(a: Role, b: Role) -> Role:
    """The weaker of two roles.

    Args:
        a: A role.
        b: Another role.

    Returns:
        One of the two.
    """
    return ROLES[min(ROLES.index(a), ROLES.index(b))]


def stronger(a: Role, b: Role) -> Role:
    """The stronger of two roles.

    Args:
        a: A role.
        b: Another role.

    Returns:
        One of the two.
    """
    return ROLES[max(ROLES.index(a), ROLES.index(b))]
