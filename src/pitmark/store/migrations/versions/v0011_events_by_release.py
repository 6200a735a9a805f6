"""Events by release: what a version did is counted without reading all events.

Revision 0011. It names the index as it was then and is never changed.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NAME = "ix_events_organisation_id_project_id_release_verdict"


def upgrade() -> None:
    """Make the index."""
    columns = ["organisation_id", "project_id", "release", "verdict"]
    op.create_index(_NAME, "events", columns)
