"""The app under uvicorn, in a process of its own."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from websockets.sync.client import ClientConnection, connect

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 20
STOP_SECONDS = 10


def python(*arguments: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a module of this interpreter with just these variables of the app's."""
    ours = {k: v for k, v in os.environ.items() if k not in {"DATA_DIR", "DATABASE_URL"}}
    return subprocess.Popen([sys.executable, "-m", *arguments], cwd=PROJECT, env=ours | env)


def platform_command(port: int) -> list[str]:
    """The command from fly.toml, on another address."""
    with (PROJECT / "fly.toml").open("rb") as file:
        command = shlex.split(tomllib.load(file)["processes"]["app"])
    command[command.index("--host") + 1] = "127.0.0.1"
    command[command.index("--port") + 1] = str(port)
    return command


class Server:
    def __init__(self, env: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)
        self.env = env
        self._process = python(*platform_command(self.port), env=env)

    def __enter__(self) -> Self:
        try:
            self.wait_until("/health/live", 200)
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()
        if self._process.poll() is None:
            self.stop()

    def wait_until(self, path: str, status: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, "the server ended by itself"
            try:
                if self.http.get(path).status_code == status:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"{path} did not come to answer {status}")

    def websocket(self) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}/ws")

    def create(self, title: str, body: str = "") -> dict[str, object]:
        response = self.http.post("/api/notes", json={"title": title, "body": body})
        assert response.status_code == 201, response.text
        note: dict[str, object] = response.json()
        return note

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end of the process; return its exit status."""
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def stop(self) -> None:
        self.signal(signal.SIGTERM)
        self.wait()
