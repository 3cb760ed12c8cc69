"""How Alembic reaches the ledger: by the connection that `ledger.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

import ledger.tables  # noqa: F401  (fills the metadata)

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
