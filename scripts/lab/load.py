"""A steady load on one app through the edge, until told to stop."""
import collections
import http.client
import threading
import time

CLIENTS = 4


class Load:
    """Keep-alive clients in threads, `rate` requests a second together."""

    def __init__(self, port, app, rate=100):
        self.port, self.host, self.pause_s = port, f"{app}.localhost", CLIENTS / rate
        self.results = collections.Counter()
        self.latencies_ms = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._client, daemon=True) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    @property
    def total(self):
        return sum(self.results.values())

    @property
    def failed(self):
        return self.total - self.results["200"]

    def _client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        due = time.monotonic()
        while not self.over.wait(max(0, due - time.monotonic())):
            due = max(due + self.pause_s, time.monotonic())
            start = time.perf_counter()
            try:
                connection.request("GET", "/", headers={"Host": self.host})
                answer = connection.getresponse()
                answer.read()
                self.results[str(answer.status)] += 1
            except (OSError, http.client.HTTPException) as error:
                self.results[type(error).__name__] += 1
                connection.close()
            self.latencies_ms.append((time.perf_counter() - start) * 1000)
        connection.close()
