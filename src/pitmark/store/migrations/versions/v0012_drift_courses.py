"""The course of drift by device, and the browser of a session.

Revision 0012. It names the table and the column as they were then and is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "device_drift",
        sa.Column(
            "organisation_id",
            sa.String(64),
            sa.ForeignKey(
                "organisations.organisation_id",
                name="fk_device_drift_organisation_id_organisations",
            ),
            nullable=False,
        ),
        sa.Column(
            "project_id",
            sa.Integer(),
            sa.ForeignKey("projects.id", name="fk_device_drift_project_id_projects"),
            nullable=False,
        ),
        sa.Column(
            "device_id",
            sa.Integer(),
            sa.ForeignKey("devices.id", name="fk_device_drift_device_id_devices"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watches", sa.JSON(), nullable=False),
    )
    op.create_index(
        "ix_device_drift_organisation_id_project_id_device_id",
        "device_drift",
        ["organisation_id", "project_id", "device_id"],
    )
    op.add_column(
        "sessions", sa.Column("browser", sa.String(60), nullable=False, server_default="")
    )
