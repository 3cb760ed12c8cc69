"""Switches and circuits: what people have paused, which systems are down, and how often an event was claimed"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("inbox", sa.Column("turns", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE inbox SET turns = attempts WHERE attempts > 0")
    op.create_table(
        "switches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.CheckConstraint("scope IN ('all', 'path', 'system')", name="scope_known"),
        sa.PrimaryKeyConstraint("id"),
    )
    off = sa.text("lifted_at IS NULL")
    op.create_index("switches_off", "switches", ["scope", "name"], unique=True, postgresql_where=off)
    op.create_table(
        "circuits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("several", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_event", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    current = sa.text("closed_at IS NULL")
    op.create_index("circuits_current", "circuits", ["system", "step"], unique=True, postgresql_where=current)


def downgrade() -> None:
    """Take back."""
    op.drop_table("circuits")
    op.drop_table("switches")
    op.drop_column("inbox", "turns")
