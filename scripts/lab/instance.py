"""A Roost of its own on this machine: state, sockets, port and devices that no other instance has."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time


class Failure(Exception):
    """Something that the measurement needs did not come about."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("roost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Instance:
    """Both daemons of `bin_dir`, in a folder under /var/tmp: /tmp may be memory, where an fsync costs nothing."""

    def __init__(self, bin_dir, log_level="notice"):
        self.bin = pathlib.Path(bin_dir).resolve()
        for program in ("roost", "roostd"):
            if not os.access(self.bin / program, os.X_OK):
                raise Failure(f"{self.bin}/{program} is missing: make build")
        # Short, because a unix socket's path has at most 107 bytes.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="rl", dir="/var/tmp"))
        self.state, self.run = self.root / "s", self.root / "r"
        self.state.mkdir(mode=0o700)
        self.run.mkdir(mode=0o700)
        self.port = free_port()
        config = self.root / "roost.toml"
        # A file of our own, so that the host's does not change what is measured.
        config.write_text(f'listen = ["127.0.0.1:{self.port}"]\nlog = "{log_level}"\n')
        names = {"ROOST_STATE": self.state, "ROOST_RUN": self.run, "ROOST_CONFIG": config}
        self.environment = os.environ | {name: str(path) for name, path in names.items()}
        self.environment.pop("ROOST_LOG", None)
        self.daemons = {}

    def __enter__(self):
        try:
            self.start("serve")
            self.start("edge")
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    # Daemons

    def start(self, role, wrapper=()):
        """Starts `serve` or `edge`, and returns once it answers."""
        with open(self.root / f"{role}.log", "ab") as log:
            self.daemons[role] = subprocess.Popen(
                [*wrapper, self.bin / "roostd", role], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        ready = self.serve_answers if role == "serve" else lambda: accepts(self.port)
        try:
            eventually(f"{role} is up", ready, limit=30, process=self.daemons[role])
        except Failure as failure:
            raise Failure(f"{failure}; its log:\n{self.log_tail(role)}") from None

    def pid(self, role):
        return self.daemons[role].pid

    def stop(self, role):
        daemon = self.daemons.pop(role, None)
        if daemon is None or daemon.poll() is not None:
            return
        daemon.terminate()
        try:
            daemon.wait(15)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def teardown(self):
        """Ends the daemons and all Machines, takes away bridge and firewall table."""
        for role in ("serve", "edge"):
            self.stop(role)
        outcome = subprocess.run(
            [self.bin / "roostd", "teardown"], env=self.environment, capture_output=True, text=True, timeout=300)
        if outcome.returncode != 0:
            raise Failure(f"teardown failed, {self.root} is left: {outcome.stderr}")

    def remove(self):
        self.teardown()
        subprocess.run(["rm", "-rf", "--one-file-system", self.root], check=True)

    def log_tail(self, role):
        return "\n".join((self.root / f"{role}.log").read_text(errors="replace").splitlines()[-20:])

    def serve_answers(self):
        try:
            return bool(self.api("GET", "/v1/health"))
        except (OSError, Failure):
            return False

    # Talking to it

    def roost(self, *words, cwd=None, limit=600):
        """A command that has to succeed; returns what it printed."""
        outcome = subprocess.run(
            [self.bin / "roost", *words], env=self.environment, cwd=cwd, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=limit)
        if outcome.returncode != 0:
            raise Failure(
                f"roost {' '.join(map(str, words))}: exit code {outcome.returncode}\n{outcome.stdout}{outcome.stderr}"
                f"last lines of serve:\n{self.log_tail('serve')}")
        return outcome.stdout

    def api(self, method, path, limit=90, body=None):
        connection = UnixConnection(str(self.run / "api.sock"), limit)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Failure(f"{method} {path}: {answer.status} {body.decode(errors='replace')}")
        return json.loads(body) if body else {}

    def machines(self, app):
        return self.api("GET", f"/v1/apps/{app}/machines")

    def rest(self, app, machine, verb, state):
        """Stops or suspends a Machine, and returns once it rests and the edge has heard of it."""
        path = f"/v1/apps/{app}/machines/{machine}"
        self.api("POST", f"{path}/{verb}")
        self.api("GET", f"{path}/wait?state={state}&timeout=30")
        # Neither the removal of what ran nor the edge's new routes can be asked for; both take a few milliseconds.
        time.sleep(0.3)

    def bundle(self, machine):
        """The OCI configuration of a Machine that runs: arguments, environment, user, mounts, root."""
        return json.loads((self.run / "machines" / machine / "config.json").read_text())

    def first_byte(self, app, path="/", limit=60):
        """Milliseconds from a new connection to the first byte of the answer, which has to be a 200."""
        return first_byte(self.port, f"{app}.localhost", path, limit)


def first_byte(port, host, path, limit):
    start = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), limit) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = client.recv(4096)
        took = (time.perf_counter() - start) * 1000
    if not answer.startswith(b"HTTP/1.1 200"):
        raise Failure(f"GET {path} of {host}: {answer[:200]!r}")
    return took


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what, ask, limit=20, process=None):
    """Asks until the answer is yes; fails when it never is, or at once when the process that should say it has ended."""
    end = time.monotonic() + limit
    while not ask():
        if process is not None and process.poll() is not None:
            raise Failure(f"never: {what}; the process ended with {process.returncode}")
        if time.monotonic() > end:
            raise Failure(f"not within {limit} s: {what}")
        time.sleep(0.02)


def copy_tree(source, destination):
    """As `cp -a`, which keeps times and owners: byte code is valid only for a source of the same time."""
    subprocess.run(["cp", "-a", "--one-file-system", source, destination], check=True)


def need(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise Failure(f"missing: {', '.join(missing)} (scripts/install.sh test)")
