"""CPU time of one proxied request: Roost's edge and nginx, in turn, on the same core, before the same backend."""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import threading

from lab.instance import Failure, accepts, eventually, first_byte, free_port, need

CONNECTIONS = 64
HOST = "bench.localhost"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

BACKEND = """
daemon off; worker_processes 1; pid {folder}/backend.pid; error_log stderr error; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ default_type text/plain; return 200 "{body}"; }} }}
}}
"""

# The same headers as the edge adds, the same keep-alive on both sides, no log, as the edge has none.
PROXY = """
daemon off; worker_processes 1; pid {folder}/proxy.pid; error_log stderr error; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000;
  proxy_temp_path {folder}/proxy_temp;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 128; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Forwarded-SSL off;
      proxy_set_header Fly-Client-IP $remote_addr;
      proxy_set_header Fly-Forwarded-Port $server_port;
      proxy_set_header Fly-Region fra;
      proxy_set_header Fly-Request-Id $request_id;
      proxy_set_header Via "1.1 nginx";
      add_header Via "1.1 nginx";
      add_header Fly-Request-Id $request_id;
    }}
  }}
}}
"""


class FakeServe(threading.Thread):
    """The `serve` end of `edge.sock`: tells each edge that comes the routes, and hears when they are in force.

    `ports` has the backend on this host of each app; its name is APP.localhost.
    """

    def __init__(self, path, ports):
        super().__init__(daemon=True)
        routes = [
            {"app": app, "hostnames": [f"{app}.localhost"], "autostart": False, "machines": [self._machine(number, port)]}
            for number, (app, port) in enumerate(ports.items())
        ]
        self.order = {"routes": {"_0": {"revision": 1, "apps": routes}}}
        #: What is said after the routes.
        self.more = []
        self.applied = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def wait(self):
        if not self.applied.wait(20):
            raise Failure("the edge did not take the routes")

    @staticmethod
    def _machine(number, port):
        return {
            "machine": f"{number:014x}", "region": "fra", "address": {"ipv4": "127.0.0.1", "ipv6": "::1"}, "port": port,
            "state": "ready", "softLimit": 1000,
        }

    def _talk(self, connection):
        with connection, connection.makefile("rw") as lines:
            for order in [self.order, *self.more]:
                lines.write(json.dumps(order) + "\n")
            lines.flush()
            # Read to the end: an edge whose reports nobody takes would stall.
            for line in lines:
                if "applied" in json.loads(line):
                    self.applied.set()


def measure(instance, rounds, seconds):
    """Rounds of both, in turn.

    `instance` has not been started: its edge gets a `serve` that is not there, and takes routes from us.

    Returns CPU microseconds a request and requests a second, by proxy.
    """
    need("nginx", "wrk", "taskset")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Failure("this needs two cores: one for the proxy, one for the load")
    on_proxy, on_load = ["taskset", "-c", str(cores[0])], ["taskset", "-c", ",".join(map(str, cores[1:]))]
    folder = instance.root / "nginx"
    folder.mkdir()
    backend, nginx = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        body = "x" * 128
        stack.enter_context(server(on_load, folder, "backend", BACKEND.format(folder=folder, port=backend, body=body), backend))
        text = PROXY.format(folder=folder, port=nginx, backend=backend)
        master = stack.enter_context(server(on_proxy, folder, "proxy", text, nginx))
        serve = FakeServe(instance.run / "edge.sock", {"bench": backend})
        serve.start()
        instance.start("edge", wrapper=on_proxy)
        serve.wait()
        ports = {"nginx": nginx, "roost": instance.port}
        pids = {"nginx": children(master.pid), "roost": [instance.pid("edge")]}
        results = {"nginx": [], "roost": []}
        for number in range(rounds + 1):
            for name, port in ports.items():
                first_byte(port, HOST, "/", 5)
                sample = one(on_load, port, pids[name], 1 if number == 0 else seconds)
                # The first round warms up.
                if number > 0:
                    results[name].append(sample)
    return results


def one(wrapper, port, pids, seconds):
    before = cpu_seconds(pids)
    outcome = subprocess.run(
        [*wrapper, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-H", f"Host: {HOST}", f"http://127.0.0.1:{port}/"],
        capture_output=True, text=True, timeout=seconds + 60)
    used = cpu_seconds(pids) - before
    count = re.search(r"(\d+) requests in ([\d.]+)s", outcome.stdout)
    if count is None or "Non-2xx" in outcome.stdout or "Socket errors" in outcome.stdout:
        raise Failure(f"wrk: {outcome.stdout}{outcome.stderr}")
    requests = int(count[1])
    return {
        "cpu_us": round(used / requests * 1e6, 2), "per_second": round(requests / float(count[2])),
        "core_share": round(used / float(count[2]), 2),
    }


@contextlib.contextmanager
def server(wrapper, folder, name, config, port):
    path = pathlib.Path(folder) / f"{name}.conf"
    path.write_text(config)
    with open(folder / f"{name}.log", "ab") as log:
        process = subprocess.Popen(
            [*wrapper, "nginx", "-p", folder, "-c", path, "-e", "stderr"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        eventually(f"nginx ({name}) is up", lambda: accepts(port), process=process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def children(pid):
    return [int(text) for text in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids):
    """User and system time of processes with all their threads."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total * TICK_S
