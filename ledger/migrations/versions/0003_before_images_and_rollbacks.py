"""Before-images, generations of effects, rollbacks"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_column("effects", "before")
    op.create_table(
        "images",
        sa.Column("effect_key", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("effect_key"),
    )
    op.add_column("effects", sa.Column("generation", sa.Integer(), server_default="0", nullable=False))
    op.add_column("effects", sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("effects_record", "effects", ["vendor_id"])
    op.create_table(
        "rollbacks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("after_failure", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flow_run_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('proposed', 'released', 'running', 'stopped', 'done', 'cancelled')", name="state_known"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rollback_items",
        sa.Column("rollback_id", sa.Uuid(), nullable=False),
        sa.Column("effect_key", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("verdict IN ('undo', 'kept', 'changed')", name="verdict_known"),
        sa.CheckConstraint("outcome IN ('undone', 'kept', 'changed', 'failed')", name="outcome_known"),
        sa.PrimaryKeyConstraint("rollback_id", "effect_key"),
    )
    op.create_index("rollback_items_open", "rollback_items", ["case_id"], postgresql_where=sa.text("outcome IS NULL"))


def downgrade() -> None:
    """Take back."""
    op.drop_table("rollback_items")
    op.drop_table("rollbacks")
    op.drop_index("effects_record", table_name="effects")
    op.drop_column("effects", "undone_at")
    op.drop_column("effects", "generation")
    op.drop_table("images")
    op.add_column("effects", sa.Column("before", postgresql.JSONB(), nullable=True))
