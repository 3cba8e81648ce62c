"""Runs the migrations on the connection that ``schema.upgrade`` passes in the configuration."""

from __future__ import annotations

from alembic import context

from cloudguard.history.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
