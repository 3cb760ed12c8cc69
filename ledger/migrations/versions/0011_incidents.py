"""Incidents: fields of ours that were changed past us, and when each record was last compared"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TEXTS = ("system", "kind", "vendor_id", "entity", "field")
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in TEXTS),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("owner", "salt", "our_hash", "found_hash", "by")),
        sa.Column("who", sa.String(), nullable=True),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.Column("seen_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('open', 'put back', 'taken over', 'settled', 'overtaken')", name="state_known"),
        sa.CheckConstraint("route IN ('put back', 'take over', 'ask')", name="route_known"),
        sa.CheckConstraint("by IN ('ours', 'person', 'import', 'API', 'automation', 'unknown')", name="by_known"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incidents_record", "incidents", ["vendor_id", "field"])
    op.create_index("incidents_open", "incidents", ["system", "vendor_id", "field"], unique=True, postgresql_where=OPEN)
    op.create_index("incidents_case", "incidents", ["case_id"])
    op.create_index("incidents_seen_at", "incidents", ["seen_at"])
    op.create_table(
        "looks",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("system", "vendor_id", "entity")),
        sa.Column("fields", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("system", "vendor_id", "entity"),
    )
    op.create_index(op.f("ix_looks_at"), "looks", ["at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("looks")
    op.drop_table("incidents")
