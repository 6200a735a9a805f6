"""The tables: every row of an organisation carries its id, labels are only ever added.

Only portable SQL: the same tables serve SQLite and PostgreSQL. The migrations create
them; a test holds the two together. Triggers (in the migrations) refuse to change or
remove what must stay as it was said: annotations, label books, snapshots, the audit log.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    String,
    Table,
    UniqueConstraint,
    text,
)

from pitmark.store import schema_columns as column
from pitmark.store.schema_columns import metadata


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


organisations = Table(
    "organisations",
    metadata,
    Column("organisation_id", String(64), primary_key=True),
    column.time("created"),
)

# A deleted project keeps this one row, without a live name, for the audit log.
projects = Table(
    "projects",
    metadata,
    column.key(),
    column.organisation(),
    Column("name", String(64), nullable=False),
    Column("live_name", String(64)),
    Column("task", String(16), nullable=False),
    column.time("created"),
    column.time("deleted", nullable=True),
    UniqueConstraint("organisation_id", "live_name"),
    sqlite_autoincrement=True,
)

book_revisions = Table(
    "book_revisions",
    metadata,
    *column.owner(),
    column.number("revision"),
    column.json("book"),
    column.text("author"),
    column.text("reason"),
    column.time("at"),
    UniqueConstraint("project_id", "revision"),
)

images = Table(
    "images",
    metadata,
    column.key(),
    *column.owner(),
    column.sha("sha256"),
    column.number("width"),
    column.number("height"),
    Column("mode", String(8), nullable=False),
    column.text("name"),
    column.json("metadata"),
    column.text("group_name", nullable=True),
    Column("synthetic", Boolean, nullable=False),
    column.text("source"),
    column.time("added"),
    column.sha("reference_sha", nullable=True),
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
    *column.owner(),
    column.to("image_id", "images.id"),
    column.text("name"),
    column.text("source"),
    UniqueConstraint("image_id", "name", "source"),
    Index(None, "organisation_id", "project_id"),
    Index(None, "organisation_id", "project_id", "image_id"),
)

annotation_table = Table(
    "annotations",
    metadata,
    column.key(),
    *column.owner(),
    column.to("image_id", "images.id"),
    Column("labeler", String(200), nullable=False),
    column.number("revision"),
    column.json("shapes"),
    column.sha("labels_hash"),
    column.time("at"),
    column.number("book_revision"),
    column.text("reason"),
    Column("review", Boolean, nullable=False),
    # The annotation that this one takes back; neither of the two counts any more.
    column.number("withdraws", nullable=True),
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
    column.key("key"),
    *column.owner(),
    column.number("number"),
    column.text("name"),
    column.json("design"),
    column.text("author"),
    column.time("created"),
    UniqueConstraint("organisation_id", "project_id", "number"),
    sqlite_autoincrement=True,
)

study_answers = Table(
    "study_answers",
    metadata,
    column.key(),
    *column.owner(),
    column.to("study_key", "studies.key"),
    column.to("image_id", "images.id"),
    Column("labeler", String(200), nullable=False),
    column.number("trial"),
    column.number("revision"),
    column.json("shapes"),
    column.sha("labels_hash"),
    column.time("at"),
    column.number("book_revision"),
    column.text("source"),
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
    column.key("key"),
    *column.owner(),
    column.sha("id"),
    column.time("created"),
    column.text("note"),
    column.number("images"),
    column.number("labeled"),
    column.number("book_revision"),
    column.json("classes"),
    UniqueConstraint("organisation_id", "project_id", "id"),
    sqlite_autoincrement=True,
)

snapshot_items = Table(
    "snapshot_items",
    metadata,
    *column.owner(),
    column.to("snapshot_key", "snapshots.key", primary_key=True),
    column.to("image_id", "images.id", primary_key=True),
    column.to("annotation_id", "annotations.id", nullable=True),
    Column("split", String(8), nullable=False),
    column.sha("reference_sha", nullable=True),
    Index(None, "reference_sha"),
    # What is removed looks for its references: without these it would read all items.
    Index(None, "image_id"),
    Index(None, "annotation_id"),
)

findings = Table(
    "findings",
    metadata,
    column.key(),
    *column.owner(),
    Column("source", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    column.to("image_id", "images.id"),
    column.number("shape_index", nullable=True),
    Column("score", Float, nullable=False),
    column.text("why"),
    column.json("suggestion", nullable=True),
    column.json("related"),
    Column("expected_gain", Float),
    column.json("weight", nullable=True),
    Column("run_id", String(16)),
    Column("state", String(16), nullable=False),
    column.time("found"),
    Column("settled_by", String(200)),
    column.time("settled_at", nullable=True),
    column.text("note"),
    column.sha("labels_hash"),
    column.sha("settled_labels_hash", nullable=True),
    column.json("subject"),
    column.sha("fingerprint"),
    # Findings settled in one go share the number; what that changed besides is in effects.
    column.number("decision", nullable=True),
    column.json("effects", nullable=True),
    Index(None, "organisation_id", "project_id", "state", "score"),
    Index(None, "organisation_id", "project_id", "image_id"),
    Index(None, "image_id"),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    column.key(),
    *column.owner(),
    Column("key", String(128), nullable=False),
    column.time("at"),
    Column("device", String(200), nullable=False),
    column.number("release", nullable=True),
    column.text("name"),
    column.sha("sha256", nullable=True),
    Column("verdict", String(8), nullable=False),
    Column("score", Float),
    column.text("label", nullable=True),
    column.text("reason"),
    column.json("facts"),
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
    column.key(),
    *column.owner(),
    Column("what", String(16), nullable=False),
    column.number("image_id", nullable=True),
    Index(None, "organisation_id", "project_id", "id"),
    sqlite_autoincrement=True,
)

# Labels that came with a key: sent again under the same key they are the same revision.
label_saves = Table(
    "label_saves",
    metadata,
    *column.owner(),
    Column("labeler", String(200), nullable=False),
    Column("key", String(100), nullable=False),
    column.to("annotation_id", "annotations.id"),
    UniqueConstraint("organisation_id", "project_id", "labeler", "key"),
)

audit_log = Table(
    "audit_log",
    metadata,
    column.key(),
    column.organisation(),
    column.time("at"),
    Column("who", String(200), nullable=False),
    Column("action", String(64), nullable=False),
    column.text("object"),
    column.json("details"),
    Index(None, "organisation_id", "id"),
    sqlite_autoincrement=True,
)
