"""The contract version of the event that an outside change or a document was made for"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("effects", "documents")


def upgrade() -> None:
    """Apply; what a retired event has made does not know its contract any more."""
    for table in TABLES:
        op.add_column(table, sa.Column("contract", sa.String(), nullable=True))
        op.execute(f"UPDATE {table} t SET contract = i.contract FROM inbox i WHERE i.id = t.event_id")  # noqa: S608


def downgrade() -> None:
    """Take back."""
    for table in TABLES:
        op.drop_column(table, "contract")
