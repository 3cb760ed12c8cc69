"""The whole path: decisions, continuity, references of cases, what Prefect was told"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("documents", sa.Column("content_hash", sa.String(), nullable=True))
    op.add_column("inbox", sa.Column("told", sa.String(), nullable=True))
    op.add_column("inbox", sa.Column("holds_up", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_index("inbox_waiting", "inbox", ["case_id"], postgresql_where=sa.text("status = 'waiting'"))
    untold = sa.text("status <> 'running' AND told IS DISTINCT FROM status")
    op.create_index("inbox_untold", "inbox", ["seq"], postgresql_where=untold)
    op.create_index("effects_case", "effects", ["case_id"])
    op.create_table(
        "case_references",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index(op.f("ix_case_references_case_id"), "case_references", ["case_id"])
    op.create_table(
        "continuity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('approved', 'changed', 'delivered', 'invoiced', 'paid')", name="kind_known"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "kind", "event_id"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("door", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'approved', 'rejected', 'void', 'withdrawn')", name="state_known"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("decisions_waiting", "decisions", ["asked_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("decisions_case", "decisions", ["case_id"])
    op.execute("UPDATE inbox SET told = status")


def downgrade() -> None:
    """Take back."""
    op.drop_table("decisions")
    op.drop_table("continuity")
    op.drop_table("case_references")
    op.drop_index("effects_case", table_name="effects")
    op.drop_index("inbox_untold", table_name="inbox")
    op.drop_index("inbox_waiting", table_name="inbox")
    op.drop_column("inbox", "holds_up")
    op.drop_column("inbox", "told")
    op.drop_column("documents", "content_hash")
