"""What a running app consists of, from start-up to shut-down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from notes.broadcast import Broadcaster
from notes.config import Settings, listen_dsn
from notes.db import create_engine
from notes.feed import Feed, LocalFeed
from notes.migrate import upgrade_sqlite
from notes.storage import AttachmentStore, attachment_directory


@dataclass(frozen=True, slots=True)
class Services:
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    broadcaster: Broadcaster
    feed: Feed
    attachments: AttachmentStore


@asynccontextmanager
async def running_services(settings: Settings) -> AsyncIterator[Services]:
    engine = create_engine(settings)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    broadcaster = Broadcaster()
    attachments = AttachmentStore(attachment_directory(settings))
    try:
        if settings.postgres_url is None:
            await asyncio.to_thread(upgrade_sqlite, settings)
            feed = LocalFeed(broadcaster)
            yield Services(engine, sessions, broadcaster, feed, attachments)
        else:
            # The release command has migrated. The database may even be away
            # just now: the app starts, and is not ready until it comes back.
            # Imported here, so that the SQLite shape need not load asyncpg.
            from notes.postgres_feed import PostgresFeed

            shared_feed = PostgresFeed(listen_dsn(settings.postgres_url), sessions, broadcaster)
            listener = asyncio.create_task(shared_feed.run())
            try:
                yield Services(engine, sessions, broadcaster, shared_feed, attachments)
            finally:
                listener.cancel()
                with suppress(asyncio.CancelledError):
                    await listener
    finally:
        broadcaster.close()
        await engine.dispose()
