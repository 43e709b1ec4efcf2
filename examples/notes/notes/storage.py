"""Attachments on disk."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from notes.config import MAX_ATTACHMENT_BYTES, Settings


class AttachmentTooLarge(Exception):
    pass


class AttachmentStore:
    """Files under random names: never a client's own, and never overwritten.

    A note's row names its file, so a file counts only once it is complete.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, key: str) -> Path:
        return self._root / key

    async def save(self, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        """Write the chunks as they come; return the file's key and size."""
        key = secrets.token_hex(16)
        size = 0
        try:
            with self.path(key).open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > MAX_ATTACHMENT_BYTES:
                        raise AttachmentTooLarge
                    await asyncio.to_thread(file.write, chunk)
        except BaseException:
            # Also when the client goes away, which cancels the request.
            self.remove(key)
            raise
        return key, size

    def remove(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)


def attachment_directory(settings: Settings) -> Path:
    """In the PostgreSQL shape there may be no volume, only a writable /tmp."""
    directory = settings.data_dir
    if settings.postgres_url is not None and not _writable(directory):
        directory = Path(tempfile.gettempdir()) / "notes-data"
    return directory / "attachments"


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK)
