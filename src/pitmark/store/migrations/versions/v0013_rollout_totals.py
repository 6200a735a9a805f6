"""The parts of the newest rollout by wave, and how far it is from an index alone.

Revision 0013. It names the tables as they were then and is never changed.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_VERDICTS = ("ok", "ng", "error")
_FIGURES = tuple(f"{when}_{what}" for when in ("before", "under") for what in _VERDICTS)
_OWNED = ["organisation_id", "project_id"]
_NEWEST = sa.text(
    "SELECT organisation_id, project_id, version, created FROM rollouts WHERE number ="
    " (SELECT max(number) FROM rollouts AS other WHERE other.project_id = rollouts.project_id)"
).columns(created=sa.DateTime())
_COUNT = sa.text(
    "INSERT INTO rollout_waves SELECT d.organisation_id, d.project_id, d.wave,"
    + ",".join(
        f" sum(CASE WHEN h.release {sign} :version THEN h.{what} ELSE 0 END)"
        for sign in ("<>", "=")
        for what in _VERDICTS
    )
    + " FROM device_hours AS h JOIN devices AS d ON d.id = h.device_id"
    " WHERE d.project_id = :project AND d.wave IS NOT NULL"
    " AND (h.release = :version OR h.hour >= :since)"
    " AND EXISTS (SELECT 1 FROM device_hours AS judged WHERE judged.device_id = d.id"
    " AND judged.release = :version)"
    " GROUP BY d.organisation_id, d.project_id, d.wave"
).bindparams(sa.bindparam("since", type_=sa.DateTime(timezone=True)))


def upgrade() -> None:
    """Make table and index, and count what there is."""
    op.create_table(
        "rollout_waves",
        sa.Column(
            "organisation_id",
            sa.String(64),
            sa.ForeignKey(
                "organisations.organisation_id",
                name="fk_rollout_waves_organisation_id_organisations",
            ),
            nullable=False,
        ),
        sa.Column(
            "project_id",
            sa.Integer(),
            sa.ForeignKey("projects.id", name="fk_rollout_waves_project_id_projects"),
            nullable=False,
        ),
        sa.Column("wave", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _FIGURES),
        sa.UniqueConstraint(
            *_OWNED, "wave", name="uq_rollout_waves_organisation_id_project_id_wave"
        ),
    )
    op.drop_index("ix_devices_organisation_id_project_id_wave", "devices")
    columns = [*_OWNED, "wave", "release", "on_trial", "key_sha"]
    op.create_index("ix_devices_rollout", "devices", columns)
    connection = op.get_bind()
    for row in connection.execute(_NEWEST).all():
        told = {"version": row.version, "project": row.project_id}
        connection.execute(_COUNT, {**told, "since": row.created - timedelta(days=7)})
