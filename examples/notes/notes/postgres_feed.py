"""Announcing new notes across Machines, by PostgreSQL's LISTEN and NOTIFY."""

import asyncio
import logging

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from notes.broadcast import MAX_BACKLOG, Broadcaster
from notes.models import Note
from notes.schemas import note_json

CHANNEL = "notes_created"
TIMEOUT_SECONDS = 5
RETRY_SECONDS = 1
# A peer that vanished without closing is noticed only by asking it something.
PROBE_SECONDS = 15

logger = logging.getLogger("uvicorn.error")


class PostgresFeed:
    """Notifies on commit, and publishes whatever any Machine notified.

    A notification carries only the note's id: its payload is limited to
    8000 bytes, which a note may exceed.
    """

    def __init__(
        self, dsn: str, sessions: async_sessionmaker[AsyncSession], broadcaster: Broadcaster
    ) -> None:
        self._dsn = dsn
        self._sessions = sessions
        self._broadcaster = broadcaster
        self._last_id: int | None = None

    async def commit(self, session: AsyncSession, note: Note) -> None:
        await session.flush()
        # Sent with the commit, so a listener always finds the note.
        await session.execute(select(func.pg_notify(CHANNEL, str(note.id))))
        await session.commit()

    async def run(self) -> None:
        """Listen for ever, reconnecting whenever the connection is lost."""
        while True:
            try:
                await self._listen()
            except Exception as error:
                # Whatever went wrong, live updates must come back with the database.
                logger.warning("Not listening for new notes (%r); will reconnect", error)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        arrivals: asyncio.Queue[int | None] = asyncio.Queue()
        connection = await asyncpg.connect(self._dsn, timeout=TIMEOUT_SECONDS)
        try:
            connection.add_termination_listener(lambda _connection: arrivals.put_nowait(None))
            await connection.add_listener(
                CHANNEL,
                lambda _connection, _pid, _channel, payload: arrivals.put_nowait(int(payload)),
            )
            caught_up = await self._catch_up()
            logger.info("Listening for new notes")
            while True:
                try:
                    async with asyncio.timeout(PROBE_SECONDS):
                        note_id = await arrivals.get()
                except TimeoutError:
                    await connection.execute("SELECT 1", timeout=TIMEOUT_SECONDS)
                    continue
                if note_id is None:
                    raise ConnectionError("the server closed the connection")
                if note_id not in caught_up:
                    await self._publish(note_id)
        finally:
            connection.terminate()

    async def _catch_up(self) -> set[int]:
        """Publish what was created while nobody listened; return those ids.

        Called once notifications already queue up, so that nothing falls in
        between; a note may then arrive both ways, hence the ids.
        """
        async with self._sessions() as session:
            if self._last_id is None:
                self._last_id = await session.scalar(select(func.coalesce(func.max(Note.id), 0)))
                return set()
            newest = select(Note).where(Note.id > self._last_id).order_by(Note.id.desc())
            missed = (await session.scalars(newest.limit(MAX_BACKLOG))).all()
        for note in reversed(missed):
            self._deliver(note)
        return {note.id for note in missed}

    async def _publish(self, note_id: int) -> None:
        async with self._sessions() as session:
            note = await session.get(Note, note_id)
        # It may have been deleted again already.
        if note is not None:
            self._deliver(note)

    def _deliver(self, note: Note) -> None:
        self._last_id = max(self._last_id or 0, note.id)
        self._broadcaster.publish(note_json(note))
