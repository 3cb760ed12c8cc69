"""Each answer to a decision, whose turn one is, and who stands in for whom"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

EARLIER = """
INSERT INTO decision_answers (decision_id, approver, by, verdict, content_hash, door, reason, at)
SELECT id, decided_by, decided_by, CASE WHEN state = 'rejected' THEN 'reject' ELSE 'approve' END, content_hash,
       coalesce(door, ''), reason, coalesce(decided_at, asked_at)
FROM decisions WHERE decided_by IS NOT NULL
"""
"""What was answered before there were several answers."""


def upgrade() -> None:
    """Apply."""
    op.add_column("decisions", sa.Column("turns", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("decisions", sa.Column("turned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "decision_answers",
        sa.Column("decision_id", sa.Uuid(), primary_key=True),
        sa.Column("approver", sa.String(), primary_key=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("decision_id", "login"),
        sa.CheckConstraint("verdict IN ('approve', 'reject')", name="verdict_known"),
    )
    op.execute(EARLIER)
    op.create_table(
        "delegations",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("approver", sa.String(), nullable=False),
        sa.Column("stand_in", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("until > since", name="until_is_later"),
    )
    op.create_index("delegations_until", "delegations", ["until"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("delegations")
    op.drop_table("decision_answers")
    op.drop_column("decisions", "turned_at")
    op.drop_column("decisions", "turns")
