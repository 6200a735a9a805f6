"""Runs the migrations on the connection that `pitmark.store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from pitmark.store import schema, schema_devices, schema_people, schema_runs
from pitmark.store.schema_columns import metadata

# Loaded for its tables, which are part of the metadata then.
assert schema.images.metadata is schema_runs.runs.metadata is metadata
assert schema_people.persons.metadata is schema_devices.devices.metadata is metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
