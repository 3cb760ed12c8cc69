"""Deaths: which events a process died under, and how often in a row; events that are replayed from their start"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("inbox", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("inbox", sa.Column("deaths", sa.Integer(), server_default="0", nullable=False))
    op.add_column("inbox", sa.Column("died_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inbox", sa.Column("from_start", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "deaths",
        sa.Column("process", sa.Uuid(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("process"),
    )
    op.create_index(op.f("ix_deaths_at"), "deaths", ["at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("deaths")
    op.drop_column("inbox", "from_start")
    op.drop_column("inbox", "died_at")
    op.drop_column("inbox", "deaths")
    op.drop_column("inbox", "failures")
