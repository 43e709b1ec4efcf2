"""An app for roll-outs: requests, uploads, events and WebSockets, and it misbehaves as its environment says.

Standard library only. START_S: seconds to its start; DIE_AFTER_S: ends so long after it; HEALTH: `never`, or `once` for
one that is healthy at first and fails after HEALTH_S seconds; ROOT: the status of `/`; STUBBORN=1: ignores signals;
LEAK_MB_S: takes so much more memory each second; ERRORS: so many of a hundred requests are answered with 500,
of those for the path in ERRORS_AT where that is set;
LISTEN and PORT: others than 0.0.0.0 and 8080. With an argument it is a command: `ask` asks the Machine under test, a
number is the exit code.
"""
import asyncio
import base64
import hashlib
import os
import signal
import sys
import time
import urllib.request

START = time.monotonic()
NAME = os.environ.get("GREETING", "hello")
HEALTH = os.environ.get("HEALTH", "ok")
ERRORS = float(os.environ.get("ERRORS", "0"))
count = 0


def healthy():
    if HEALTH == "never":
        return False
    return HEALTH != "once" or time.monotonic() - START < float(os.environ.get("HEALTH_S", "3"))


async def body_of(reader, fields):
    """Reads a request's body; returns its length."""
    if fields.get("transfer-encoding", "").lower() == "chunked":
        size = 0
        while length := int((await reader.readline()).strip() or b"0", 16):
            await reader.readexactly(length + 2)
            size += length
        await reader.readline()
        return size
    left = int(fields.get("content-length", "0"))
    size = left
    while left:
        piece = await reader.read(min(left, 1 << 16))
        if not piece:
            raise ConnectionError
        left -= len(piece)
    return size


async def socket(reader, writer, fields):
    """Sends each frame back, up to 125 bytes, and answers a close frame."""
    accept = hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                 b"sec-websocket-accept: " + base64.b64encode(accept) + b"\r\n\r\n")
    while True:
        head = await reader.readexactly(2)
        length = head[1] & 127
        mask = await reader.readexactly(4)
        data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(await reader.readexactly(length)))
        writer.write(bytes([head[0], length]) + data)
        await writer.drain()
        if head[0] & 15 == 8:
            return


async def events(writer):
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
    while True:
        writer.write(b"data: x\n\n")
        await writer.drain()
        await asyncio.sleep(0.2)


async def serve(reader, writer):
    global count
    try:
        while line := await reader.readline():
            method, path, _ = line.decode().split()
            fields = {}
            while (field := (await reader.readline()).decode().strip()):
                name, value = field.split(":", 1)
                fields[name.lower()] = value.strip()
            if fields.get("upgrade", "").lower() == "websocket":
                return await socket(reader, writer, fields)
            if path == "/events":
                return await events(writer)
            size = await body_of(reader, fields)
            status, text = 200, f"{NAME} from {os.environ.get('FLY_MACHINE_ID')} got {size}\n"
            if path == "/health":
                status = 200 if healthy() else 503
                text = "fine" if status == 200 else "the database is away, says the app"
            else:
                count += 1
                if path == "/":
                    status = int(os.environ.get("ROOT", "200"))
                if ERRORS and count % 100 < ERRORS and path == os.environ.get("ERRORS_AT", path):
                    status = 500
            data = text.encode()
            writer.write(f"HTTP/1.1 {status} Word\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def leak(rate):
    hoard = []
    while True:
        hoard.append(os.urandom(1 << 20) * int(rate))
        await asyncio.sleep(1)


async def main():
    await asyncio.sleep(float(os.environ.get("START_S", "0")))
    address = os.environ.get("LISTEN", "0.0.0.0"), int(os.environ.get("PORT", "8080"))
    server = await asyncio.start_server(serve, *address, limit=1 << 20)
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, (lambda: None) if os.environ.get("STUBBORN") == "1" else done.set)
    if after := os.environ.get("DIE_AFTER_S"):
        loop.call_later(float(after), os._exit, 7)
    if rate := os.environ.get("LEAK_MB_S"):
        loop.create_task(leak(float(rate)))
    print("serving", NAME, flush=True)
    await done.wait()
    server.close()


if sys.argv[1:] == ["ask"]:
    url = f"http://{os.environ['FLY_TEST_MACHINE_IPV4']}:8080/"
    print("the Machine under test answers", urllib.request.urlopen(url, timeout=5).status, flush=True)
    sys.exit(0)
if len(sys.argv) > 1:
    print("a command ran:", sys.argv[1], flush=True)
    sys.exit(int(sys.argv[1]) if sys.argv[1].isdigit() else 0)
asyncio.run(main())
