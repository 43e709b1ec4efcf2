"""Alembic's entry point, for both the command line and start-up."""

import asyncio
from logging.config import fileConfig

from alembic import context
from sqlalchemy import Connection

from notes.config import Settings
from notes.db import create_engine
from notes.models import Base

config = context.config
settings: Settings | None = config.attributes.get("settings")
if settings is None:
    # Run from the command line. When the app itself migrates, it passes its
    # settings in and keeps its own logging.
    settings = Settings.from_env()
    if config.config_file_name is not None:
        fileConfig(config.config_file_name)


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite cannot alter most things in place; Alembic then copies the table.
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run(settings: Settings) -> None:
    engine = create_engine(settings)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
            await connection.commit()
    finally:
        await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Offline (--sql) migrations are not supported.")
asyncio.run(run(settings))
