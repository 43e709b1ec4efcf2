"""Asks a proxy all that an export promises of it, and prints what came as JSON: export_client.py HTTP_PORT HTTPS_PORT."""
import asyncio
import json
import ssl
import subprocess
import sys
import time

import httpx
import websockets

http, https = int(sys.argv[1]), int(sys.argv[2])
host = "api.example.com"
headers = {"Host": host, "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "ftp"}
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
found = {}


def ask(client, method, path, **options):
    return client.request(method, f"https://127.0.0.1:{https}{path}", headers=headers, **options)


with httpx.Client(verify=False, timeout=20) as client:
    answer = client.post(f"http://127.0.0.1:{http}/a/b?c=d", headers={"Host": host})
    found["redirect"] = f"{answer.status_code} {answer.headers.get('location')}"
    answer = client.get(f"http://127.0.0.1:{http}/.well-known/acme-challenge/token", headers={"Host": host})
    found["acme"] = f"{answer.status_code} {answer.text.strip()}"
    answer = ask(client, "GET", "/seen")
    found["seen"] = answer.json()
    names = ["strict-transport-security", "x-content-type-options", "x-frame-options", "referrer-policy", "server"]
    found["headers"] = {name: answer.headers.get(name) for name in names}
    found["health"] = ask(client, "GET", "/healthz").status_code
    found["metrics"] = ask(client, "GET", "/metrics").status_code
    found["small"] = ask(client, "POST", "/upload", content=b"x" * (1 << 20)).json()
    found["large"] = ask(client, "POST", "/upload", content=b"x" * (11 << 20)).status_code
    began, times = time.monotonic(), []
    with client.stream("GET", f"https://127.0.0.1:{https}/events", headers=headers) as stream:
        for line in stream.iter_lines():
            if line:
                times.append(time.monotonic() - began)
    found["events"] = times

command = ["curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version}", "-H", f"Host: {host}"]
found["version"] = subprocess.run(command + [f"https://127.0.0.1:{https}/healthz"], capture_output=True, text=True).stdout
old = ["curl", "-sk", "--tls-max", "1.1", "-o", "/dev/null", "-w", "%{http_code}", f"https://127.0.0.1:{https}/healthz"]
found["old_tls"] = subprocess.run(old, capture_output=True, text=True).stdout


async def talk():
    async with websockets.connect(
        f"wss://{host}/ws", host="127.0.0.1", port=https, ssl=context, open_timeout=10
    ) as socket:
        await socket.send("hello")
        return await socket.recv()


found["websocket"] = asyncio.run(talk())


async def flood():
    async with httpx.AsyncClient(verify=False, timeout=20, limits=httpx.Limits(max_connections=40)) as client:
        calls = [client.get(f"https://127.0.0.1:{https}/seen", headers=headers) for _ in range(80)]
        return [answer.status_code for answer in await asyncio.gather(*calls)]


codes = asyncio.run(flood())
found["flood"] = {str(code): codes.count(code) for code in sorted(set(codes))}
print(json.dumps(found))
