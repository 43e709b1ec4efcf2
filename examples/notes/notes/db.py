"""Opening the database, in either shape."""

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from notes.config import Settings

CONNECT_SECONDS = 5


def create_engine(settings: Settings) -> AsyncEngine:
    """Make the engine; it connects only when first used."""
    if settings.postgres_url is not None:
        return create_async_engine(
            settings.database_url,
            # A server restart then costs one reconnect, not one failed request.
            pool_pre_ping=True,
            pool_timeout=CONNECT_SECONDS,
            connect_args={"timeout": CONNECT_SECONDS},
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(settings.database_url)
    event.listen(engine.sync_engine, "connect", _configure_sqlite)
    return engine


def _configure_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # Readers do not wait for the writer, and writers wait for each other.
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()
