"""Who may sign in to the console, who is signed in, and what they did"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _moment(name: str, *, is_now: bool = False) -> sa.Column[datetime]:
    default = sa.func.now() if is_now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not is_now, server_default=default)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "users",
        sa.Column("login", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("owners", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        _moment("closed_until"),
        _moment("added_at", is_now=True),
        _moment("disabled_at"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(), primary_key=True),
        sa.Column("login", sa.String(), sa.ForeignKey("users.login"), nullable=False),
        _moment("begun_at", is_now=True),
        _moment("seen_at", is_now=True),
        _moment("ended_at"),
    )
    op.create_table(
        "user_actions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        _moment("at", is_now=True),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
    )


def downgrade() -> None:
    """Take back."""
    for table in ("user_actions", "sessions", "users"):
        op.drop_table(table)
