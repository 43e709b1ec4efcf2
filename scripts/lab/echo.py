"""A WebSocket server that answers each message with one, and a load of such messages; a process each.

Usage: echo.py serve PORT | echo.py load PORT HOST CONNECTIONS SECONDS
"""
import asyncio
import base64
import hashlib
import os
import sys
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PAYLOAD = b"x" * 100
#: A text frame as servers send it, and as clients do: masked, here with zeros.
ANSWER = bytes([0x81, len(PAYLOAD)]) + PAYLOAD
QUESTION = bytes([0x81, 0x80 | len(PAYLOAD), 0, 0, 0, 0]) + PAYLOAD


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.pending, self.open = transport, b"", False

    def data_received(self, data):
        self.pending += data
        if not self.open:
            head, end, self.pending = self.pending.partition(b"\r\n\r\n")
            if not end:
                self.pending = head
                return
            key = next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")
                       if line.lower().startswith(b"sec-websocket-key:"))
            accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            self.open = True
        whole, rest = divmod(len(self.pending), len(QUESTION))
        if whole:
            self.pending = self.pending[len(self.pending) - rest:]
            self.transport.write(ANSWER * whole)


class Load(asyncio.Protocol):
    """One message at a time, the next when the last was answered."""

    messages = 0

    def __init__(self, host):
        self.host, self.pending, self.ready = host, 0, asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            (f"GET /ws HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())

    def data_received(self, data):
        if not self.ready.done():
            if not data.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(RuntimeError(repr(data[:100])))
            else:
                self.ready.set_result(None)
            return
        self.pending += len(data)
        while self.pending >= len(ANSWER):
            self.pending -= len(ANSWER)
            Load.messages += 1
            self.transport.write(QUESTION)

    def connection_lost(self, error):
        if not self.ready.done():
            self.ready.set_exception(error or RuntimeError("closed"))


async def serve(port):
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port, backlog=2048)
    async with server:
        await server.serve_forever()


async def load(port, host, connections, seconds):
    """Says when all are open, starts with the next line of input, and tells how many messages were answered."""
    loop = asyncio.get_running_loop()
    peers = []
    for _ in range(connections):
        _, peer = await loop.create_connection(lambda: Load(host), "127.0.0.1", port)
        await asyncio.wait_for(peer.ready, 20)
        peers.append(peer)
    print("open", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    start = time.monotonic()
    for peer in peers:
        peer.transport.write(QUESTION)
    await asyncio.sleep(seconds)
    print(Load.messages, time.monotonic() - start, flush=True)
    # What is on its way still would be counted as the proxy's time.
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(int(sys.argv[2])))
    else:
        asyncio.run(load(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5])))
