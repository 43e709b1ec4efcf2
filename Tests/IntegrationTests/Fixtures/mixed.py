"""A steady mixed load on one app: short requests on new and on kept connections, chunked uploads, events, WebSockets.

Usage: mixed.py PORT HOST SECONDS RATE [UPLOAD_MB]. Prints one JSON object. A stream that its server ends in good order
(events at an event's end, a WebSocket with a close frame) is begun anew and no failure; everything else that is cut is.
"""
import asyncio
import base64
import collections
import json
import os
import sys
import time

PORT, HOST, SECONDS, RATE = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
UPLOAD = int(float(sys.argv[5] if len(sys.argv) > 5 else 10) * (1 << 20))
CLIENTS, FRESH, STREAMS = 14, 2, 4
results = collections.Counter()
latencies = []
end = time.monotonic() + SECONDS


async def answer(reader):
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 90)).lower()
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    await reader.readexactly(int(fields.get(b"content-length", b"0")))
    return int(head.split()[1]), fields.get(b"connection") == b"close"


def note(kind, what):
    results[f"{kind} {what}"] += 1


async def short(number, kept):
    """Requests one after the other, on a connection that is kept or on one each."""
    kind = "kept" if kept else "fresh"
    pause = (CLIENTS + FRESH) / RATE
    due = time.monotonic() + number * pause / (CLIENTS + FRESH)
    writer = None
    while time.monotonic() < end:
        await asyncio.sleep(max(0, due - time.monotonic()))
        due += pause
        start = time.monotonic()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            extra = "" if kept else "Connection: close\r\n"
            writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{extra}\r\n".encode())
            status, close = await answer(reader)
            note(kind, status)
            latencies.append((time.monotonic() - start) * 1000)
            if close or not kept:
                writer.close()
                writer = None
        except Exception as error:
            note(kind, f"{type(error).__name__}: {error}")
            writer = None


async def uploads():
    piece = os.urandom(1 << 16)
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.write(f"POST /upload HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(max(1, UPLOAD >> 16)):
                writer.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0)
            writer.write(b"0\r\n\r\n")
            note("upload", (await answer(reader))[0])
            writer.close()
        except Exception as error:
            note("upload", f"{type(error).__name__}: {error}")
        await asyncio.sleep(1)


async def events():
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.write(f"GET /events HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 90)
            if b" 200 " not in head.split(b"\r\n")[0]:
                note("events", head.split()[1].decode())
                await asyncio.sleep(0.2)
                continue
            last = b""
            while time.monotonic() < end:
                size = int((await asyncio.wait_for(reader.readline(), 90)).strip(), 16)
                if size == 0:
                    note("events", "ended" if not last or last.endswith(b"\n\n") else "cut within an event")
                    break
                last = (last + await reader.readexactly(size))[-64:]
                await reader.readline()
            else:
                note("events", "open")
            writer.close()
        except Exception as error:
            note("events", f"{type(error).__name__}: {error}")
            await asyncio.sleep(0.2)


async def sockets():
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 90)
            if b" 101 " not in head.split(b"\r\n")[0]:
                note("socket", head.split()[1].decode())
                await asyncio.sleep(0.2)
                continue
            while time.monotonic() < end:
                writer.write(bytes([0x81, 0x84, 0, 0, 0, 0]) + b"ping")
                frame = await asyncio.wait_for(reader.readexactly(2), 90)
                data = await reader.readexactly(frame[1] & 127)
                if frame[0] & 15 == 8:
                    note("socket", f"closed {int.from_bytes(data[:2], 'big')}")
                    break
                await asyncio.sleep(0.2)
            else:
                note("socket", "open")
            writer.close()
        except Exception as error:
            note("socket", f"{type(error).__name__}: {error}")
            await asyncio.sleep(0.2)


GOOD = {"kept 200", "fresh 200", "upload 200", "events ended", "events open", "socket closed 1001", "socket open"}


async def main():
    tasks = [short(number, number < CLIENTS) for number in range(CLIENTS + FRESH)]
    tasks += [uploads()] + [events() for _ in range(STREAMS)] + [sockets() for _ in range(STREAMS)]
    await asyncio.gather(*tasks)
    latencies.sort()
    print(json.dumps({
        "results": results,
        "failed": sum(number for what, number in results.items() if what not in GOOD),
        "requests": len(latencies),
        "p50_ms": round(latencies[len(latencies) // 2], 1) if latencies else 0,
        "p99_ms": round(latencies[int(len(latencies) * 0.99)], 1) if latencies else 0,
        "max_ms": round(latencies[-1], 1) if latencies else 0,
    }))


asyncio.run(main())
