"""Claims on what the catalog gives to another owner; why exceptions are closed; quick looks at a week and at a document"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CLOSINGS = "'source', 'mapping', 'rule', 'vendor', 'fault', 'duplicate', 'abandoned', 'by-hand', 'test'"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_as", sa.Text(), nullable=True),
        sa.CheckConstraint("layer IN ('process', 'integration', 'application')", name="layer_known"),
    )
    op.create_index(
        "claims_open", "claims", ["subject", "layer", "owner"], unique=True, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.add_column("exceptions", sa.Column("closed_because", sa.String(), nullable=True))
    op.create_check_constraint("closed_because_known", "exceptions", f"closed_because IN ({CLOSINGS})")
    op.create_index("exceptions_opened_at", "exceptions", ["opened_at"])
    op.create_index("documents_record", "documents", ["vendor_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("documents_record", "documents")
    op.drop_index("exceptions_opened_at", "exceptions")
    op.drop_constraint("closed_because_known", "exceptions")
    op.drop_column("exceptions", "closed_because")
    op.drop_table("claims")
