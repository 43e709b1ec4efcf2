"""Liveness, readiness, and what the API says while the database is away."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL

from notes.config import Settings
from notes.main import create_app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def cut_off_client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The PostgreSQL shape, with nobody at the server's address."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host, port = unused.getsockname()
        url = URL.create("postgresql+asyncpg", "notes", "secret", host, port, "notes")
        app = create_app(Settings(tmp_path, url))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://notes") as client,
        ):
            yield client


async def test_alive_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 200


async def test_starts_and_stays_alive_without_its_database(
    cut_off_client: httpx.AsyncClient,
) -> None:
    assert (await cut_off_client.get("/health/live")).status_code == 200
    assert (await cut_off_client.get("/health/ready")).status_code == 503
    assert (await cut_off_client.get("/api/notes")).status_code == 503


async def test_not_ready_when_the_file_is_damaged(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    with settings.sqlite_path.open("r+b") as file:
        file.truncate(0)
    assert (await client.get("/health/ready")).status_code == 503
    assert (await client.get("/health/live")).status_code == 200
