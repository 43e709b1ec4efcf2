"""Reading an uploaded file from a multipart body while it arrives.

The framework's own form parser first spools the whole upload in the system's
temporary directory, which on a Machine may be small or in memory.
"""

import re
from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

MAX_FILENAME_LENGTH = 200
MAX_CONTENT_TYPE_LENGTH = 100
CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


class MalformedUpload(Exception):
    pass


class FilePart:
    """The first file in the body. Its name and type are known once it was read."""

    filename = ""
    content_type = "application/octet-stream"

    def __init__(self, content_type: str | None, body: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise MalformedUpload("expected a multipart/form-data body")
        self._body = body
        self._found = self._inside = self._complete = False
        self._header_name = self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        self._pending: list[bytes] = []
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise MalformedUpload(str(error)) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        async for data in self._body:
            try:
                self._parser.write(data)
            except FormParserError as error:
                raise MalformedUpload(str(error)) from error
            pending, self._pending = self._pending, []
            for chunk in pending:
                yield chunk
        if not self._complete:
            raise MalformedUpload("the body ends too early")
        if not self._found:
            raise MalformedUpload("the body has no file")

    def _on_part_begin(self) -> None:
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if self._found or b"filename" not in options:
            return
        self._found = self._inside = True
        self.filename = clean_filename(options[b"filename"].decode("utf-8", "replace"))
        self.content_type = clean_content_type(
            self._headers.get(b"content-type", b"").decode("latin-1")
        )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._pending.append(data[start:end])

    def _on_part_end(self) -> None:
        self._inside = False

    def _on_end(self) -> None:
        self._complete = True


def clean_filename(name: str) -> str:
    """The last path component, without control characters."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(character for character in name if character.isprintable()).strip()
    return name[-MAX_FILENAME_LENGTH:] if name.strip(".") else "attachment"


def clean_content_type(value: str) -> str:
    """Only a plain media type: it is sent back as a header."""
    value = value.partition(";")[0].strip()
    if len(value) <= MAX_CONTENT_TYPE_LENGTH and CONTENT_TYPE.fullmatch(value):
        return value
    return FilePart.content_type
