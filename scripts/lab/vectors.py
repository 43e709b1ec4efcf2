"""Requests and answers that two readers may take in two ways, or that a careless one chokes on."""

EVIL = b"GET /evil HTTP/1.1\r\nHost: HOST\r\n\r\n"


def request(fields, body=b"", line=b"POST / HTTP/1.1", host=b"Host: HOST\r\n"):
    return line + b"\r\n" + host + fields + b"\r\n" + body


def both_lengths():
    """A length and a coding, the coding written in ways that only some readers know."""
    codings = [
        b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding:\tchunked", b"Transfer-Encoding: Chunked",
        b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: identity, chunked",
        b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding: chunked\x0b", b'Transfer-Encoding: "chunked"', b"Transfer-Encoding: chunk", b"Transfer-Encoding:",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x", b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
        b"X: y\rTransfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked", b"Transfer-Encoding\r\n : chunked",
        b" Transfer-Encoding: chunked", b"Transfer_Encoding: chunked", b"Transfer-Encoding: chunked,", b"Transfer-Encoding: ,chunked",
        b"Transfer-Encoding: chunked\0", b"\0Transfer-Encoding: chunked", b"Transfer-Encoding\0: chunked", b"TE: chunked",
        b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", b"Connection: Content-Length\r\nTransfer-Encoding: chunked",
    ]
    for coding in codings:
        for order in (0, 1):
            pair = [coding + b"\r\n", b"Content-Length: 4\r\n"]
            yield f"both lengths: {coding[:60]!r} {'first' if order == 0 else 'last'}", request(
                b"".join(pair if order == 0 else pair[::-1]), b"0\r\n\r\n" + EVIL)


def lengths():
    values = [
        b"+5", b"-5", b"0x5", b"5 5", b"5,5", b"5, 6", b"5,", b",5", b"5;a", b"5.0", b"5e0", b"", b" ", b"\x0b5", b"5\0", b"05x", b"\xef\xbc\x95",
        b"18446744073709551621", b"99999999999999999999999999", b"5\r\n 6", b"5\rContent-Length: 6", b"5\nContent-Length: 6",
        b"5\r\nContent-Length: 6", b"6\r\nContent-Length: 5", b"5\r\nContent-Length: 5", b"5\r\nContent-Length: 05", b"\"5\"", b"0_5",
    ]
    for value in values:
        yield f"length {value[:40]!r}", request(b"Content-Length: " + value + b"\r\n", b"hello" + EVIL)


def codings():
    values = [
        b"chunked, chunked", b"identity", b"gzip", b"chunked, gzip", b"\"chunked\"", b"chunked ;a", b"CHUNKED", b"chunked\r\n x", b"x\r\n chunked",
    ]
    for value in values:
        yield f"coding {value!r}", request(b"Transfer-Encoding: " + value + b"\r\n", b"5\r\nhello\r\n0\r\n\r\n" + EVIL)
    yield "coding in HTTP/1.0", request(b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n" + EVIL, line=b"POST / HTTP/1.0")


def chunks():
    sizes = [
        b"0x5", b"+5", b"-5", b" 5", b"5 ", b"5\t", b"5;", b"5;a=b", b"5;a\nb", b"5;a\rb", b"5\n", b"5,", b"5_", b"\x0b5", b"", b"g", b"5\0",
        b"10000000000000005", b"ffffffffffffffff5", b"5;" + b"a" * 70000, b"05", b"0000000000000000000000005", b"5;a=\"\r\n\"",
    ]
    for size in sizes:
        yield f"chunk size {size[:30]!r}", request(
            b"Transfer-Encoding: chunked\r\n", size + b"\r\nhello\r\n0\r\n\r\n" + EVIL)
    bodies = {
        "no CRLF after": b"5\r\nhello0\r\n\r\n", "LF after": b"5\r\nhello\n0\r\n\r\n", "LF ends": b"5\nhello\n0\n\n", "more than said": b"3\r\nhello\r\n0\r\n\r\n",
        "two bytes of anything": b"5\r\nhelloXX0\r\n\r\n", "last chunk with LF": b"5\r\nhello\r\n0\n\r\n", "trailer with a length": b"0\r\nContent-Length: 50\r\n\r\n",
        "trailer with a coding": b"0\r\nTransfer-Encoding: chunked\r\n\r\n", "trailer with a host": b"0\r\nHost: b\r\n\r\n",
        "trailer that vouches": b"0\r\nAuthorization: x\r\nCookie: y\r\n\r\n", "trailer without a colon": b"0\r\nx\r\n\r\n",
        "trailer folded": b"0\r\nX: a\r\n b\r\n\r\n", "trailer with LF": b"0\r\nX: a\nY: b\r\n\r\n", "trailer with NUL": b"0\r\nX: \0\r\n\r\n",
        "trailer with a blank before the colon": b"0\r\nX : a\r\n\r\n", "no trailers' end": b"0\r\nGET /evil HTTP/1.1\r\n\r\n",
    }
    for name, body in bodies.items():
        yield f"chunked body: {name}", request(b"Transfer-Encoding: chunked\r\n", body + EVIL)


def heads():
    good = b"Content-Length: 0\r\n"
    odd = {
        "blank before a colon": b"X : a\r\n", "tab before a colon": b"X\t: a\r\n", "folded": b"X: a\r\n b\r\n", "folded with a tab": b"X: a\r\n\tb\r\n",
        "folded first": b" X: a\r\n", "no colon": b"X\r\n", "no name": b": a\r\n", "LF": b"X: a\nY: b\r\n", "CR": b"X: a\rY: b\r\n", "NUL": b"X: a\0b\r\n",
        "NUL in a name": b"X\0: a\r\n", "8 bits in a name": b"X\xe9: a\r\n", "brackets in a name": b"(X): a\r\n", "DEL": b"X: \x7f\r\n", "ESC": b"X: \x1b[2J\r\n",
        "two hosts": b"Host: b\r\n", "two hosts, one empty": b"Host:\r\n", "LF before the end": b"X: a\r\n\nY: b\r\n", "only LFs": b"X: a\n\n" + EVIL,
        "CR LF LF": b"X: a\r\n\n" + EVIL, "CR CR LF": b"X: a\r\r\n", "hop fields named": b"Connection: Host, Content-Length, X-Forwarded-For\r\n",
        "believed headers": b"X-Forwarded-For: 1.1.1.1\r\nFly-Client-IP: 1.1.1.1\r\nX-Forwarded-Proto: https\r\n", "expect": b"Expect: 200-ok\r\n",
        "upgrade with a body": b"Connection: Upgrade\r\nUpgrade: websocket\r\n", "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n",
    }
    for name, fields in odd.items():
        yield f"head: {name}", request(fields + good, EVIL)
    lines = [
        b"POST  / HTTP/1.1", b"POST / HTTP/1.1 ", b" POST / HTTP/1.1", b"POST /\tHTTP/1.1", b"POST / HTTP/1.1\tx", b"POST / http/1.1", b"POST / HTTP/11", b"POST / HTTP/1.1.1",
        b"POST / HTTP/2.0", b"POST / HTTP/0.9", b"POST /", b"POST", b"POST /a b HTTP/1.1", b"POST /\0 HTTP/1.1", b"POST /\xff HTTP/1.1", b"P\0ST / HTTP/1.1",
        b"POST / HTTP/1.1\nX: y", b"POST /\rX: HTTP/1.1", b"POST http://other/ HTTP/1.1", b"POST http://HOST@other/ HTTP/1.1", b"POST http:/// HTTP/1.1", b"POST //other/ HTTP/1.1",
        b"POST ../../etc HTTP/1.1", b"POST * HTTP/1.1", b"POST /#a HTTP/1.1", b"CONNECT HOST:80 HTTP/1.1", b"TRACE / HTTP/1.1", b"PRI * HTTP/2.0", b"P(ST / HTTP/1.1", b"\r\nPOST / HTTP/1.1",
    ]
    for line in lines:
        yield f"line {line[:40]!r}", request(good, EVIL, line=line)
    hosts = [b"", b"Host:\r\n", b"Host: HOST:abc\r\n", b"Host: HOST:99999999\r\n", b"Host: HOST/x\r\n", b"Host: a@HOST\r\n", b"Host: HOST HOST\r\n", b"Host: HOST, other\r\n", b"Host: [::1\r\n", b"Host: HOST\x00.evil\r\n", b"Host : HOST\r\n", b"host:HOST\r\nHOST:other\r\n"]
    for host in hosts:
        yield f"host {host!r}", request(good, EVIL, host=host)


def all_requests(host):
    """Every request vector as name and bytes, for an app of that name."""
    for family in (both_lengths, lengths, codings, chunks, heads):
        for name, data in family():
            yield name, data.replace(b"HOST", host.encode())


OK = b"HTTP/1.1 200 OK\r\n"

ANSWERS = {
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "one length twice": OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "both lengths": OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "more than said": OK + b"Content-Length: 3\r\n\r\nhello",
    "less than said": OK + b"Content-Length: 9\r\n\r\nhello", "length +5": OK + b"Content-Length: +5\r\n\r\nhello", "length -1": OK + b"Content-Length: -1\r\n\r\nhello",
    "length 5,5": OK + b"Content-Length: 5, 5\r\n\r\nhello", "length too large": OK + b"Content-Length: 99999999999999999999\r\n\r\nhello", "length empty": OK + b"Content-Length:\r\n\r\nhello",
    "coding gzip, chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "coding unknown": OK + b"Transfer-Encoding: x\r\n\r\nhello",
    "coding twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "chunk size -1": OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n",
    "chunk size 0x5": OK + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", "chunk size too large": OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello",
    "chunk not ended": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", "chunk LF": OK + b"Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n", "chunks cut off": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "trailer with a length": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n", "head with LF": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "field with LF": OK + b"X: a\nY: b\r\nContent-Length: 0\r\n\r\n",
    "field with CR": OK + b"X: a\rY: b\r\nContent-Length: 0\r\n\r\n", "field with NUL": OK + b"X: \0\r\nContent-Length: 0\r\n\r\n", "field without a colon": OK + b"X\r\nContent-Length: 0\r\n\r\n",
    "field folded": OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n", "blank before a colon": OK + b"Content-Length : 5\r\n\r\nhello", "name with a blank": OK + b"X Y: a\r\nContent-Length: 0\r\n\r\n",
    "status 99": b"HTTP/1.1 99 X\r\nContent-Length: 0\r\n\r\n", "status 600": b"HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n", "status 2x0": b"HTTP/1.1 2x0 X\r\n\r\n", "status -200": b"HTTP/1.1 -200 X\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n", "HTTP/2": b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/0.9": b"hello", "ICY": b"ICY 200 OK\r\n\r\nhello", "nothing": b"", "one byte": b"H", "101 unasked": b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello",
    "100 alone": b"HTTP/1.1 100 Continue\r\n\r\n", "many 103": b"HTTP/1.1 103 E\r\n\r\n" * 2000 + OK + b"Content-Length: 0\r\n\r\n", "huge head": OK + b"X: " + b"a" * 300_000 + b"\r\n\r\n", "many fields": OK + b"X: a\r\n" * 5000 + b"\r\n",
    "204 with a body": b"HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\nhello", "304 with a body": b"HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\nhello", "two answers": (OK + b"Content-Length: 0\r\n\r\n") * 2, "reason with ESC": b"HTTP/1.1 200 \x1b[2J\r\nContent-Length: 0\r\n\r\n",
    "reason with CR": b"HTTP/1.1 200 a\rb\r\nContent-Length: 0\r\n\r\n", "endless status line": b"HTTP/1.1 200 " + b"a" * 300_000,
}
