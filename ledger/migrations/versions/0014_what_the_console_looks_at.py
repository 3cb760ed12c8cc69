"""Indices of what the console looks at: events that are open, deals by their last move"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    is_open = sa.text("status NOT IN ('done', 'undone')")
    op.create_index("inbox_open", "inbox", ["type", "status", "received_at"], postgresql_where=is_open)
    op.create_index("cases_changed", "cases", ["changed_at"])
    op.create_index("cases_stage", "cases", ["stage", "changed_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("cases_stage", table_name="cases")
    op.drop_index("cases_changed", table_name="cases")
    op.drop_index("inbox_open", table_name="inbox")
