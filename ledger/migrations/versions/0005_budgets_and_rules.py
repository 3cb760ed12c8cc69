"""Budgets of vendors' accounts; what ended in a time"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "budgets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("coming", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("held_until", sa.Float(), server_default="0", nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        prefixes=["UNLOGGED"],
    )
    ended = sa.text("finished_at IS NOT NULL")
    op.create_index("inbox_ended", "inbox", ["type", "finished_at"], postgresql_where=ended)


def downgrade() -> None:
    """Take back."""
    op.drop_index("inbox_ended", table_name="inbox")
    op.drop_table("budgets")
