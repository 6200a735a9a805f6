"""Decisions on findings can be taken back, and findings know what they are worth.

Revision 0005. It names the tables as they were then and is never changed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what was decided before has no effects on record."""
    op.add_column("annotations", sa.Column("withdraws", sa.Integer(), nullable=True))
    op.add_column("findings", sa.Column("weight", sa.JSON(), nullable=True))
    op.add_column("findings", sa.Column("decision", sa.Integer(), nullable=True))
    op.add_column("findings", sa.Column("effects", sa.JSON(), nullable=True))
