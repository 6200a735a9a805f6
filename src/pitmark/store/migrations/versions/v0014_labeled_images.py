"""Labeled images are counted from indexes alone.

Revision 0014. It names the indexes as they were then and is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_OWNED = ["organisation_id", "project_id"]


def upgrade() -> None:
    """Make the indexes; the one on images takes the place of a narrower one."""
    op.drop_index("ix_annotations_organisation_id_project_id_image_id_id", "annotations")
    op.create_index(
        "ix_annotations_images", "annotations", [*_OWNED, "image_id", "id", "withdraws"]
    )
    taken_back = sa.text("withdraws IS NOT NULL")
    op.create_index(
        "ix_annotations_withdraws",
        "annotations",
        [*_OWNED, "withdraws"],
        sqlite_where=taken_back,
        postgresql_where=taken_back,
    )
