"""The PostgreSQL shape, with two Machines' worth of servers."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from notes.config import listen_dsn, parse_postgres_url
from tests.server import Server, python

DATABASE_URL = os.environ.get("NOTES_TEST_DATABASE_URL", "")

pytestmark = pytest.mark.skipif(
    not DATABASE_URL, reason="NOTES_TEST_DATABASE_URL names no PostgreSQL database"
)


def alembic(*arguments: str) -> None:
    assert python("alembic", *arguments, env={"DATABASE_URL": DATABASE_URL}).wait() == 0


def query(sql: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(listen_dsn(parse_postgres_url(DATABASE_URL)))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def migrated() -> Iterator[None]:
    """Empty tables, whatever an earlier run left behind."""
    alembic("upgrade", "head")
    alembic("downgrade", "base")
    alembic("upgrade", "head")
    yield
    alembic("downgrade", "base")


@pytest.fixture
def machines(migrated: None, tmp_path: Path) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        machines = [
            stack.enter_context(
                Server({"DATABASE_URL": DATABASE_URL, "DATA_DIR": str(tmp_path / name)})
            )
            for name in ("one", "two")
        ]
        for machine in machines:
            machine.wait_until("/health/ready", 200)
        yield machines


def test_not_ready_before_the_release_command(migrated: None, tmp_path: Path) -> None:
    alembic("downgrade", "base")
    with Server({"DATABASE_URL": DATABASE_URL, "DATA_DIR": str(tmp_path)}) as server:
        assert server.http.get("/health/ready").status_code == 503
        alembic("upgrade", "head")
        assert server.http.get("/health/ready").status_code == 200


def test_models_agree_with_migrations(migrated: None) -> None:
    alembic("check")


def test_api(machines: list[Server]) -> None:
    one, two = machines
    note = one.create("100% Milk", "x" * 20_000)
    other = two.create("100 other things")
    assert two.http.get(f"/api/notes/{note['id']}").json() == note
    assert one.http.get("/api/notes").json() == [other, note]
    assert one.http.get("/api/notes/search", params={"q": "0% mILK"}).json() == [note]
    url = f"/api/notes/{note['id']}/attachment"
    assert one.http.post(url, files={"file": b"content"}).status_code == 201
    assert one.http.get(url).content == b"content"
    assert two.http.get(url).status_code == 404
    assert two.http.delete(f"/api/notes/{note['id']}").status_code == 204
    assert one.http.get("/api/notes").json() == [other]


def test_every_machine_hears_of_every_note(machines: list[Server]) -> None:
    one, two = machines
    with one.websocket() as first, two.websocket() as second:
        for machine in machines:
            # Longer than a notification's payload may be.
            note = machine.create("Milk", "x" * 20_000)
            assert json.loads(first.recv(5)) == note
            assert json.loads(second.recv(5)) == note


def test_catches_up_after_losing_its_connections(machines: list[Server]) -> None:
    one, two = machines
    with two.websocket() as websocket:
        known = one.create("before")
        assert json.loads(websocket.recv(5)) == known
        query(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        missed = one.create("while nobody listened")
        assert json.loads(websocket.recv(10)) == missed
        later = one.create("after")
        assert json.loads(websocket.recv(5)) == later
