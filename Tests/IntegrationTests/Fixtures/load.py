"""A steady load of keep-alive clients. Prints one JSON object: counts by status or error, and latencies in ms."""
import asyncio
import collections
import json
import sys
import time

port, host, path, seconds, rate = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5])
CLIENTS = 16
results = collections.Counter()
latencies = []


async def request(reader, writer):
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    await writer.drain()
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if fields.get(b"transfer-encoding") == b"chunked":
        while size := int((await reader.readline()).strip(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(fields[b"content-length"]))
    return int(head.split()[1]), fields.get(b"connection") == b"close"


async def client(number, end):
    reader = writer = None
    pause = CLIENTS / rate
    due = time.monotonic() + number / rate
    while time.monotonic() < end:
        await asyncio.sleep(max(0, due - time.monotonic()))
        due += pause
        start = time.monotonic()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status, close = await request(reader, writer)
            results[str(status)] += 1
            if close:
                writer.close()
                writer = None
        except Exception as error:
            results[f"{type(error).__name__}: {error}"] += 1
            writer = None
        latencies.append((time.monotonic() - start) * 1000)


async def main():
    end = time.monotonic() + seconds
    await asyncio.gather(*(client(number, end) for number in range(CLIENTS)))
    latencies.sort()
    print(json.dumps({
        "results": results,
        "p50_ms": round(latencies[len(latencies) // 2], 1),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)], 1),
        "max_ms": round(latencies[-1], 1),
    }))


asyncio.run(main())
