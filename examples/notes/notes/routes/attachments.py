"""One file per note."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse

from notes.config import MAX_UPLOAD_BYTES
from notes.models import Attachment, Note
from notes.multipart import FilePart, MalformedUpload
from notes.routes.dependencies import NoteId, ServicesDep, SessionDep, find_note
from notes.schemas import NoteOut
from notes.storage import AttachmentTooLarge

router = APIRouter(prefix="/api/notes/{note_id}/attachment")

# The route reads the body itself, so the schema has to be told of it.
UPLOAD_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post(
    "",
    status_code=201,
    response_model=NoteOut,
    max_body_size=MAX_UPLOAD_BYTES,
    openapi_extra=UPLOAD_SCHEMA,
)
async def upload(note_id: NoteId, request: Request, services: ServicesDep) -> Note:
    """Attach a file, in place of an earlier one."""
    # Two short sessions: a slow upload must not hold a database connection.
    async with services.sessions() as session:
        await find_note(session, note_id)
    try:
        part = FilePart(request.headers.get("content-type"), request.stream())
        key, size = await services.attachments.save(part.chunks())
    except MalformedUpload as error:
        raise HTTPException(400, str(error)) from error
    except AttachmentTooLarge as error:
        raise HTTPException(413, "the attachment is too large") from error
    try:
        async with services.sessions() as session:
            note = await find_note(session, note_id, lock=True)
            replaced = note.attachment
            note.attachment = Attachment(key, part.filename, part.content_type, size)
            await session.commit()
    except BaseException:
        services.attachments.remove(key)
        raise
    if replaced is not None:
        services.attachments.remove(replaced.key)
    return note


@router.get("", response_class=FileResponse)
async def download(note_id: NoteId, services: ServicesDep, session: SessionDep) -> FileResponse:
    attachment = (await find_note(session, note_id)).attachment
    if attachment is None:
        raise HTTPException(404, "the note has no attachment")
    path = services.attachments.path(attachment.key)
    if not path.is_file():
        raise HTTPException(404, "the attachment is not on this Machine")
    return FileResponse(
        path,
        filename=attachment.filename,
        media_type=attachment.content_type,
        # A browser must save what a stranger uploaded, never show it as a page.
        content_disposition_type="attachment",
        headers={"X-Content-Type-Options": "nosniff"},
    )
