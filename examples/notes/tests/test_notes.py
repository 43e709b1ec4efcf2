"""The REST interface for notes."""

import asyncio
import json

import httpx
import pytest

from notes.config import MAX_BODY_LENGTH, MAX_REQUEST_BYTES

pytestmark = pytest.mark.anyio


async def create(client: httpx.AsyncClient, title: str, body: str = "") -> int:
    response = await client.post("/api/notes", json={"title": title, "body": body})
    assert response.status_code == 201, response.text
    note_id: int = response.json()["id"]
    return note_id


async def search(client: httpx.AsyncClient, text: str) -> list[str]:
    response = await client.get("/api/notes/search", params={"q": text})
    assert response.status_code == 200, response.text
    return [note["title"] for note in response.json()]


async def test_create_and_get(client: httpx.AsyncClient) -> None:
    created = await client.post("/api/notes", json={"title": "  Milk ", "body": "Two litres\n"})
    assert created.status_code == 201
    note = created.json()
    assert note["title"] == "Milk"
    assert note["body"] == "Two litres\n"
    assert note["created_at"].endswith("Z")
    assert note["attachment"] is None
    assert (await client.get(f"/api/notes/{note['id']}")).json() == note


async def test_list_pages_newest_first(client: httpx.AsyncClient) -> None:
    ids = [await create(client, f"note {n}") for n in range(5)]
    first = (await client.get("/api/notes", params={"limit": 2})).json()
    assert [note["id"] for note in first] == [ids[4], ids[3]]
    second = (await client.get("/api/notes", params={"limit": 9, "before": ids[3]})).json()
    assert [note["id"] for note in second] == [ids[2], ids[1], ids[0]]


async def test_search_in_title_and_body_in_any_case(client: httpx.AsyncClient) -> None:
    await create(client, "Shopping", "MILK and bread")
    await create(client, "milkman")
    await create(client, "Bread")
    assert await search(client, "Milk") == ["milkman", "Shopping"]


@pytest.mark.parametrize("wildcard", ["%", "_", "/", "\\"])
async def test_search_takes_wildcards_literally(client: httpx.AsyncClient, wildcard: str) -> None:
    await create(client, "plain")
    await create(client, f"with {wildcard} inside")
    assert await search(client, wildcard) == [f"with {wildcard} inside"]


async def test_delete(client: httpx.AsyncClient) -> None:
    note_id = await create(client, "gone soon")
    assert (await client.delete(f"/api/notes/{note_id}")).status_code == 204
    assert (await client.get(f"/api/notes/{note_id}")).status_code == 404
    assert (await client.delete(f"/api/notes/{note_id}")).status_code == 404
    assert await create(client, "new") > note_id, "an id must never be used again"


@pytest.mark.parametrize(
    "note",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 201},
        {"title": "x", "body": "x" * (MAX_BODY_LENGTH + 1)},
        {"title": "nul\x00"},
        {"title": 7},
        {"title": "\ud800"},
        {},
    ],
)
async def test_refuses_bad_notes(client: httpx.AsyncClient, note: dict[str, object]) -> None:
    response = await client.post(
        "/api/notes", content=json.dumps(note), headers={"content-type": "application/json"}
    )
    assert response.status_code == 422


async def test_takes_the_largest_note_in_its_longest_spelling(client: httpx.AsyncClient) -> None:
    note = {"title": "x", "body": "\N{GRINNING FACE}" * MAX_BODY_LENGTH}
    response = await client.post(
        "/api/notes", content=json.dumps(note), headers={"content-type": "application/json"}
    )
    assert response.status_code == 201


async def test_refuses_an_oversized_request(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/notes", content=b" " * (MAX_REQUEST_BYTES + 1))
    assert response.status_code == 413


@pytest.mark.parametrize(
    "path",
    [
        "/api/notes?limit=0",
        "/api/notes?limit=101",
        "/api/notes?before=0",
        f"/api/notes?before={2**63}",
        f"/api/notes/{2**63}",
        "/api/notes/search",
        "/api/notes/search?q=",
        "/api/notes/search?q=%00",
        f"/api/notes/search?q={'x' * 201}",
    ],
)
async def test_refuses_bad_queries(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 422


async def test_concurrent_writers(client: httpx.AsyncClient) -> None:
    ids = await asyncio.gather(*(create(client, f"note {n}") for n in range(30)))
    assert len(set(ids)) == 30


async def test_page_is_self_contained(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "src=" not in page.text
    assert 'rel="stylesheet"' not in page.text


async def test_whoami(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLY_MACHINE_ID", "d891")
    monkeypatch.delenv("FLY_REGION", raising=False)
    me = (await client.get("/api/whoami")).json()
    assert set(me) == {"FLY_APP_NAME", "FLY_MACHINE_ID", "FLY_REGION", "FLY_PROCESS_GROUP"}
    assert me["FLY_MACHINE_ID"] == "d891"
    assert me["FLY_REGION"] is None
