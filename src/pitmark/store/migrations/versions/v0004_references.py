"""Images and items of snapshots name the reference they are compared with.

Revision 0004. It names the tables as they were then and is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; nothing is compared until it is imported with a reference."""
    for table in ("images", "snapshot_items"):
        op.add_column(table, sa.Column("reference_sha", sa.String(64), nullable=True))
        op.create_index(f"ix_{table}_reference_sha", table, ["reference_sha"])
