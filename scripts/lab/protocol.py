"""The edge and nginx, side by side, before backends that write down what they are sent."""
import concurrent.futures
import contextlib
import signal
import socket
import subprocess
import time

from lab import difference, strict, vectors
from lab.instance import Failure, free_port, need
from lab.load import Load
from lab.proxy_cost import BACKEND, FakeServe, children, cpu_seconds, server
from lab.recorder import Recorder

WORKERS = 8
#: How a vector is sent: all at once, byte by byte, in sevens.
WAYS = {"whole": 1 << 20, "byte by byte": 1, "in sevens": 7}

NGINX = """
daemon off; worker_processes 1; pid {folder}/proxy.pid; error_log stderr crit; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; proxy_temp_path {folder}/proxy_temp; client_body_temp_path {folder}/body_temp;
  {servers}
}}
"""
SERVER = """
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass http://127.0.0.1:{backend}; proxy_http_version 1.1; proxy_set_header Host $http_host;
    proxy_set_header Connection ""; proxy_request_buffering off; proxy_buffering off;
  }} }}
"""


class Bench:
    """Both proxies, with a backend for each worker. `instance` has not been started."""

    def __init__(self, instance):
        need("nginx")
        self.instance = instance
        self.recorders = [Recorder() for _ in range(WORKERS)]
        self.nginx = [free_port() for _ in range(WORKERS)]
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        folder = self.instance.root / "nginx"
        folder.mkdir()
        servers = "".join(SERVER.format(port=port, backend=each.port) for port, each in zip(self.nginx, self.recorders))
        master = self.stack.enter_context(
            server([], folder, "proxy", NGINX.format(folder=folder, servers=servers), self.nginx[-1]))
        routes = {f"w{number}": each.port for number, each in enumerate(self.recorders)}
        serve = FakeServe(self.instance.run / "edge.sock", routes)
        serve.start()
        self.instance.start("edge")
        serve.wait()
        self.pids = {"nginx": children(master.pid), "roost": [self.instance.pid("edge")]}
        return self

    def __exit__(self, *_):
        self.stack.close()
        for each in self.recorders:
            each.close()

    def port(self, proxy, worker):
        return self.nginx[worker] if proxy == "nginx" else self.instance.port

    # What is tried

    def smuggling(self, ways):
        """How many request vectors each proxy passes on in one reading only, and what the edge did not."""
        jobs = [(proxy, way, name) for proxy in ("roost", "nginx") for way in ways for name, _ in vectors.all_requests("x")]
        return self._spread(jobs, self._one_request)

    def answers(self):
        """How many malformed answers each proxy turns into something that a client can read in one way only."""
        for each in self.recorders:
            each.answers = {str(number): data for number, data in enumerate(vectors.ANSWERS.values())}
        jobs = [(proxy, number, name) for proxy in ("roost", "nginx") for number, name in enumerate(vectors.ANSWERS)]
        return self._spread(jobs, self._one_answer)

    def chunk_cost(self, count):
        """CPU seconds of a body in chunks of one byte, by proxy."""
        body = b"1\r\na\r\n" * count + b"0\r\n\r\n"
        used = {}
        for proxy in ("nginx", "roost"):
            before = cpu_seconds(self.pids[proxy])
            fields = b"Transfer-Encoding: chunked\r\nConnection: close\r\n"
            data = vectors.request(fields, body).replace(b"HOST", b"w0.localhost")
            got = exchange(self.port(proxy, 0), data, len(data), limit=60)
            if not got.startswith(b"HTTP/1.1 200"):
                raise Failure(f"{proxy} answered {count} chunks with {got[:200]!r}")
            used[proxy] = cpu_seconds(self.pids[proxy]) - before
        return used

    def tunnel_cost(self, count):
        """CPU seconds of the edge for so many bytes that are sent and come back one by one through a WebSocket's tunnel."""
        head = (b"GET /tunnel HTTP/1.1\r\nHost: w0.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.port("roost", 0)), 5) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.settimeout(60)
            client.sendall(head)
            got = b""
            while b"\r\n\r\n" not in got:
                piece = client.recv(1 << 16)
                if not piece:
                    raise Failure(f"no tunnel: {got[:200]!r}")
                got += piece
            if not got.startswith(b"HTTP/1.1 101 "):
                raise Failure(f"no tunnel: {got[:200]!r}")
            before = cpu_seconds(self.pids["roost"])
            for number in range(count):
                client.sendall(b"x")
                if client.recv(1) != b"x":
                    raise Failure(f"the tunnel ended after {number} bytes")
            return cpu_seconds(self.pids["roost"]) - before

    def differences(self, count):
        """Each request with its reason and both outcomes: name, bytes, reason, Roost's, nginx's."""
        def lane(worker):
            found = []
            for number, (name, data) in enumerate(difference.requests(f"w{worker}.localhost", count)):
                if number % WORKERS == worker:
                    outcomes = [self._outcome(worker, proxy, data) for proxy in ("roost", "nginx")]
                    found.append((name, data, difference.explain(data, *outcomes), *outcomes))
            return found
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            return [each for lane_found in pool.map(lane, range(WORKERS)) for each in lane_found]

    # One at a time

    def _outcome(self, worker, proxy, data):
        recorder = self.recorders[worker]
        recorder.clear()
        got = exchange(self.port(proxy, worker), data, len(data))
        return difference.Outcome(recorder.taken(), got)

    def _one_request(self, worker, proxy, way, name):
        recorder = self.recorders[worker]
        data = dict(vectors.all_requests(f"w{worker}.localhost"))[name]
        recorder.clear()
        exchange(self.port(proxy, worker), data, WAYS[way])
        for taken in recorder.taken():
            try:
                strict.requests(taken)
            except strict.Doubtful as doubt:
                return f"{name}, {way}: {doubt}"
            except EOFError:
                # The proxy gave up in the middle: the backend waits for the rest and takes nothing for a second request.
                continue
        return None

    def _one_answer(self, worker, proxy, number, name):
        line = f"GET /answer/{number} HTTP/1.1\r\nHost: w{worker}.localhost\r\nConnection: close\r\n\r\n".encode()
        got = exchange(self.port(proxy, worker), line, len(line), limit=5)
        try:
            statuses = strict.answers(got)
        except (strict.Doubtful, EOFError) as doubt:
            return f"{name}: {doubt}"
        return None if len([status for status in statuses if status >= 200]) <= 1 else f"{name}: {statuses}"

    def _spread(self, jobs, one):
        """Right ones by proxy, all of one proxy, and the edge's faults."""
        right, faults = {"roost": 0, "nginx": 0}, []
        def lane(worker):
            return [(job[0], one(worker, *job)) for job in jobs[worker::WORKERS]]
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for proxy, fault in (pair for results in pool.map(lane, range(WORKERS)) for pair in results):
                right[proxy] += fault is None
                if fault and proxy == "roost":
                    faults.append(fault)
        return right, len(jobs) // 2, faults


def exchange(port, data, step, limit=1.5):
    """Sends all of it in pieces, and returns what comes until nothing comes for a while."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.settimeout(limit)
        try:
            for start in range(0, len(data), step):
                client.sendall(data[start:start + step])
                if start >= 2048 and step < 16:
                    # The rest of a long one is of one kind.
                    client.sendall(data[start + step:])
                    break
            client.settimeout(min(limit, 0.6) if limit < 5 else limit)
            while piece := client.recv(1 << 16):
                got += piece
        except OSError:
            pass
    return got


def exchange_of_edges(instance, keep, rate, times):
    """Requests that fail while the edge is exchanged so often, at so many a second; and how many there were."""
    folder = instance.root / "plain"
    folder.mkdir()
    backend, listen = free_port(), f"127.0.0.1:{instance.port}"
    text = BACKEND.format(folder=folder, port=backend, body="ok")
    with contextlib.ExitStack() as stack:
        stack.enter_context(server([], folder, "backend", text, backend))
        serve = FakeServe(instance.run / "edge.sock", {"w0": backend})
        serve.start()
        roostd = instance.bin / "roostd"
        log = stack.enter_context(open(instance.root / "edge.log", "ab"))
        keeper = subprocess.Popen(
            [roostd, "listen", "--listen", listen, "--", keep, roostd, "edge", "--listen", listen],
            env=instance.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        stack.callback(keeper.wait, 30)
        stack.callback(keeper.terminate)
        serve.wait()
        with Load(instance.port, "w0", rate=rate) as load:
            for _ in range(times):
                time.sleep(2)
                keeper.send_signal(signal.SIGHUP)
            time.sleep(2)
        return load.failed, load.total
