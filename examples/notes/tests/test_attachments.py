"""Uploading and downloading files."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL

from notes.config import MAX_ATTACHMENT_BYTES, MAX_UPLOAD_BYTES, Settings
from notes.multipart import clean_content_type, clean_filename
from notes.storage import attachment_directory

pytestmark = pytest.mark.anyio


@pytest.fixture
async def url(client: httpx.AsyncClient) -> str:
    note = (await client.post("/api/notes", json={"title": "with a file"})).json()
    return f"/api/notes/{note['id']}/attachment"


def stored(settings: Settings) -> list[Path]:
    return list((settings.data_dir / "attachments").iterdir())


async def test_round_trip(client: httpx.AsyncClient, url: str) -> None:
    content = bytes(range(256)) * 4096
    files = {"file": ("café \N{SNOWMAN}.bin", content, "image/png")}
    note = (await client.post(url, files=files, data={"comment": "ignored"})).json()
    assert note["attachment"] == {
        "filename": "café \N{SNOWMAN}.bin",
        "content_type": "image/png",
        "size": len(content),
    }
    response = await client.get(url)
    assert response.content == content
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-disposition"].startswith("attachment;")
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_new_file_replaces_the_old(
    client: httpx.AsyncClient, url: str, settings: Settings
) -> None:
    for content in (b"first", b"second"):
        assert (await client.post(url, files={"file": content})).status_code == 201
    assert (await client.get(url)).content == b"second"
    assert len(stored(settings)) == 1


async def test_deleting_the_note_deletes_the_file(
    client: httpx.AsyncClient, url: str, settings: Settings
) -> None:
    await client.post(url, files={"file": b"content"})
    assert (await client.delete(url.removesuffix("/attachment"))).status_code == 204
    assert stored(settings) == []


async def test_size_limit(client: httpx.AsyncClient, url: str, settings: Settings) -> None:
    largest = bytes(MAX_ATTACHMENT_BYTES)
    assert (await client.post(url, files={"file": largest})).status_code == 201
    assert (await client.post(url, files={"file": largest + b"x"})).status_code == 413
    assert len(stored(settings)) == 1, "a refused file must leave nothing behind"


async def test_size_limit_without_a_length(client: httpx.AsyncClient, url: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\ncontent-disposition: form-data; name="comment"\r\n\r\n'
        for _ in range(MAX_UPLOAD_BYTES // 65536 + 1):
            yield bytes(65536)

    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert (await client.post(url, content=endless(), headers=headers)).status_code == 413


HEAD = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", HEAD),
        (f"multipart/form-data; boundary={'b' * 300}", HEAD),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"not multipart"),
        ("multipart/form-data; boundary=b", HEAD + b"cut off"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nno file\r\n--b--\r\n',
        ),
    ],
)
async def test_refuses_malformed_uploads(
    client: httpx.AsyncClient, url: str, settings: Settings, content_type: str, body: bytes
) -> None:
    response = await client.post(url, content=body, headers={"content-type": content_type})
    assert response.status_code == 400, response.text
    assert stored(settings) == []


async def test_without_note_or_file(client: httpx.AsyncClient, url: str) -> None:
    assert (await client.get(url)).status_code == 404
    missing = "/api/notes/999/attachment"
    assert (await client.get(missing)).status_code == 404
    assert (await client.post(missing, files={"file": b"x"})).status_code == 404


async def test_names_and_types_are_cleaned() -> None:
    assert clean_filename("../../etc/passwd") == "passwd"
    assert clean_filename("C:\\photos\\cat.jpg") == "cat.jpg"
    assert clean_filename("a\r\nb\x00.txt") == "ab.txt"
    assert clean_filename("..") == "attachment"
    assert clean_filename("") == "attachment"
    assert clean_filename("x" * 300 + ".txt").endswith(".txt")
    assert clean_content_type("text/plain; charset=utf-8") == "text/plain"
    assert clean_content_type("text/html\r\nset-cookie: a=b") == "application/octet-stream"


async def test_without_a_volume_files_go_to_the_temporary_directory(tmp_path: Path) -> None:
    postgres = URL.create("postgresql+asyncpg", database="notes")
    with_volume = Settings(tmp_path / "volume", postgres)
    assert attachment_directory(with_volume) == tmp_path / "volume" / "attachments"

    in_the_way = tmp_path / "file"
    in_the_way.touch()
    temporary = Path(tempfile.gettempdir()) / "notes-data" / "attachments"
    assert attachment_directory(Settings(in_the_way / "data", postgres)) == temporary
