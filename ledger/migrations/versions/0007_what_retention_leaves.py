"""What retention leaves of an event: its id, so that a second delivery is still a duplicate"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table("retired", sa.Column("id", sa.Uuid(), nullable=False), sa.PrimaryKeyConstraint("id"))


def downgrade() -> None:
    """Take back."""
    op.drop_table("retired")
