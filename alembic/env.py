"""Runs the migrations on the engine that `farm.core.database.Database` hands over.

For a developer's own `alembic -c alembic/alembic.ini revision --autogenerate` the settings' database is used.
"""

import sqlalchemy as sa
from alembic import context

import inventory.models  # for the tables
import jobs.models
from farm.core.database import Base, Database
from farm.core.settings import Settings


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column types as what they are in SQL: a migration must not change with the code."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, sa.types.TypeDecorator) else False


engine = context.config.attributes.get("engine") or Database(Settings().database).engine

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite cannot alter most things in place: tables are copied.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
