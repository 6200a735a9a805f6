"""The tables: every row of an organisation carries its id, labels are only ever added.

Only portable SQL: the same tables serve SQLite and PostgreSQL. The migrations create
them; a test holds the two together. Triggers (in the migrations) refuse to change or
remove what must stay as it was said: annotations, label books, snapshots, the audit log.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
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


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def _sha(name: str, **options: Any) -> Column[str]:
    return Column(name, String(64), **{"nullable": False, **options})


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, Text, **{"nullable": False, **options})


def _time(name: str, **options: Any) -> Column[datetime]:
    return Column(name, UtcTime, **{"nullable": False, **options})


def _json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), **{"nullable": False, **options})


def _number(name: str, **options: Any) -> Column[int]:
    return Column(name, Integer, **{"nullable": False, **options})


def _to(name: str, target: str, **options: Any) -> Column[int]:
    return Column(name, Integer, ForeignKey(target), **{"nullable": False, **options})


def _key(name: str = "id") -> Column[int]:
    return Column(name, Integer, primary_key=True)


def _owner() -> tuple[Column[str], Column[int]]:
    return (
        Column(
            "organisation_id",
            String(64),
            ForeignKey("organisations.organisation_id"),
            nullable=False,
        ),
        Column("project_id", Integer, ForeignKey("projects.id"), nullable=False),
    )


organisations = Table(
    "organisations",
    metadata,
    Column("organisation_id", String(64), primary_key=True),
    _time("created"),
)

# A deleted project keeps this one row, without a live name, for the audit log.
projects = Table(
    "projects",
    metadata,
    _key(),
    Column(
        "organisation_id",
        String(64),
        ForeignKey("organisations.organisation_id"),
        nullable=False,
    ),
    Column("name", String(64), nullable=False),
    Column("live_name", String(64)),
    Column("task", String(16), nullable=False),
    _time("created"),
    _time("deleted", nullable=True),
    UniqueConstraint("organisation_id", "live_name"),
    sqlite_autoincrement=True,
)

book_revisions = Table(
    "book_revisions",
    metadata,
    *_owner(),
    _number("revision"),
    _json("book"),
    _text("author"),
    _text("reason"),
    _time("at"),
    UniqueConstraint("project_id", "revision"),
)

images = Table(
    "images",
    metadata,
    _key(),
    *_owner(),
    _sha("sha256"),
    _number("width"),
    _number("height"),
    Column("mode", String(8), nullable=False),
    _text("name"),
    _json("metadata"),
    _text("group_name", nullable=True),
    Column("synthetic", Boolean, nullable=False),
    _text("source"),
    _time("added"),
    _sha("reference_sha", nullable=True),
    UniqueConstraint("organisation_id", "project_id", "sha256"),
    Index(None, "reference_sha"),
    Index(None, "organisation_id", "project_id", "name", "id"),
    # Some of many images by key, or by what they are compared with: without these two, all
    # images of the project would be read.
    Index(None, "organisation_id", "project_id", "id"),
    Index(None, "organisation_id", "project_id", "reference_sha"),
    sqlite_autoincrement=True,
)

# Further names under which the same bytes came.
image_occurrences = Table(
    "image_occurrences",
    metadata,
    *_owner(),
    _to("image_id", "images.id"),
    _text("name"),
    _text("source"),
    UniqueConstraint("image_id", "name", "source"),
    Index(None, "organisation_id", "project_id"),
    Index(None, "organisation_id", "project_id", "image_id"),
)

annotation_table = Table(
    "annotations",
    metadata,
    _key(),
    *_owner(),
    _to("image_id", "images.id"),
    Column("labeler", String(200), nullable=False),
    _number("revision"),
    _json("shapes"),
    _sha("labels_hash"),
    _time("at"),
    _number("book_revision"),
    _text("reason"),
    Column("review", Boolean, nullable=False),
    # The annotation that this one takes back; neither of the two counts any more.
    _number("withdraws", nullable=True),
    UniqueConstraint("image_id", "labeler", "revision"),
    ForeignKeyConstraint(
        ["project_id", "book_revision"],
        ["book_revisions.project_id", "book_revisions.revision"],
    ),
    # With what is taken back: labeled images are counted from indexes alone.
    Index(
        "ix_annotations_images", "organisation_id", "project_id", "image_id", "id", "withdraws"
    ),
    Index(
        "ix_annotations_withdraws",
        "organisation_id",
        "project_id",
        "withdraws",
        sqlite_where=text("withdraws IS NOT NULL"),
        postgresql_where=text("withdraws IS NOT NULL"),
    ),
    # Some of many by key: without it all annotations of the project would be read.
    Index(None, "organisation_id", "project_id", "id"),
    sqlite_autoincrement=True,
)

# Agreement studies: what was put before whom, and what they answered, apart from the labels.
studies = Table(
    "studies",
    metadata,
    _key("key"),
    *_owner(),
    _number("number"),
    _text("name"),
    _json("design"),
    _text("author"),
    _time("created"),
    UniqueConstraint("organisation_id", "project_id", "number"),
    sqlite_autoincrement=True,
)

study_answers = Table(
    "study_answers",
    metadata,
    _key(),
    *_owner(),
    _to("study_key", "studies.key"),
    _to("image_id", "images.id"),
    Column("labeler", String(200), nullable=False),
    _number("trial"),
    _number("revision"),
    _json("shapes"),
    _sha("labels_hash"),
    _time("at"),
    _number("book_revision"),
    _text("source"),
    UniqueConstraint("study_key", "image_id", "labeler", "trial", "revision"),
    ForeignKeyConstraint(
        ["project_id", "book_revision"],
        ["book_revisions.project_id", "book_revisions.revision"],
    ),
    Index(None, "image_id"),
    sqlite_autoincrement=True,
)

snapshots = Table(
    "snapshots",
    metadata,
    _key("key"),
    *_owner(),
    _sha("id"),
    _time("created"),
    _text("note"),
    _number("images"),
    _number("labeled"),
    _number("book_revision"),
    _json("classes"),
    UniqueConstraint("organisation_id", "project_id", "id"),
    sqlite_autoincrement=True,
)

snapshot_items = Table(
    "snapshot_items",
    metadata,
    *_owner(),
    _to("snapshot_key", "snapshots.key", primary_key=True),
    _to("image_id", "images.id", primary_key=True),
    _to("annotation_id", "annotations.id", nullable=True),
    Column("split", String(8), nullable=False),
    _sha("reference_sha", nullable=True),
    Index(None, "reference_sha"),
    # What is removed looks for its references: without these it would read all items.
    Index(None, "image_id"),
    Index(None, "annotation_id"),
)

runs = Table(
    "runs",
    metadata,
    _key("key"),
    *_owner(),
    _number("number"),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    _to("snapshot_key", "snapshots.key"),
    _json("settings"),
    Column("seed", BigInteger, nullable=False),
    _json("metrics"),
    _json("inspector", nullable=True),
    _time("created"),
    _time("finished", nullable=True),
    _text("error"),
    Column("owner_host", String(255), nullable=False),
    _number("owner_pid"),
    Column("owner_token", String(32), nullable=False),
    _time("seen"),
    UniqueConstraint("organisation_id", "project_id", "number"),
    sqlite_autoincrement=True,
)

run_artifacts = Table(
    "run_artifacts",
    metadata,
    *_owner(),
    _to("run_key", "runs.key", primary_key=True),
    Column("name", String(200), primary_key=True),
    _sha("blob_sha"),
    Index(None, "organisation_id", "project_id"),
)

run_predictions = Table(
    "run_predictions",
    metadata,
    *_owner(),
    _to("run_key", "runs.key", primary_key=True),
    Column("kind", String(32), primary_key=True),
    _to("snapshot_key", "snapshots.key"),
    _sha("blob_sha"),
    _time("at"),
    Index(None, "organisation_id", "project_id"),
)

findings = Table(
    "findings",
    metadata,
    _key(),
    *_owner(),
    Column("source", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    _to("image_id", "images.id"),
    _number("shape_index", nullable=True),
    Column("score", Float, nullable=False),
    _text("why"),
    _json("suggestion", nullable=True),
    _json("related"),
    Column("expected_gain", Float),
    _json("weight", nullable=True),
    Column("run_id", String(16)),
    Column("state", String(16), nullable=False),
    _time("found"),
    Column("settled_by", String(200)),
    _time("settled_at", nullable=True),
    _text("note"),
    _sha("labels_hash"),
    _sha("settled_labels_hash", nullable=True),
    _json("subject"),
    _sha("fingerprint"),
    # Findings settled in one go share the number; what that changed besides is in effects.
    _number("decision", nullable=True),
    _json("effects", nullable=True),
    Index(None, "organisation_id", "project_id", "state", "score"),
    Index(None, "organisation_id", "project_id", "image_id"),
    Index(None, "image_id"),
    sqlite_autoincrement=True,
)

releases = Table(
    "releases",
    metadata,
    *_owner(),
    _number("version"),
    _to("run_key", "runs.key"),
    _sha("bundle_sha"),
    _json("gate"),
    _time("created"),
    UniqueConstraint("organisation_id", "project_id", "version"),
)

events = Table(
    "events",
    metadata,
    _key(),
    *_owner(),
    Column("key", String(128), nullable=False),
    _time("at"),
    Column("device", String(200), nullable=False),
    _number("release", nullable=True),
    _text("name"),
    _sha("sha256", nullable=True),
    Column("verdict", String(8), nullable=False),
    Column("score", Float),
    _text("label", nullable=True),
    _text("reason"),
    _json("facts"),
    UniqueConstraint("organisation_id", "project_id", "key"),
    Index(None, "organisation_id", "project_id", "at", "id"),
    Index(None, "organisation_id", "project_id", "device", "at"),
    Index(None, "organisation_id", "project_id", "sha256"),
    # How a version does, counted every minute: without it all events would be read.
    Index(None, "organisation_id", "project_id", "release", "verdict"),
    sqlite_autoincrement=True,
)

# Everything that a list of images can show and that changed, in the order of commits. Rows
# come from triggers (in the migrations), so that no writer can forget them.
changes = Table(
    "changes",
    metadata,
    _key(),
    *_owner(),
    Column("what", String(16), nullable=False),
    _number("image_id", nullable=True),
    Index(None, "organisation_id", "project_id", "id"),
    sqlite_autoincrement=True,
)

# Labels that came with a key: sent again under the same key they are the same revision.
label_saves = Table(
    "label_saves",
    metadata,
    *_owner(),
    Column("labeler", String(200), nullable=False),
    Column("key", String(100), nullable=False),
    _to("annotation_id", "annotations.id"),
    UniqueConstraint("organisation_id", "project_id", "labeler", "key"),
)

audit_log = Table(
    "audit_log",
    metadata,
    _key(),
    Column(
        "organisation_id",
        String(64),
        ForeignKey("organisations.organisation_id"),
        nullable=False,
    ),
    _time("at"),
    Column("who", String(200), nullable=False),
    Column("action", String(64), nullable=False),
    _text("object"),
    _json("details"),
    Index(None, "organisation_id", "id"),
    sqlite_autoincrement=True,
)
