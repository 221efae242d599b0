"""Runs the revisions on the connection that storage.migrate hands over, in its transaction."""

from alembic import context
from sqlmodel import SQLModel

import storage.tables  # noqa: F401 -- declares the tables that autogenerate compares with

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
