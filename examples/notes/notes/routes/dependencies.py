"""What routes ask for in their signatures."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, HTTPException, Path
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from notes.config import MAX_ID
from notes.models import Note
from notes.services import Services

NoteId = Annotated[int, Path(ge=1, le=MAX_ID)]


def get_services(connection: HTTPConnection) -> Services:
    """An HTTPConnection, so that WebSocket routes may ask for it as well."""
    services: Services = connection.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]


async def get_session(services: ServicesDep) -> AsyncIterator[AsyncSession]:
    async with services.sessions() as session:
        yield session


# Function scope gives the connection back before the response is sent: a slow
# reader must not hold it.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def find_note(session: AsyncSession, note_id: int, *, lock: bool = False) -> Note:
    note = await session.get(Note, note_id, with_for_update=lock)
    if note is None:
        raise HTTPException(404, "no such note")
    return note
