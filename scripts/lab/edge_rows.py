"""Roost's edge and nginx in turn, pinned to one core, before the same backend: what each kind of traffic costs."""
import contextlib
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time

from lab.figures import median, percentile
from lab.instance import Failure, accepts, eventually, free_port, need
from lab.proxy_cost import HOST, FakeServe, children, cpu_seconds, server

BACKEND = """
daemon off; worker_processes 1; pid {folder}/backend.pid; error_log stderr error; user root;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port} backlog=2048; root {folder}/files;
    location / {{ default_type text/plain; return 200 "{body}"; }}
    location = /big {{ default_type application/octet-stream; }}
  }}
}}
"""

PROXY = """
daemon off; worker_processes 1; pid {folder}/proxy.pid; error_log stderr error; user root;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 1000000; keepalive_timeout 75; proxy_temp_path {folder}/proxy_temp;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 128; keepalive_requests 1000000; }}
  upstream echo {{ server 127.0.0.1:{echo}; }}
  map $http_upgrade $connection_upgrade {{ default ""; websocket upgrade; }}
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets on;
  server {{
    listen 127.0.0.1:{plain} backlog=2048;
    listen 127.0.0.1:{secure} ssl http2 backlog=2048;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Port $server_port;
    proxy_set_header X-Forwarded-SSL $https;
    proxy_set_header Fly-Client-IP $remote_addr;
    proxy_set_header Fly-Forwarded-Port $server_port;
    proxy_set_header Fly-Region fra;
    proxy_set_header Fly-Request-Id $request_id;
    proxy_set_header Via "1.1 nginx";
    add_header Via "1.1 nginx";
    add_header Fly-Request-Id $request_id;
    location / {{ proxy_pass http://backend; }}
    location = /ws {{ proxy_pass http://echo; proxy_read_timeout 600; }}
  }}
}}
"""

#: What is measured, how it is counted, and what it should reach as a ratio to nginx.
ROWS = {
    # First, on edges whose memory nothing else has grown.
    "idle": ("memory of an idle connection", "KB", None),
    "idle_tls": ("memory of an idle TLS connection", "KB", None),
    "http1": ("HTTP/1.1, keep-alive, 128 bytes", "µs of CPU a request", 1.0),
    "tls": ("the same over TLS 1.3", "µs of CPU a request", 1.0),
    "http2": ("HTTP/2, 100 streams, to HTTP/1.1", "µs of CPU a request", 1.0),
    "big": ("answers of 1 MB", "µs of CPU a MB", 1.0),
    "handshake": ("full TLS handshakes, a request each", "µs of CPU each", 1.05),
    "websocket": ("WebSocket messages of 100 bytes", "µs of CPU a message and answer", 1.0),
    "p99": ("p99 at 5,000 requests a second", "ms", 1.0),
}


class Rig:
    """Both proxies and what stands behind them."""

    def __init__(self, instance, stack):
        need("nginx", "wrk", "h2load", "openssl", "taskset")
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            raise Failure("this needs two cores: one for the proxy, one for the load")
        self.on_proxy, self.on_load = pin([cores[0]]), pin(cores[1:])
        self.folder = instance.root / "nginx"
        (self.folder / "files").mkdir(parents=True)
        (self.folder / "files" / "big").write_bytes(os.urandom(1 << 20))
        certificate, key = self.certify()
        backend, echo, plain, secure, own = (free_port() for _ in range(5))
        stack.enter_context(server(self.on_load, self.folder, "backend", BACKEND.format(
            folder=self.folder, port=backend, body="x" * 128), backend))
        stack.enter_context(process([*self.on_load, sys.executable, script("echo.py"), "serve", str(echo)], echo))
        text = PROXY.format(folder=self.folder, backend=backend, echo=echo, plain=plain, secure=secure)
        master = stack.enter_context(server(self.on_proxy, self.folder, "proxy", text, plain))
        config = pathlib.Path(instance.environment["ROOST_CONFIG"])
        config.write_text(config.read_text() + f'listen_tls = ["127.0.0.1:{own}"]\n')
        serve = FakeServe(instance.run / "edge.sock", {"bench": backend, "echo": echo})
        for app in serve.order["routes"]["_0"]["apps"]:
            app["machines"][0]["softLimit"] = 10_000
            if app["app"] == "bench":
                app["hostnames"].append("localhost")
        serve.more = [{"certificates": {"revision": 1, "removed": [], "put": [
            {"hostname": name, "id": "1", "chain": certificate, "key": key} for name in (HOST, "localhost")]}}]
        serve.start()
        instance.start("edge", wrapper=self.on_proxy)
        serve.wait()
        eventually("the edge speaks TLS", lambda: handshakes(own))
        self.plain = {"nginx": plain, "roost": instance.port}
        self.secure = {"nginx": secure, "roost": own}
        self.pids = {"nginx": children(master.pid), "roost": [instance.pid("edge")]}

    def certify(self):
        key, certificate = self.folder / "key.pem", self.folder / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-keyout", key, "-out", certificate, "-subj", "/CN=localhost",
             "-addext", f"subjectAltName=DNS:localhost,DNS:{HOST}"], check=True, capture_output=True)
        return certificate.read_text(), key.read_text()

    # Rows: each gives a number for a proxy, the lower the better, and how many a second it was.

    def http1(self, name, seconds):
        return self.wrk(name, f"http://localhost:{self.plain[name]}/", seconds, 64)

    def tls(self, name, seconds):
        return self.wrk(name, f"https://localhost:{self.secure[name]}/", seconds, 64)

    def handshake(self, name, seconds):
        return self.wrk(name, f"https://localhost:{self.secure[name]}/", seconds, 16, "-H", "Connection: close")

    def big(self, name, seconds):
        return self.wrk(name, f"http://localhost:{self.plain[name]}/big", seconds, 8)

    def wrk(self, name, url, seconds, connections, *more):
        before = cpu_seconds(self.pids[name])
        outcome = subprocess.run(
            [*self.on_load, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *more, url],
            capture_output=True, text=True, timeout=seconds + 60)
        used = cpu_seconds(self.pids[name]) - before
        count = re.search(r"(\d+) requests in ([\d.]+)s", outcome.stdout)
        if count is None or "Non-2xx" in outcome.stdout or int(count[1]) == 0:
            raise Failure(f"wrk {url}: {outcome.stdout}{outcome.stderr}")
        return used / int(count[1]) * 1e6, int(count[1]) / float(count[2])

    def http2(self, name, seconds):
        before = cpu_seconds(self.pids[name])
        outcome = self.h2load(name, "-c10", "-m100", f"-D{seconds}", f"https://{HOST}:{self.secure[name]}/",
                              port=self.secure[name], limit=seconds)
        used = cpu_seconds(self.pids[name]) - before
        done = int(re.search(r"(\d+) succeeded", outcome)[1])
        if done == 0 or not re.search(r"status codes: \d+ 2xx, 0 3xx, 0 4xx, 0 5xx", outcome):
            raise Failure(f"h2load: {outcome}")
        return used / done * 1e6, done / seconds

    def p99(self, name, seconds):
        log = self.folder / f"{name}.times"
        log.unlink(missing_ok=True)
        self.h2load(name, "--h1", "-c50", "--rps=100", f"-D{seconds}", f"--log-file={log}",
                    f"http://{HOST}:{self.plain[name]}/", port=self.plain[name], limit=seconds)
        rows = [line.split("\t") for line in log.read_text().splitlines()]
        times = [int(row[2]) / 1000 for row in rows if row[1] == "200"]
        if len(times) < 0.9 * len(rows) or not times:
            raise Failure(f"{name}: {len(times)} of {len(rows)} requests succeeded")
        return percentile(times, 0.99), len(times) / seconds

    def h2load(self, name, *words, port, limit):
        outcome = subprocess.run(
            [*self.on_load, "h2load", "-t1", f"--connect-to=127.0.0.1:{port}", *words],
            capture_output=True, text=True, timeout=limit + 60)
        return outcome.stdout + outcome.stderr

    def websocket(self, name, seconds):
        host = "echo.localhost"
        client = subprocess.Popen(
            [*self.on_load, sys.executable, script("echo.py"), "load", str(self.plain[name]), host, "1000", str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with client:
            if client.stdout.readline().strip() != "open":
                raise Failure(f"{name} did not open the WebSockets")
            before = cpu_seconds(self.pids[name])
            client.stdin.write("\n")
            client.stdin.flush()
            messages, took = client.stdout.readline().split()
            used = cpu_seconds(self.pids[name]) - before
        return used / int(messages) * 1e6, int(messages) / float(took)

    def idle(self, name, _):
        return self.memory(name, self.plain[name], None)

    def idle_tls(self, name, _):
        return self.memory(name, self.secure[name], strangers())

    def memory(self, name, port, context):
        """Of connections that have had an answer each; the second thousand, as the first fills what stays anyway."""
        with contextlib.ExitStack() as stack:
            def open_some(count):
                for _ in range(count):
                    client = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
                    if context is not None:
                        client = stack.enter_context(context.wrap_socket(client, server_hostname="localhost"))
                    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                        raise Failure(f"{name} did not answer")
                time.sleep(1)
                return sum(resident(pid) for pid in self.pids[name])
            first = open_some(1000)
            second = open_some(1000)
        time.sleep(2)
        return (second - first) / 1000, 0


def measure(instance, rows, rounds, seconds):
    """Rounds of all rows, the proxies in turn within each; returns samples by row and proxy."""
    with contextlib.ExitStack() as stack:
        rig = Rig(instance, stack)
        samples = {row: {"nginx": [], "roost": []} for row in rows}
        for row in rows:
            for name in ("nginx", "roost"):
                if row not in ("idle", "idle_tls"):
                    getattr(rig, row)(name, 1)  # warms up
            for number in range(1 if row.startswith("idle") else rounds):
                for name in ("nginx", "roost") if number % 2 == 0 else ("roost", "nginx"):
                    samples[row][name].append(getattr(rig, row)(name, seconds))
            show(row, samples[row])
    return samples


def show(row, samples):
    cost = {name: median([each[0] for each in values]) for name, values in samples.items()}
    print(f"  {row}: edge {cost['roost']:.2f}, nginx {cost['nginx']:.2f}", file=sys.stderr, flush=True)


def handshakes(port):
    """Whether the certificates have come."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client, strangers().wrap_socket(
                client, server_hostname="localhost"):
            return True
    except OSError:
        return False


def strangers():
    """For certificates that nobody has signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextlib.contextmanager
def process(words, port):
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL)
    try:
        eventually("the echo server is up", lambda: accepts(port), process=child)
        yield child
    finally:
        child.terminate()
        child.wait(10)


def pin(cores):
    return ["taskset", "-c", ",".join(map(str, cores))]


def script(name):
    return str(pathlib.Path(__file__).parent / name)


def resident(pid):
    """Kilobytes."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.MULTILINE)[1])
