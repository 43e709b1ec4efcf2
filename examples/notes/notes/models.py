"""The database tables."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from notes.config import MAX_TITLE_LENGTH


class Base(DeclarativeBase):
    pass


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite stores no offset, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file: `key` names it on disk, the rest is what the client said."""

    key: str
    filename: str
    content_type: str
    size: int


class Note(Base):
    __tablename__ = "notes"
    # Without AUTOINCREMENT, SQLite hands a deleted note's id to the next one.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True
    )
    title: Mapped[str] = mapped_column(String(MAX_TITLE_LENGTH))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
    attachment_key: Mapped[str | None] = mapped_column(String(32))
    attachment_name: Mapped[str | None] = mapped_column(String(200))
    attachment_type: Mapped[str | None] = mapped_column(String(100))
    attachment_size: Mapped[int | None]

    @property
    def attachment(self) -> Attachment | None:
        if (
            self.attachment_key is None
            or self.attachment_name is None
            or self.attachment_type is None
            or self.attachment_size is None
        ):
            return None
        return Attachment(
            self.attachment_key, self.attachment_name, self.attachment_type, self.attachment_size
        )

    @attachment.setter
    def attachment(self, value: Attachment) -> None:
        self.attachment_key = value.key
        self.attachment_name = value.filename
        self.attachment_type = value.content_type
        self.attachment_size = value.size
