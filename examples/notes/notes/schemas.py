"""What the API reads and writes."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from notes.config import MAX_BODY_LENGTH, MAX_QUERY_LENGTH, MAX_TITLE_LENGTH
from notes.models import Note


def _without_nul(value: str) -> str:
    """PostgreSQL cannot store NUL in text; refuse it alike in both shapes."""
    if "\x00" in value:
        raise ValueError("must not contain NUL characters")
    return value


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_LENGTH),
    AfterValidator(_without_nul),
]
Body = Annotated[str, StringConstraints(max_length=MAX_BODY_LENGTH), AfterValidator(_without_nul)]
SearchText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_QUERY_LENGTH),
    AfterValidator(_without_nul),
]


class NoteIn(BaseModel):
    title: Title
    body: Body = ""


class AttachmentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    filename: str
    content_type: str
    size: int


class NoteOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    body: str
    created_at: datetime
    attachment: AttachmentOut | None


def note_json(note: Note) -> str:
    """One note as the streams send it: a single line of JSON."""
    return NoteOut.model_validate(note).model_dump_json()
