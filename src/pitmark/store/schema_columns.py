"""What the tables are made of: columns of the kinds that most of them have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment with its time zone, kept in UTC whatever the database can hold."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as the database takes it."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment with its time zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def key(name: str = "id") -> Column[int]:
    """The primary key of a table."""
    return Column(name, Integer, primary_key=True)


def to(name: str, target: str, **options: Any) -> Column[int]:
    """The key of a row of another table, such as "images.id"."""
    return Column(name, Integer, ForeignKey(target), **{"nullable": False, **options})


def organisation() -> Column[str]:
    """The organisation that a row belongs to."""
    target = ForeignKey("organisations.organisation_id")
    return Column("organisation_id", String(64), target, nullable=False)


def owner() -> tuple[Column[str], Column[int]]:
    """Organisation and project that a row belongs to."""
    return organisation(), to("project_id", "projects.id")


def sha(name: str, **options: Any) -> Column[str]:
    """A sha256 in hexadecimal digits."""
    return Column(name, String(64), **{"nullable": False, **options})


def text(name: str, **options: Any) -> Column[str]:
    """Text of any length."""
    return Column(name, Text, **{"nullable": False, **options})


def time(name: str, **options: Any) -> Column[datetime]:
    """A moment."""
    return Column(name, UtcTime, **{"nullable": False, **options})


def json(name: str, **options: Any) -> Column[Any]:
    """Plain JSON values; None is NULL."""
    return Column(name, JSON(none_as_null=True), **{"nullable": False, **options})


def number(name: str, **options: Any) -> Column[int]:
    """A whole number."""
    return Column(name, Integer, **{"nullable": False, **options})
