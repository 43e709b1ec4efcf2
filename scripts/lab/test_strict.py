"""What the judge of the attack takes for one reading, and what for two."""
import unittest

from lab import strict

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"


class StrictTests(unittest.TestCase):
    def test_what_has_one_reading(self):
        for data, bodies in [
            (HEAD + b"\r\n", [b""]),
            (HEAD + b"Content-Length: 5\r\n\r\nhello" + HEAD + b"\r\n", [b"hello", b""]),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", [b"hello"]),
        ]:
            self.assertEqual([body for _, body in strict.requests(data)], bodies)

    def test_what_has_two(self):
        for rest in [
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            b"Content-Length: +5\r\n\r\nhello", b"Transfer-Encoding: gzip, chunked\r\n\r\n", b"X : a\r\n\r\n", b"X: a\nY: b\r\n\r\n", b"X\r\n\r\n",
            b" X: a\r\n\r\n", b"Host: b\r\n\r\n", b"X: \0\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
        ]:
            with self.assertRaises(strict.Doubtful, msg=rest):
                strict.requests(HEAD + rest)

    def test_a_torn_end_is_none(self):
        with self.assertRaises(EOFError):
            strict.requests(HEAD + b"Content-Length: 5\r\n\r\nhel")
        self.assertEqual(strict.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"), [200])

    def test_answers(self):
        self.assertEqual(strict.answers(b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 204 N\r\n\r\n"), [103, 204])
        with self.assertRaises(strict.Doubtful):
            strict.answers(b"HTTP/1.1 20 OK\r\n\r\n")


if __name__ == "__main__":
    unittest.main()
