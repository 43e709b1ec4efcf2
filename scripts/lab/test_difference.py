"""What two proxies make of a request is told apart, and not too much is explained."""
import unittest

from lab import difference
from lab.difference import Outcome, explain

GOOD = b"GET /a HTTP/1.1\r\nHost: w0.localhost\r\nX-A: 1\r\nConnection: X-A, close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REFUSED = Outcome([], b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def passed(text):
    return Outcome([text], OK)


class Differences(unittest.TestCase):
    def test_alike(self):
        self.assertEqual(explain(GOOD, passed(GOOD), passed(GOOD)), "")
        self.assertEqual(explain(b"\0", REFUSED, Outcome([], b"")), "")
        own = GOOD.replace(b"X-A: 1", b"X-A: 1\r\nVia: 1.1 roost\r\nFly-Client-IP: 127.0.0.1")
        self.assertEqual(explain(GOOD, passed(own), passed(GOOD)), "")

    def test_known(self):
        self.assertIn("hop", explain(GOOD, passed(GOOD.replace(b"X-A: 1\r\n", b"")), passed(GOOD)))
        bare = GOOD.replace(b"X-A: 1\r\n", b"X-A: 1\n")
        self.assertIn("CR LF", explain(bare, REFUSED, passed(GOOD)))

    def test_unknown(self):
        self.assertIsNone(explain(GOOD, REFUSED, passed(GOOD)))
        self.assertIsNone(explain(GOOD, passed(GOOD), REFUSED))
        self.assertIsNone(explain(GOOD, passed(GOOD.replace(b"/a", b"/b")), passed(GOOD)))
        self.assertIsNone(explain(GOOD, passed(GOOD.replace(b"Connection", b"X-B: 2\r\nConnection")), passed(GOOD)))

    def test_doubtful(self):
        smuggled = GOOD.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        self.assertEqual(passed(smuggled).passed[0][0], "doubtful")

    def test_the_same_each_time(self):
        first, second = (list(difference.requests("w0.localhost", 50)) for _ in range(2))
        self.assertEqual(first, second)
        self.assertGreater(len(first), 240)


if __name__ == "__main__":
    unittest.main()
