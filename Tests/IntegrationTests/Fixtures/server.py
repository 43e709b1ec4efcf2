"""A small app that behaves, or misbehaves, as its environment says. Standard library only: it builds in no time."""
import http.server
import json
import os
import signal
import socket
import sys
import threading
import time

if os.environ.get("CRASH") == "import":
    raise RuntimeError("boom on import")

ready = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        data = body.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/health":
            healthy = os.environ.get("HEALTH", "ok") == "ok" and ready.is_set()
            self.answer(200 if healthy else 503, "fine" if healthy else "not yet, says the app")
        elif self.path == "/eat":
            self.answer(200, "eating")
            hoard = []
            while True:
                hoard.append(bytearray(8 << 20))
                for page in range(0, 8 << 20, 4096):
                    hoard[-1][page] = 1
        elif self.path == "/die":
            os._exit(int(os.environ.get("DIE_CODE", "3")))
        elif self.path == "/env":
            self.answer(200, json.dumps(dict(os.environ)))
        elif self.path == "/headers":
            self.answer(200, json.dumps(dict(self.headers.items())))
        elif self.path.startswith("/file"):
            path = "/data/count"
            count = int(open(path).read()) if os.path.exists(path) else 0
            with open(path, "w") as file:
                file.write(str(count + 1))
            self.answer(200, str(count + 1))
        elif self.path == "/events":
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            while True:
                self.wfile.write(b"data: x\n\n")
                time.sleep(0.2)
        elif self.path == "/flood":
            sys.stdout.write("".join(f" flood {number:06} {60 * 'x'}\n" for number in range(20_000)))
            self.answer(200, "flooded")
        elif self.path == "/paint":
            print("WARNING: \033[31mred\033[0m plain", flush=True)
            self.answer(200, "painted")
        elif self.path.startswith("/garbage"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")
        elif self.path == "/metrics":
            self.answer(200, os.environ.get("METRICS", "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{app=\"x\",kind=\"a\"} 3\n"))
        elif self.path == "/slow":
            time.sleep(1)
            self.answer(200, "slow")
        else:
            self.answer(200, f"{os.environ.get('GREETING', 'hello')} from {os.environ.get('FLY_MACHINE_ID')} pid {os.getpid()}\n")

    def log_message(self, form, *values):
        if os.environ.get("QUIET") != "1":
            print("request", form % values, flush=True)


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET
    request_queue_size = 512
    daemon_threads = True


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    host = os.environ.get("HOST", "0.0.0.0")
    port = int(os.environ.get("PORT", "8080"))
    print("starting", os.environ.get("GREETING", "hello"), flush=True)
    server = Server((host, port), Handler)
    ready.set()
    if os.environ.get("CRASH") == "late":
        threading.Timer(1.0, lambda: os._exit(7)).start()
    server.serve_forever()


if len(sys.argv) > 1 and sys.argv[1] == "release":
    print("release command ran as", os.getuid(), flush=True)
    sys.exit(int(os.environ.get("RELEASE_CODE", "0")))
main()
