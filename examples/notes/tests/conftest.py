"""Two ways to run the app: in this process, and as a real server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from notes.config import Settings
from notes.main import create_app
from tests.server import Server


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "data")


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://notes") as client,
    ):
        yield client


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server({"DATA_DIR": str(tmp_path / "data")}) as server:
        yield server
