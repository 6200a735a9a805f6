"""The first tables.

Revision 0001. A migration describes the tables as they were then: it is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_organisations"),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_audit_log_organisation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_organisation_id_id", "audit_log", ["organisation_id", "id"])


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("live_name", sa.String(length=64), nullable=True),
        sa.Column("task", sa.String(length=16), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_projects_organisation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint(
            "organisation_id", "live_name", name="uq_projects_organisation_id_live_name"
        ),
        sqlite_autoincrement=True,
    )


def _book_revisions() -> None:
    op.create_table(
        "book_revisions",
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("book", sa.JSON(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_book_revisions_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_book_revisions_project_id"
        ),
        sa.UniqueConstraint(
            "project_id", "revision", name="uq_book_revisions_project_id_revision"
        ),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("release", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_events_organisation_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_events_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint(
            "organisation_id",
            "project_id",
            "key",
            name="uq_events_organisation_id_project_id_key",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_events_organisation_id_project_id_at_id",
        "events",
        ["organisation_id", "project_id", "at", "id"],
    )


def _images() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_images_organisation_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_images_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
        sa.UniqueConstraint(
            "organisation_id",
            "project_id",
            "sha256",
            name="uq_images_organisation_id_project_id_sha256",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_images_organisation_id_project_id_name_id",
        "images",
        ["organisation_id", "project_id", "name", "id"],
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("labeled", sa.Integer(), nullable=False),
        sa.Column("book_revision", sa.Integer(), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_snapshots_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_snapshots_project_id"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_snapshots"),
        sa.UniqueConstraint(
            "organisation_id",
            "project_id",
            "id",
            name="uq_snapshots_organisation_id_project_id_id",
        ),
        sqlite_autoincrement=True,
    )


def _annotations() -> None:
    op.create_table(
        "annotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("labeler", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shapes", sa.JSON(), nullable=False),
        sa.Column("labels_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book_revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("review", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_annotations_image_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_annotations_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "book_revision"],
            ["book_revisions.project_id", "book_revisions.revision"],
            name="fk_annotations_project_id_book_revision",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_annotations_project_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_annotations"),
        sa.UniqueConstraint(
            "image_id", "labeler", "revision", name="uq_annotations_image_id_labeler_revision"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_annotations_organisation_id_project_id_image_id_id",
        "annotations",
        ["organisation_id", "project_id", "image_id", "id"],
    )


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("shape_index", sa.Integer(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.JSON(), nullable=True),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("expected_gain", sa.Float(), nullable=True),
        sa.Column("run_id", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("found", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=200), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("labels_hash", sa.String(length=64), nullable=False),
        sa.Column("settled_labels_hash", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_findings_image_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_findings_organisation_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_findings_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_findings_image_id", "findings", ["image_id"])
    op.create_index(
        "ix_findings_organisation_id_project_id_state_score",
        "findings",
        ["organisation_id", "project_id", "state", "score"],
    )


def _image_occurrences() -> None:
    op.create_table(
        "image_occurrences",
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name="fk_image_occurrences_image_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_image_occurrences_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_image_occurrences_project_id"
        ),
        sa.UniqueConstraint(
            "image_id", "name", "source", name="uq_image_occurrences_image_id_name_source"
        ),
    )
    op.create_index(
        "ix_image_occurrences_organisation_id_project_id",
        "image_occurrences",
        ["organisation_id", "project_id"],
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("snapshot_key", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("inspector", sa.JSON(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("owner_host", sa.String(length=255), nullable=False),
        sa.Column("owner_pid", sa.Integer(), nullable=False),
        sa.Column("owner_token", sa.String(length=32), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_runs_organisation_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_runs_project_id"),
        sa.ForeignKeyConstraint(
            ["snapshot_key"], ["snapshots.key"], name="fk_runs_snapshot_key"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_runs"),
        sa.UniqueConstraint(
            "organisation_id",
            "project_id",
            "number",
            name="uq_runs_organisation_id_project_id_number",
        ),
        sqlite_autoincrement=True,
    )


def _releases() -> None:
    op.create_table(
        "releases",
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("bundle_sha", sa.String(length=64), nullable=False),
        sa.Column("gate", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_releases_organisation_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_releases_project_id"),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name="fk_releases_run_key"),
        sa.UniqueConstraint(
            "organisation_id",
            "project_id",
            "version",
            name="uq_releases_organisation_id_project_id_version",
        ),
    )


def _run_artifacts() -> None:
    op.create_table(
        "run_artifacts",
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("blob_sha", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_run_artifacts_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_run_artifacts_project_id"
        ),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name="fk_run_artifacts_run_key"),
        sa.PrimaryKeyConstraint("run_key", "name", name="pk_run_artifacts"),
    )
    op.create_index(
        "ix_run_artifacts_organisation_id_project_id",
        "run_artifacts",
        ["organisation_id", "project_id"],
    )


def _run_predictions() -> None:
    op.create_table(
        "run_predictions",
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("snapshot_key", sa.Integer(), nullable=False),
        sa.Column("blob_sha", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_run_predictions_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_run_predictions_project_id"
        ),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name="fk_run_predictions_run_key"),
        sa.ForeignKeyConstraint(
            ["snapshot_key"], ["snapshots.key"], name="fk_run_predictions_snapshot_key"
        ),
        sa.PrimaryKeyConstraint("run_key", "kind", name="pk_run_predictions"),
    )
    op.create_index(
        "ix_run_predictions_organisation_id_project_id",
        "run_predictions",
        ["organisation_id", "project_id"],
    )


def _snapshot_items() -> None:
    op.create_table(
        "snapshot_items",
        sa.Column("organisation_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("snapshot_key", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("annotation_id", sa.Integer(), nullable=True),
        sa.Column("split", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotations.id"], name="fk_snapshot_items_annotation_id"
        ),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_snapshot_items_image_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.organisation_id"],
            name="fk_snapshot_items_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_snapshot_items_project_id"
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_key"], ["snapshots.key"], name="fk_snapshot_items_snapshot_key"
        ),
        sa.PrimaryKeyConstraint("snapshot_key", "image_id", name="pk_snapshot_items"),
    )
    op.create_index("ix_snapshot_items_annotation_id", "snapshot_items", ["annotation_id"])
    op.create_index("ix_snapshot_items_image_id", "snapshot_items", ["image_id"])


def upgrade() -> None:
    """Create the tables."""
    _organisations()
    _audit_log()
    _projects()
    _book_revisions()
    _events()
    _images()
    _snapshots()
    _annotations()
    _findings()
    _image_occurrences()
    _runs()
    _releases()
    _run_artifacts()
    _run_predictions()
    _snapshot_items()
