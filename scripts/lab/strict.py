"""Reads HTTP/1.1 to the letter of RFC 9112, and says why a text could be read in two ways."""
import re

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*\Z")
REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/1\.[01]\Z")
STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?\Z")
CHUNK = re.compile(rb"[0-9A-Fa-f]{1,15}\Z")


class Doubtful(Exception):
    """Two readers may take it in two ways."""


def requests(data):
    """The requests in what a backend was sent on one connection, as pairs of first line and body."""
    found = []
    while data:
        lines, data = head(data)
        if not REQUEST.match(lines[0]):
            raise Doubtful(f"request line {lines[0]!r}")
        names = fields(lines[1:])
        if len(names.get(b"host", [])) != 1:
            raise Doubtful("not one Host")
        length, chunked = framing(names)
        body, data = take_body(data, length or 0, chunked)
        found.append((lines[0], body))
    return found


def answers(data, closed_early_is_right=True):
    """The statuses of the answers in what a client was sent."""
    found = []
    while data:
        lines, data = head(data)
        match = STATUS.match(lines[0])
        if not match:
            raise Doubtful(f"status line {lines[0]!r}")
        status = int(match[1])
        names = fields(lines[1:])
        length, chunked = framing(names)
        found.append(status)
        if status < 200 or status in (204, 304):
            continue
        if length is None and not chunked:
            # It ends with the connection, and the connection has ended.
            return found
        try:
            _, data = take_body(data, length or 0, chunked)
        except EOFError:
            # Cut off: a client knows that it has not got all.
            if closed_early_is_right:
                return found
            raise
    return found


def head(data):
    """The lines of a head, and what follows it."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        raise Doubtful(f"a head without an end: {data[:60]!r}")
    lines = data[:end].split(b"\r\n")
    for line in lines:
        if b"\n" in line or b"\r" in line or b"\0" in line:
            raise Doubtful(f"a bare line end or NUL: {line[:60]!r}")
    return lines, data[end + 4:]


def fields(lines):
    """Values by lower-case name."""
    found = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.match(name) or not VALUE.match(value):
            raise Doubtful(f"field {line[:60]!r}")
        found.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return found


def framing(names):
    """The length or None, and whether it is chunked."""
    lengths, codings = names.get(b"content-length", []), names.get(b"transfer-encoding", [])
    if lengths and codings:
        raise Doubtful("a length and a coding")
    if len(lengths) > 1 or (lengths and not re.fullmatch(rb"[0-9]{1,18}", lengths[0])):
        raise Doubtful(f"lengths {lengths}")
    if codings and codings != [b"chunked"]:
        raise Doubtful(f"codings {codings}")
    return (int(lengths[0]) if lengths else None), bool(codings)


def take_body(data, length, chunked):
    """The body, and what follows it."""
    if not chunked:
        if len(data) < length:
            raise EOFError
        return data[:length], data[length:]
    body = b""
    while True:
        line, end, data = data.partition(b"\r\n")
        if not end:
            raise EOFError
        if not CHUNK.match(line):
            raise Doubtful(f"chunk size {line[:40]!r}")
        size = int(line, 16)
        if size == 0:
            break
        if len(data) < size + 2:
            raise EOFError
        if data[size:size + 2] != b"\r\n":
            raise Doubtful("a chunk that does not end where it should")
        body, data = body + data[:size], data[size + 2:]
    while True:
        line, end, data = data.partition(b"\r\n")
        if not end:
            raise EOFError
        if not line:
            return body, data
        if set(fields([line])) & {b"content-length", b"transfer-encoding", b"host", b"authorization", b"cookie"}:
            raise Doubtful(f"trailer {line!r}")
