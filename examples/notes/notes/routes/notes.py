"""Creating, listing, searching, reading and deleting notes."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import or_, select

from notes.config import MAX_ID, MAX_PAGE_SIZE
from notes.models import Note
from notes.routes.dependencies import NoteId, ServicesDep, SessionDep, find_note
from notes.schemas import NoteIn, NoteOut, SearchText

router = APIRouter(prefix="/api/notes")

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)]


@router.post("", status_code=201, response_model=NoteOut)
async def create_note(new: NoteIn, services: ServicesDep, session: SessionDep) -> Note:
    note = Note(title=new.title, body=new.body)
    session.add(note)
    await services.feed.commit(session, note)
    return note


@router.get("", response_model=list[NoteOut])
async def list_notes(
    session: SessionDep,
    limit: Limit = 50,
    before: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Sequence[Note]:
    """Newest first. The next page is the one before this page's last id."""
    query = select(Note).order_by(Note.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Note.id < before)
    return (await session.scalars(query)).all()


@router.get("/search", response_model=list[NoteOut])
async def search_notes(
    session: SessionDep, q: Annotated[SearchText, Query()], limit: Limit = 50
) -> Sequence[Note]:
    """Notes whose title or body contains the text, in any case, newest first."""
    contains = or_(
        Note.title.icontains(q, autoescape=True), Note.body.icontains(q, autoescape=True)
    )
    query = select(Note).where(contains).order_by(Note.id.desc()).limit(limit)
    return (await session.scalars(query)).all()


@router.get("/{note_id}", response_model=NoteOut)
async def get_note(note_id: NoteId, session: SessionDep) -> Note:
    return await find_note(session, note_id)


@router.delete("/{note_id}", status_code=204)
async def delete_note(note_id: NoteId, services: ServicesDep, session: SessionDep) -> None:
    note = await find_note(session, note_id, lock=True)
    attachment = note.attachment
    await session.delete(note)
    await session.commit()
    # The row first: stopped in between, this leaves a stray file, not a broken note.
    if attachment is not None:
        services.attachments.remove(attachment.key)
