"""Live updates and shut-down, against a real server."""

import json
import signal
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.server import Server


def test_websocket_pushes_new_notes(server: Server) -> None:
    with server.websocket() as first, server.websocket() as second:
        # What a client sends is ignored, whatever it is.
        first.send("hello")
        first.send(b"\x00")
        note = server.create("Milk", "line one\nline two")
        assert json.loads(first.recv(5)) == note
        assert json.loads(second.recv(5)) == note


def test_event_stream_sends_new_notes(server: Server) -> None:
    with server.http.stream("GET", "/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        assert [next(lines), next(lines)] == [": connected", ""]
        note = server.create("Milk", "line one\nline two")
        assert next(lines) == "event: note"
        assert json.loads(next(lines).removeprefix("data: ")) == note


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_open_streams_and_the_process(server: Server, number: signal.Signals) -> None:
    with server.websocket() as websocket, server.http.stream("GET", "/events") as response:
        lines = response.iter_lines()
        assert [next(lines), next(lines)] == [": connected", ""]
        began = time.monotonic()
        server.signal(number)
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert list(lines) == []
        # uvicorn shuts down in order and then lets SIGTERM have its effect.
        assert server.wait() == (-number if number == signal.SIGTERM else 0)
        assert time.monotonic() - began < 2


def test_notes_survive_a_restart(server: Server) -> None:
    note = server.create("kept")
    data_dir = server.env["DATA_DIR"]
    server.stop()
    with Server({"DATA_DIR": data_dir}) as restarted:
        assert restarted.http.get("/api/notes").json() == [note]
