"""Committing a new note so that open streams hear of it."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from notes.broadcast import Broadcaster
from notes.models import Note
from notes.schemas import note_json


class Feed(Protocol):
    async def commit(self, session: AsyncSession, note: Note) -> None:
        """Commit a session to which `note` was added, and announce the note."""


class LocalFeed:
    """SQLite shape: every stream is in this process."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self._broadcaster = broadcaster

    async def commit(self, session: AsyncSession, note: Note) -> None:
        await session.commit()
        self._broadcaster.publish(note_json(note))
