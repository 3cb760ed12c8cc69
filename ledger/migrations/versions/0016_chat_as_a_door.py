"""What people do in chat, what they put on a deal's record, what chat shows of decisions, and alerts that are acknowledged"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENTS = ("posted_at", "acknowledged_at", "escalated_at", "mailed_at")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "interactions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("answer_to", sa.Text(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
    )
    op.create_index("interactions_open", "interactions", ["received_at"], postgresql_where=sa.text("done_at IS NULL"))
    op.create_table(
        "records",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("kind IN ('decision', 'milestone', 'action', 'question')", name="kind_known"),
    )
    op.create_index("records_case", "records", ["case_id"])
    op.create_table(
        "captures",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("before", sa.Text(), nullable=False, unique=True),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("unplaced", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.add_column("decisions", sa.Column("told", sa.String(), nullable=True))
    op.execute("UPDATE decisions SET told = state WHERE state <> 'waiting'")  # what was answered before stays as chat shows it
    untold = sa.text("state <> 'waiting' AND told IS DISTINCT FROM state")
    op.create_index("decisions_untold", "decisions", ["asked_at"], postgresql_where=untold)
    op.add_column("alerts", sa.Column("owner", sa.Text(), nullable=False, server_default=""))
    for name in MOMENTS:
        op.add_column("alerts", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in ("acknowledged_by", "escalation_id"):
        op.add_column("alerts", sa.Column(name, sa.String(), nullable=True))


def downgrade() -> None:
    """Take back."""
    for name in ("owner", *MOMENTS, "acknowledged_by", "escalation_id"):
        op.drop_column("alerts", name)
    op.drop_index("decisions_untold", "decisions")
    op.drop_column("decisions", "told")
    op.drop_table("captures")
    op.drop_table("records")
    op.drop_table("interactions")
