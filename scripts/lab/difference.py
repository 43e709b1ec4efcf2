"""Requests of all kinds, what a proxy makes of each, and why two proxies may make something else of one."""
import random
import re

from lab import strict, vectors

METHODS = [b"GET", b"GET", b"GET", b"HEAD", b"POST", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"PROPFIND", b"M-SEARCH"]
TARGETS = [
    b"/", b"/a/b?c=d", b"/%2e%2e/x", b"/a//b", b"/a/./b/../c", b"/a%2Fb", b"/?q=%ff", b"/;x=y", b"/a+b", b"/~u", b"/?a[]=1&b={x}", b"/a|b",
    b"/" + b"l" * 2000, b"http://HOST/absolute", b"HTTP://HOST:80/x?y", b"/a?", b"/?", b"/%", b"/\"quoted\"", b"/a?b=c?d=e", b"/.well-known/x",
]
FIELDS = [
    b"Accept: */*", b"accept-language: de, en;q=0.5", b"User-Agent: x/1 (y)", b"Cookie: a=1; b=2", b"Cookie: c=3", b"X-Empty:", b"X-Many: 1", b"X-Many: 2",
    b"X-Tab: a\tb", b"X-Latin: \xe4", b"X-UTF8: \xc3\xa4", b"X-Long: " + b"v" * 3000, b"Authorization: Bearer x", b"If-None-Match: \"a\"",
    b"Range: bytes=0-1", b"Referer: http://a/b", b"Origin: null", b"X-Under_Score: 1", b"X-Blank:   a  ", b"Via: 1.0 other", b"X-Forwarded-For: 1.1.1.1",
    b"X-Forwarded-Proto: https", b"Forwarded: for=1.1.1.1", b"Fly-Client-IP: 1.1.1.1", b"TE: trailers", b"TE: gzip", b"Keep-Alive: timeout=5",
    b"Proxy-Connection: keep-alive", b"Proxy: http://evil", b"Upgrade-Insecure-Requests: 1",
    b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", b"Max-Forwards: 0", b"Content-Type: text/plain", b"Expect: 100-continue", b"Connection: X-Many, close", b"Connection: keep-alive, close",
]
BODIES = [
    (b"", b""), (b"", b""), (b"", b""), (b"Content-Length: 0\r\n", b""), (b"Content-Length: 5\r\n", b"hello"), (b"content-length:5\r\n", b"hel\0o"),
    (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"), (b"Transfer-Encoding: chunked\r\n", b"2;a=b\r\nhe\r\n3;c\r\nllo\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\nTrailer: X-End\r\n", b"5\r\nhello\r\n0\r\nX-End: 1\r\n\r\n"), (b"transfer-encoding:Chunked\r\n", b"0\r\n\r\n"),
]
#: What a byte is exchanged for, or what is put before it.
NASTY = [b"\r", b"\n", b"\0", b" ", b"\t", b":", b"\r\n", b"\xff", b"\x7f", b"\x0b", b",", b";", b"\"", b"/", b"0", b"", b"\r\n ", b"A"]


def requests(host, count):
    """As many as asked for beside the vectors, name and bytes, the same each time; about a third of them damaged."""
    draw = random.Random(7)
    for number in range(count):
        data = well_formed(draw)
        name = f"well-formed {number}"
        if number % 3 == 2:
            end = data.index(b"\r\n\r\n") + 4
            place = draw.randrange(end)
            data = data[:place] + draw.choice(NASTY) + data[place + draw.randrange(2):]
            name = f"damaged {number}"
        yield name, data.replace(b"HOST", host.encode())
    yield from vectors.all_requests(host)


def well_formed(draw):
    lengths, body = draw.choice(BODIES)
    version = b"HTTP/1.0" if draw.random() < 0.1 and b"hunked" not in lengths else b"HTTP/1.1"
    fields = draw.sample(FIELDS, draw.randrange(6))
    if not any(each.startswith(b"Connection") for each in fields):
        fields.append(b"Connection: close")
    line = b" ".join([draw.choice(METHODS), draw.choice(TARGETS), version])
    return b"".join([line, b"\r\nHost: HOST\r\n", *(each + b"\r\n" for each in fields), lengths, b"\r\n", body])


class Outcome:
    """What became of a request: what the backend was sent, and what the client was told."""

    def __init__(self, taken, got):
        self.passed, self.fields = [], []
        for data in taken:
            try:
                for line, body in strict.requests(data):
                    self.passed.append((line.split(b" ")[0], target(line), body))
                    self.fields.append(end_to_end(data))
            except strict.Doubtful as doubt:
                self.passed.append(("doubtful", str(doubt), b""))
                self.fields.append({})
            except EOFError:
                self.passed.append(("not ended", b"", b""))
                self.fields.append({})
        self.statuses = [int(status) for status in re.findall(rb"(?:^|(?<=\n)|(?<=ok))HTTP/1\.[01] ([1-5]\d\d)", got)]

    @property
    def is_refused(self):
        return not self.passed and (not self.statuses or self.statuses[-1] >= 400 or self.statuses == [301])

    def __str__(self):
        passed = ", ".join(f"{method if isinstance(method, str) else method.decode()} {where!r} {len(body)}" for method, where, body in self.passed)
        return f"{self.statuses or 'closed'}; passed on: {passed or 'nothing'}"


def target(line):
    """In origin form, whichever a proxy writes."""
    where = line.split(b" ")[1]
    match = re.match(rb"(?i)http://[^/?#]*(.*)", where)
    if not match:
        return where
    rest = match[1]
    return rest if rest.startswith(b"/") else b"/" + rest


#: Names that each proxy writes for itself, or that are of one hop.
OWN = re.compile(
    rb"(connection|keep-alive|te|transfer-encoding|content-length|upgrade|expect|trailer|proxy|proxy-connection|via|host|forwarded|max-forwards|traceparent"
    rb"|x-forwarded-.*|x-request-id|fly-.*|http2-settings)\Z")


def end_to_end(data):
    lines, _ = strict.head(data)
    return {name: values for name, values in strict.fields(lines[1:]).items() if not OWN.match(name)}


def parts(data):
    """The request line, the fields' lines and what follows the first empty line, however lines end."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    return lines[0], lines[1:], body


def values(lines, name):
    return [value.strip() for key, colon, value in (line.partition(b":") for line in lines) if colon and key.strip().lower() == name]


def is_bad_host(lines, line):
    hosts = values(lines, b"host")
    return len(hosts) != 1 or not re.fullmatch(rb"w\d\.localhost\.?(:\d{1,5})?", hosts[0]) or b"://" in line and b"://w" not in line.lower()


#: Why Roost refuses what nginx passes on, or answers otherwise: the first that fits is the reason.
STRICTER = [
    ("a line end that is not CR LF, or CR or NUL in the head (RFC 9112, 2.2)",
     lambda line, lines, body: re.search(rb"(?<!\r)\n|\r(?!\n)|\0", b"\r\n".join([line, *lines]))),
    ("a folded line (RFC 9112, 5.2)", lambda line, lines, body: any(each[:1] in (b" ", b"\t") for each in lines)),
    ("a request line that is not method, target and version, each parted by one blank (RFC 9112, 3)",
     lambda line, lines, body: not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP/1\.[01]", line)),
    ("a target that is no path (RFC 9112, 3.2)",
     lambda line, lines, body: not re.match(rb"\S+ (/|\*|(?i:https?)://[^/])", line) or b"#" in line),
    ("a field that is no name, colon and value (RFC 9112, 5.1)",
     lambda line, lines, body: any(not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*", each) for each in lines)),
    ("no host, several, or one that no app has: nginx has one site for all here",
     lambda line, lines, body: is_bad_host(lines, line)),
    ("a chunked body that is not to the letter (RFC 9112, 7.1)",
     lambda line, lines, body: values(lines, b"transfer-encoding") and not is_chunked(body)),
    ("an expectation other than 100-continue (RFC 9110, 10.1.1)",
     lambda line, lines, body: any(each.lower() != b"100-continue" for each in values(lines, b"expect"))),
]

#: Why nginx refuses what Roost passes on.
LAXER = [
    ("nginx takes % before no two hexadecimal digits, and a path above the root, for a mistake; Roost leaves the path to the app",
     lambda line, lines, body: re.search(rb"%(?![0-9A-Fa-f]{2})|%00|\.\.|%2e", line)),
    ("nginx knows no version of HTTP/1 but its own letters; a method in other letters than A to Z is one for Roost (RFC 9110, 9.1)",
     lambda line, lines, body: not re.match(rb"[A-Z_-]+ ", line)),
]

#: Why both pass it on, and a field of it not alike: whether a name is of that kind, where the client's Connection names those.
OTHERWISE = [
    ("nginx leaves out fields whose names have underscores or odd letters", lambda name, nominated: not re.fullmatch(rb"[a-z0-9-]+", name)),
    ("nginx passes on fields that Connection says are of one hop (RFC 9110, 7.6.1)", lambda name, nominated: name in nominated),
]


def is_chunked(body):
    try:
        strict.take_body(body, 0, True)
        return b";" not in body or not re.search(rb";[^\r\n]*[^\x20-\x7e\t][^\r\n]*\r\n", body)
    except (strict.Doubtful, EOFError):
        return False


def explain(data, roost, nginx):
    """Why they differ; "" when they do not, None when nobody knows."""
    line, lines, body = parts(data.lstrip(b"\r\n"))
    if roost.is_refused and nginx.is_refused:
        return ""
    if roost.is_refused:
        return next((reason for reason, fits in STRICTER if fits(line, lines, body)), None)
    if nginx.is_refused:
        return next((reason for reason, fits in LAXER if fits(line, lines, body)), None)
    if roost.passed == nginx.passed:
        return explain_fields(lines, roost, nginx)
    # What follows the first request on its connection: whoever refuses that, or ends the connection, has less of it.
    shorter = min(len(roost.passed), len(nginx.passed))
    if roost.passed[:shorter] == nginx.passed[:shorter] and shorter:
        rest = data[data.index(b"\r\n\r\n") + 4:] if b"\r\n\r\n" in data else b""
        return "one of both ended the connection before the bytes behind the request" if rest else None
    reason = next((reason for reason, fits in STRICTER if fits(line, lines, body)), None)
    return f"read otherwise by nginx: {reason}" if reason else None


def explain_fields(lines, roost, nginx):
    nominated = {name.strip().lower() for value in values(lines, b"connection") for name in value.split(b",")}
    reasons = set()
    for mine, theirs in zip(roost.fields, nginx.fields):
        for name in mine.keys() | theirs.keys():
            if mine.get(name) != theirs.get(name):
                reasons.add(next((reason for reason, fits in OTHERWISE if fits(name, nominated)), None))
    return None if None in reasons else "; ".join(sorted(reasons))
