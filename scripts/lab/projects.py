"""Project folders to deploy."""
import pathlib
import re
import shutil

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

SERVER = '''\
"""Answers, and nothing else: standard library only, so that it builds in no time."""
import http.server
import os
import signal


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/write":
            with open("/data/lines", "a") as lines:
                lines.write("line\\n")
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
signal.signal(signal.SIGINT, lambda *_: os._exit(0))
Server(("0.0.0.0", 8080), Handler).serve_forever()
'''

CONFIG = '''\
app = "{name}"
primary_region = "fra"
kill_signal = "SIGTERM"

[processes]
  app = "python3 server.py"

[http_service]
  internal_port = 8080
  auto_stop_machines = "off"
  auto_start_machines = true
  processes = ["app"]

  [[http_service.checks]]
    path = "/"
    interval = "15s"
    timeout = "2s"
    grace_period = "5s"
'''

VOLUME = '''
[[mounts]]
  source = "data"
  destination = "/data"
'''


def small(folder, name, volume=False):
    """A project of one file; returns its folder."""
    project = pathlib.Path(folder) / name
    project.mkdir(parents=True)
    (project / "server.py").write_text(SERVER)
    # What tells the builder that this is a Python project without dependencies.
    (project / "requirements.txt").write_text("")
    (project / "fly.toml").write_text(CONFIG.format(name=name) + (VOLUME if volume else ""))
    return project


def notes(folder, name):
    """A copy of `examples/notes` under another name; returns its folder."""
    project = pathlib.Path(folder) / name
    skipped = shutil.ignore_patterns(".venv", "__pycache__", ".pytest_cache", "data")
    shutil.copytree(REPOSITORY / "examples/notes", project, ignore=skipped)
    config = project / "fly.toml"
    config.write_text(re.sub(r'(?m)^app = ".*"', f'app = "{name}"', config.read_text(), count=1))
    return project


def change_line(project, number):
    """Changes one line of the source, as a developer does between two deploys."""
    source = project / "notes/main.py"
    text = re.sub(r'title="Notes[^"]*"', f'title="Notes {number}"', source.read_text(), count=1)
    source.write_text(text)
