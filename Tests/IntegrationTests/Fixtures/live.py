"""Follows notes by WebSocket and by server-sent events through the edge, posts one, and expects it on both.

Also uploads a file and reads it back. Standard library only. Prints "live" and ends with 0 when all is well.
"""
import base64
import http.client
import json
import os
import socket
import sys
import urllib.parse

port, host = int(sys.argv[1]), sys.argv[2]
TIMEOUT = 20


def websocket():
    connection = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    stream = connection.makefile("rb")
    status = stream.readline()
    assert b"101" in status, status
    while stream.readline() not in (b"\r\n", b""):
        pass
    return stream


def frame(stream):
    first, second = stream.read(2)
    length = second & 127
    if length == 126:
        length = int.from_bytes(stream.read(2), "big")
    return first & 15, stream.read(length)


def request(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    connection.request(method, path, body, {"Host": host, **(headers or {})})
    return connection.getresponse()


socket_stream = websocket()
events = request("GET", "/events")
assert events.status == 200, events.status
made = request("POST", "/api/notes", json.dumps({"title": "lively", "body": "from a test"}), {"Content-Type": "application/json"})
note = json.loads(made.read())
assert made.status == 201, note
kind, data = frame(socket_stream)
while kind != 1:
    kind, data = frame(socket_stream)
assert json.loads(data)["id"] == note["id"], data
while not (line := events.fp.readline()).startswith(b"data:"):
    assert line, "the stream ended"
assert json.loads(line[5:])["id"] == note["id"], line

content = os.urandom(3 << 20)
boundary = "roost-boundary"
body = (
    f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="random.bin"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode() + content + f"\r\n--{boundary}--\r\n".encode()
path = f"/api/notes/{note['id']}/attachment"
sent = request("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
assert sent.status == 201, (sent.status, sent.read()[:200])
if "--one-machine" in sys.argv:
    got = request("GET", path)
    assert got.status == 200 and got.read() == content, got.status
found = json.loads(request("GET", "/api/notes/search?" + urllib.parse.urlencode({"q": "lively"})).read())
assert any(entry["id"] == note["id"] for entry in found), found
print("live")
