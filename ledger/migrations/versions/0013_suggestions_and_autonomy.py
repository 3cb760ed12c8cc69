"""What was proposed for events that stopped, how far each action may go, and what a corrected event was before"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LEVELS = "level IN ('hand', 'suggested', 'alone')"
TREATMENTS = "treatment IN ('alone', 'suggested', 'by hand', 'blocked')"
OUTCOMES = "outcome IN ('waiting', 'alone', 'reverted', 'accepted', 'overridden', 'rejected', 'passed')"


def upgrade() -> None:
    """Apply."""
    op.add_column("inbox", sa.Column("original", postgresql.JSONB(), nullable=True))
    op.create_table(
        "suggestions",
        sa.Column("exception_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("proposed", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("treatment", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("given", sa.Text(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("exception_id"),
        sa.CheckConstraint(LEVELS, name="level_known"),
        sa.CheckConstraint(TREATMENTS, name="treatment_known"),
        sa.CheckConstraint(OUTCOMES, name="outcome_known"),
    )
    op.create_index("suggestions_event", "suggestions", ["event_id"])
    op.create_index("suggestions_case", "suggestions", ["case_id"])
    op.create_index("suggestions_action", "suggestions", ["action", "settled_at"])
    undecided = sa.text("completed IS NULL AND outcome IN ('waiting', 'alone', 'accepted', 'overridden')")
    op.create_index("suggestions_open", "suggestions", ["outcome"], postgresql_where=undecided)
    op.create_table(
        "autonomy",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(LEVELS, name="level_known"),
    )
    op.create_index("autonomy_action", "autonomy", ["action", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("autonomy")
    op.drop_table("suggestions")
    op.drop_column("inbox", "original")
